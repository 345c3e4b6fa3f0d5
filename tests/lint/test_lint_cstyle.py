"""The C linter says what is wrong, and nothing about code that is right."""

from __future__ import annotations

import shutil
from pathlib import Path

import cstyle
import pytest

ROOT = Path(__file__).resolve().parents[2]

GOOD = """\
// SPDX-License-Identifier: GPL-2.0
/* What happens when nothing happens? // is fine in here, and so is if( or a, b */
#include <stdio.h>

struct pair {
\tint a;
\tchar *b;
};

static const char text[] = "if(x){ return (1); }  // not code,really";
static struct pair pairs[] = { { 1, "a" }, { 2, "b" } };

static int sum(const struct pair *p, int n,
\t       int start)
{
\tint i;

\tfor (i = 0; i < n; i++) {
\t\tif (!p[i].b)
\t\t\treturn -1;
\t\tstart += (p[i].a + 1) * 2;
\t}
\t*(&start) = ((struct pair){ start, NULL }).a;
\tif (start > 3) {
\t\treturn start;
\t} else {
\t\tstart = ',' + '{';
\t}
\treturn (start + 1) * 2;
}

int main(void)
{
\tprintf("%s\\n", text);
\treturn sum(pairs, 2, 0) < 0;
}
"""

# The rule, and a change to the good file that breaks it and nothing else.
BAD = {
    "the first line is not the SPDX one of a .c file": ("// SPDX-License-Identifier: GPL-2.0\n", ""),
    "no newline at the end of the file": ("< 0;\n}\n", "< 0;\n}"),
    "longer than 100 columns": ("What happens", "What" + " really" * 20 + " happens"),
    "a // comment, write /* … */": ("\tint i;", "\tint i; // counts"),
    "space at the end of the line": ("\tint i;", "\tint i;\t"),
    "indented by spaces, use tabs": ("\t\tif (!p", "        \tif (!p"),
    "more than one empty line": ("\tint i;\n", "\tint i;\n\n"),
    "a space belongs between the keyword and '('": ("\t\tif (!p", "\t\tif(!p"),
    "a space belongs before '{'": ("i++) {", "i++){"),
    "no space belongs inside parentheses": ("(!p[i].b)", "( !p[i].b )"),
    "a space belongs behind ','": ("(pairs, 2", "(pairs,2"),
    "the '{' of a statement stands at the end of its line": ("i++) {", "i++)\n\t{"),
    "the '{' of a function stands on a line of its own": ("int main(void)\n{", "int main(void) {"),
    "'else' stands behind the '}'": ("\t} else {", "\t}\n\telse {"),
    "two statements in one line": ("\tint i;", "\tint i; int k;"),
    "return needs no parentheses": ("return -1;", "return (-1);"),
    "'*' stands at the name": ("char *b;", "char* b;"),
    "a function but main is static": ("static int sum(", "int sum("),
    "a variable of the file is static": ("static struct pair pairs", "struct pair pairs"),
}


def broken_rules(text: str) -> set[str]:
    return {found.says for found in cstyle.complaints(text, suffix=".c", program=True)}


def test_good_code_breaks_no_rule() -> None:
    assert broken_rules(GOOD) == set()


@pytest.mark.parametrize("says", BAD)
def test_a_bad_line_breaks_its_rule(says: str) -> None:
    before, after = BAD[says]
    assert GOOD.count(before) == 1, "the sample no longer matches the good file"
    assert says in broken_rules(GOOD.replace(before, after))


def test_every_rule_has_a_bad_sample() -> None:
    rules = {*cstyle.TEXT_RULES, *cstyle.CODE_RULES, *cstyle.PROGRAM_RULES}
    assert rules <= set(BAD)


def test_a_complaint_names_the_line() -> None:
    text = GOOD.replace("\tint i;", "\tint i; // counts")
    (found,) = cstyle.complaints(text, suffix=".c", program=True)
    assert text.splitlines()[found.line - 1] == "\tint i; // counts"


def test_a_header_wants_its_own_spdx_line() -> None:
    (found,) = cstyle.complaints("// SPDX-License-Identifier: GPL-2.0\n", suffix=".h", program=True)
    assert found.line == 1


def test_the_linter_fails_on_a_tree_with_a_bad_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "kmod", tmp_path / "kmod")
    assert cstyle.main(tmp_path) == 0
    file = tmp_path / "kmod" / "main.c"
    file.write_text(file.read_text() + "static int labkit_x(void) { return 1; }\n")
    assert cstyle.main(tmp_path) == 1
    assert capsys.readouterr().out.startswith("kmod/main.c:")


def test_what_wrong_students_wrote_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "labs" / "lab9" / "wrong" / "never-frees" / "hog.c"
    file.parent.mkdir(parents=True)
    file.write_text("int x;")
    assert cstyle.main(tmp_path) == 0

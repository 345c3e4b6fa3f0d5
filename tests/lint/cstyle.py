"""The kernel's C style as far as text can show it, for kmod/ and the labs' programs.

    python tests/lint/cstyle.py [ROOT]

The kernel's own judge, scripts/checkpatch.pl, is in no Debian package but the 150 MB of linux-source. Exit
status 1 when there is something to say.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

COLUMNS = 100
TAB = 8

# Comments and literals: rules about code must not see into them.
OPAQUE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)

SPDX = {
    ".c": re.compile(r"// SPDX-License-Identifier: \S+\n"),
    ".h": re.compile(r"/\* SPDX-License-Identifier: \S+ \*/\n"),
}

TEXT_RULES = {
    "space at the end of the line": r"[ \t]+$",
    "indented by spaces, use tabs": r"^\t* {8,}|^ +\t|^ {2,7}\S",
    "more than one empty line": r"\n\n\n",
}
CODE_RULES = {
    "a space belongs between the keyword and '('": r"\b(?:if|for|while|switch)\(",
    "a space belongs before '{'": r"\b(?:if|for|while|switch)\b[^\n]*\)\{|\b(?:else|do)\{",
    "no space belongs inside parentheses": r"\([ \t]+\S|\S[ \t]+\)",
    "a space belongs behind ','": r",[^\s]",
    "the '{' of a statement stands at the end of its line": r"\)\n\t+\{$",
    "the '{' of a function stands on a line of its own": r"^\w[^\n=]*\)[ \t]*\{",
    "'else' stands behind the '}'": r"\}\s*\n\s*else\b",
    "two statements in one line": r"^\s*(?!for\b)[^\n(]*;[ \t]*\w[^\n]*;",
    "return needs no parentheses": r"\breturn \([^()]*\);",
    "'*' stands at the name": r"\b(?:char|int|long|void|struct \w+)(?:\* | \* )\w",
}
# In a program of one file nothing is meant for another one; a module's files share through its header.
PROGRAM_RULES = {
    "a function but main is static": r"^(?!static\b|int main\()\w[\w \t*]*\b\w+\([^;{}]*\)\n\{",
    "a variable of the file is static": r"^(?!static\b|typedef\b|extern\b|return\b)"
    r"(?:\w+[ \t]+)+\*?\w+(?:\[[^\]]*\])*(?:;| = )",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    line: int
    says: str


def complaints(text: str, *, suffix: str, program: bool) -> Iterator[Complaint]:
    """The rules a C file (`suffix` '.c' or '.h') breaks; a `program` stands alone."""
    if not SPDX[suffix].match(text):
        yield Complaint(line=1, says=f"the first line is not the SPDX one of a {suffix} file")
    if not text.endswith("\n"):
        yield Complaint(line=text.count("\n") + 1, says="no newline at the end of the file")
    for number, line in enumerate(text.splitlines(), start=1):
        if len(line.expandtabs(TAB)) > COLUMNS:
            yield Complaint(line=number, says=f"longer than {COLUMNS} columns")
    for match in OPAQUE.finditer(text):
        if match[0].startswith("//") and match.start() > 0:
            yield Complaint(line=_line(text, match), says="a // comment, write /* … */")
    code = OPAQUE.sub(_blank, text)
    yield from _broken(TEXT_RULES, text)
    yield from _broken(CODE_RULES, code)
    if program:
        yield from _broken(PROGRAM_RULES, code)


def _broken(rules: dict[str, str], text: str) -> Iterator[Complaint]:
    for says, pattern in rules.items():
        for match in re.finditer(pattern, text, re.MULTILINE):
            yield Complaint(line=_line(text, match), says=says)


def _line(text: str, match: re.Match[str]) -> int:
    return text.count("\n", 0, match.start()) + 1


def _blank(match: re.Match[str]) -> str:
    """A literal becomes an empty-looking one and a comment vanishes; every line and column stays."""
    if match[0].startswith("/"):
        return re.sub(r"[^\n]", " ", match[0])
    return match[0][0] + "_" * (len(match[0]) - 2) + match[0][-1]


def sources(root: Path) -> Iterator[Path]:
    """The C files of the checkout that we wrote as we mean them: not what wrong and forging students did."""
    patterns = ("kmod/*.[ch]", "images/include/*.h", "labs/**/*.[ch]")
    for path in sorted(path for pattern in patterns for path in root.glob(pattern)):
        if not {"wrong", "forgers"} & set(path.relative_to(root).parts):
            yield path


def main(root: Path) -> int:
    found = 0
    for path in sources(root):
        text = path.read_text(encoding="utf-8")
        in_lab = path.relative_to(root).parts[0] == "labs"
        for complaint in complaints(text, suffix=path.suffix, program=in_lab):
            print(f"{path.relative_to(root)}:{complaint.line}: {complaint.says}")
            found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(*sys.argv[1:2]) if sys.argv[1:] else Path(__file__).resolve().parents[2]))

"""buddy's rules: splitting and merging undo each other, and the solution in C answers by the same rules."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.labfile.load import load

FOLDER = Path(__file__).resolve().parents[2] / "labs" / "buddy"
LAB = load(FOLDER)
CHECKS = {check.id: sys.modules[check.judge.__module__] for check in LAB.checks}
RULES = sys.modules[CHECKS["buddies"].answer.__module__]
FLAGS = ["-O1", "-Wall", "-Wextra", "-Werror", "-I", str(FOLDER.parents[1] / "images" / "include")]
SOURCES = sorted(FOLDER.glob("*/buddy.c")) + sorted(FOLDER.glob("wrong/*/*.c"))

ORDERS = st.integers(min_value=0, max_value=RULES.MAX_ORDER)
BLOCKS = st.builds(lambda number, order: (number << order, order), st.integers(0, 1 << 20), ORDERS)


def questions(salt: str) -> list[str]:
    script = [sys.executable, str(FOLDER / "src" / "questions.py"), salt]
    return subprocess.run(script, check=True, capture_output=True, text=True).stdout.splitlines()


def frames(block: tuple[int, int]) -> set[int]:
    pfn, order = block
    return set(range(pfn, pfn + (1 << order)))


@given(BLOCKS)
def test_a_buddys_buddy_is_the_block_itself(block: tuple[int, int]) -> None:
    assert RULES.buddy(RULES.buddy(block)) == block
    assert RULES.buddy(block)[0] % (1 << block[1]) == 0


@given(BLOCKS, ORDERS)
def test_what_is_cut_off_and_what_is_taken_are_the_whole_block_once(
    found: tuple[int, int], order: int
) -> None:
    rest = RULES.split(found, min(order, found[1]))
    taken = (found[0], min(order, found[1]))
    pieces = [frames(block) for block in (*rest, taken)]
    assert set().union(*pieces) == frames(found)
    assert sum(map(len, pieces)) == len(frames(found))


@given(BLOCKS, ORDERS)
def test_a_free_undoes_an_allocation(found: tuple[int, int], order: int) -> None:
    low = min(order, found[1])
    rest = RULES.split(found, low)
    # Its own buddy held, or all of it would merge on.
    assert RULES.merge((found[0], low), set(rest)) == found


@pytest.mark.parametrize("order", [0, 5, 10])
def test_only_a_chain_from_one_list_down_to_the_blocks_own_is_a_split(order: int) -> None:
    lists = RULES.MAX_ORDER + 1
    for top in range(order, lists):
        deltas = [int(order <= each < top) - int(each == top) for each in range(lists)]
        assert RULES.is_split(deltas, order) == top
        assert RULES.is_merge([-delta for delta in deltas], order) == top
        for broken in range(lists):
            crooked = [delta + int(each == broken) for each, delta in enumerate(deltas)]
            assert RULES.is_split(crooked, order) is None


def test_a_salt_asks_a_thousand_questions_of_three_kinds_and_another_salt_others() -> None:
    asked = questions("100000")
    assert len(asked) == 1000
    assert asked == questions("100000")
    assert len(set(asked) & set(questions("100001"))) < 100
    kinds = [question.split()[0] for question in asked]
    assert {kind: kinds.count(kind) for kind in kinds} == {"buddy": 400, "split": 300, "merge": 300}


def test_no_two_free_blocks_of_a_question_share_a_page() -> None:
    for question in questions("424242"):
        kind, *words = question.split()
        blocks = [RULES.parse(word) for word in words] if kind == "merge" else [RULES.parse(words[0])]
        assert all(pfn % (1 << order) == 0 for pfn, order in blocks)
        taken = [frames(block) for block in blocks]
        assert len(set().union(*taken)) == sum(map(len, taken)), question


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
@pytest.mark.parametrize("source", SOURCES, ids=lambda path: "-".join(path.parts[-3:]))
def test_the_reference_solution_alone_answers_everything_right(source: Path, tmp_path: Path) -> None:
    program = tmp_path / "buddy"
    include = ["-I", str(FOLDER / "src")]
    subprocess.run(["gcc", *FLAGS, *include, "-o", str(program), str(source)], check=True)
    asked = questions("777777")
    text = "\n".join(asked) + "\n"
    told = subprocess.run([str(program)], input=text, check=True, capture_output=True, text=True).stdout
    right = [RULES.answer(question) == line for question, line in zip(asked, told.splitlines(), strict=True)]
    assert all(right) == (source.parent.name == "solution")

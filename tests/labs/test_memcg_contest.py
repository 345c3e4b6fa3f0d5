"""memcg's numbers: for every draw it is clear who loses the contest, and all of it fits into the guest."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.labfile.draw import parameters
from labkit.labfile.load import load
from labkit.labfile.submission import load_submission
from labkit.labfile.tomltext import parse_toml
from labkit.labfile.wrongs import wrongs

FOLDER = Path(__file__).resolve().parents[2] / "labs" / "memcg"
LAB = load(FOLDER)
CONTEST = sys.modules[LAB.answers.__module__]
LIMITS = sys.modules[next(check for check in LAB.checks if check.id == "stalls").judge.__module__]
FATES = sys.modules[next(check for check in LAB.checks if check.id == "low").judge.__module__]
DRAWS = {draw.name: draw.values for draw in LAB.draws}
APART_MIB = 8  # of 24: page tables, a program's own pages and drifting counters are one or two
FREE_MIB = 100  # in the booted guest, and as much swap again
SOURCES = sorted(FOLDER.rglob("*.c"))
FLAGS = ["-O1", "-Wall", "-Wextra", "-Werror", "-I", str(FOLDER.parents[1] / "images" / "include")]


@pytest.mark.parametrize("contest", DRAWS["contest"])
def test_batch_fits_without_db_and_not_beside_it_and_one_of_the_two_is_clearly_bigger(contest: str) -> None:
    drawn = CONTEST.contest({"contest": contest})
    assert drawn.batch + 2 <= drawn.both
    assert drawn.batch >= drawn.left + 4
    assert abs(drawn.db - drawn.left) >= APART_MIB
    lost = drawn.db + drawn.batch - drawn.both
    assert lost >= 2 * FATES.LOST_SHARE * drawn.db


def test_either_of_the_two_may_be_the_one_who_dies() -> None:
    assert {CONTEST.contest({"contest": values}).db_dies for values in DRAWS["contest"]} == {True, False}


def test_a_hog_that_is_held_has_less_than_three_quarters_of_what_it_wants() -> None:
    (low_high, high_high, _), (low_hog, high_hog, _) = DRAWS["high_mib"], DRAWS["hog_mib"]
    assert high_high * LIMITS.HELD_BELOW <= 0.75 * low_hog
    assert high_hog <= FREE_MIB * 0.75
    assert low_high >= 12  # a batch of charges is 2 % of it


def test_the_shop_holds_db_and_half_of_what_batch_reads_again_and_again() -> None:
    low_db, high_db, _ = DRAWS["db_mib"]
    reads, passes = 36, 3
    text = (FOLDER / "lab.toml").read_text(encoding="utf-8")
    assert f"echo {CONTEST.SHOP_MIB}M >$shop/memory.max" in text
    assert f"/shop/batch 64 {reads} {passes}" in text
    assert high_db + reads / 2 <= CONTEST.SHOP_MIB < low_db + reads
    # Each page that goes is anybody's by his share: what an unprotected db has left is an eighth or so.
    reclaimed = high_db + reads * passes - CONTEST.SHOP_MIB
    assert math.exp(-reclaimed / CONTEST.SHOP_MIB) <= LIMITS.KEPT_SHARE / 4
    assert CONTEST.SHOP_MIB <= FREE_MIB * 0.75


@given(seed=st.text())
@settings(max_examples=30, deadline=None)
def test_solution_and_wrong_submissions_are_whole_for_any_seed(seed: str) -> None:
    numbers = parameters(LAB, seed)
    right = load_submission(LAB, FOLDER / "solution", numbers)
    answers, starter = (
        parse_toml(text)
        for text in (
            right["predictions.toml"],
            (FOLDER / "starter" / "predictions.toml").read_text(encoding="utf-8"),
        )
    )
    assert {name: set(table) for name, table in answers.items()} == {
        name: set(table) for name, table in starter.items()
    }
    for wrong in wrongs(LAB):
        assert load_submission(LAB, wrong.folder, numbers) != right


def test_every_named_check_of_the_handout_exists_with_its_points() -> None:
    handout = (FOLDER / "README.md.j2").read_text(encoding="utf-8")
    for check in LAB.checks:
        if check.points:
            assert re.search(rf"\| `{check.id}` \| {check.points} \|", handout), check.id


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
@pytest.mark.parametrize("source", SOURCES, ids=lambda path: "-".join(path.parts[-3:]))
def test_it_compiles_without_a_warning(source: Path, tmp_path: Path) -> None:
    subprocess.run(["gcc", *FLAGS, "-c", "-o", str(tmp_path / "it.o"), str(source)], check=True)

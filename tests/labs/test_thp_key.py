"""thp's numbers: for every draw the ideas that the course leaves behind are wrong by more than a margin."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from labkit.labfile.draw import parameters
from labkit.labfile.load import load

LAB = load(Path(__file__).resolve().parents[2] / "labs" / "thp")
KEY = sys.modules[LAB.answers.__module__]
PREDICTED = sys.modules[next(check for check in LAB.checks if check.id == "matrix").judge.__module__]
seeds = st.text(min_size=1, max_size=8)


@given(seed=seeds)
def test_who_forgets_that_a_region_is_not_aligned_is_one_huge_page_off(seed: str) -> None:
    key = KEY.key(parameters(LAB, seed))
    whole = key["huge"]["always"][0]
    assert 2 <= whole == key["naive"] - 1
    assert PREDICTED.FAULT_TOLERANCE < 2 * 511


@given(seed=seeds)
def test_a_table_for_each_huge_page_is_more_than_the_margin(seed: str) -> None:
    drawn = parameters(LAB, seed)
    saved = 4 * (2 * KEY.key(drawn)["huge"]["always"][0] + drawn["sparse"])
    assert saved > 2 * PREDICTED.TABLE_TOLERANCE_KIB


@given(seed=seeds)
def test_khugepaged_takes_some_areas_and_no_area_is_at_the_edge(seed: str) -> None:
    drawn = parameters(LAB, seed)
    taken = KEY.key(drawn)["collapsed"]
    assert 2 <= len(taken) < len(drawn["fills"])
    assert all(abs(512 - fill - drawn["most_none"]) > 1 for fill in drawn["fills"])


@given(seed=seeds)
def test_a_pattern_has_as_many_huge_areas_as_small_ones(seed: str) -> None:
    wanted = KEY.key(parameters(LAB, seed))["wanted"]
    assert sum(wanted) == len(wanted) / 2 == 3

"""cow's numbers: every play copies some pages and reuses others, so that no wrong idea of fork is right."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.labfile.draw import parameters
from labkit.labfile.load import load

LAB = load(Path(__file__).resolve().parents[2] / "labs" / "cow")
MOVES = sys.modules[LAB.answers.__module__]
DRAWS = {draw.name: draw for draw in LAB.draws}
PLAYS = DRAWS["play"].values
seeds = st.text(min_size=1, max_size=8)


@pytest.mark.parametrize("play", PLAYS)
def test_a_play_ends_with_a_parent_who_writes_every_page_alone(play: str) -> None:
    *_, end, last = MOVES.moves({"play": play})
    assert (end.who, end.does) == (MOVES.CHILD, "x")
    assert (last.who, last.does, last.first, last.step) == (MOVES.PARENT, "w", 0, 1)
    assert len(MOVES.moves({"play": play})) == len(LAB.scenes[0].steps) - 2  # before and after the fork


@given(seed=seeds)
def test_the_parent_moves_some_pages_and_the_child_has_some_without_a_copy(seed: str) -> None:
    drawn = parameters(LAB, seed)
    key = MOVES.key(drawn)
    pages = drawn["pages"]
    assert 0 < key["moved"] < pages
    # who thinks that the copy is always the child's, or that every page that is not shared is one, is wrong
    assert 0 < key["far"] < pages - key["shared"][-1]


@given(seed=seeds)
def test_wrong_ideas_lie_further_away_than_a_prediction_may(seed: str) -> None:
    drawn = parameters(LAB, seed)
    key = MOVES.key(drawn)
    *_, last = key["faults"]
    assert drawn["pages"] - last > 2 * 5  # a fault at every write: FAULT_TOLERANCE in play.py
    assert all(count == 0 or count > 2 * 5 for count in key["faults"])
    assert key["shared"] == sorted(key["shared"], reverse=True)


@given(seed=seeds)
def test_the_snapshot_changes_some_pages_and_leaves_more(seed: str) -> None:
    drawn = parameters(LAB, seed)
    changed = MOVES.changed(drawn)
    assert 0 < len(changed) < drawn["table"] / 2

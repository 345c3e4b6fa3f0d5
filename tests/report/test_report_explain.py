"""The page of `labkit explain`: what is asked, what became of it, and no more than is fair."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from labkit.model.explained import Explained
from labkit.model.verdict import EvidenceClass, Finding, Outcome, Where
from labkit.report.explain import render_explained

FOUND = Finding(
    id="exact",
    says="It makes so many faults.",
    outcome=Outcome.FAIL,
    points=0.0,
    max_points=3,
    evidence=EvidenceClass.WITNESS,
    expected="600 faults",
    actual="3 faults",
    where=Where(path="faults/witness/after.json", line=7),
    hint="look",
)
CHECK = Explained(
    id="exact",
    says="It makes so many faults.",
    lab="lab3",
    title="Page faults",
    points=3,
    evidence=EvidenceClass.WITNESS,
    hint="look\x1b[2J",
    more=("Twenty more are libc's.",),
    looks=("scene 'faults': all of it",),
    unsaid=2,
)


def drawn(what: Explained) -> str:
    console = Console(file=io.StringIO(), width=200, highlight=False)
    console.print(render_explained(what))
    assert isinstance(console.file, io.StringIO)
    return "\n".join(" ".join(line.split()) for line in console.file.getvalue().splitlines())


def test_without_a_run_it_says_what_is_asked_and_where_facts_are_read() -> None:
    page = drawn(CHECK)
    assert page.startswith(
        "exact · lab3, Page faults · 3 points\n\nIt makes so many faults.\nTwenty more are"
    )
    assert "evidence witness: read by the host from the guest's memory; no program in the guest" in page
    assert "looks at scene 'faults': all of it" in page
    assert "wrong ideas 2 wrong ideas are known to fail it; you are told which when yours passes" in page
    assert page.endswith("no run to tell of: `labkit run lab3` in your working folder makes one")
    assert "\x1b" not in page


def test_with_a_run_it_says_expected_actual_and_where() -> None:
    page = drawn(replace(CHECK, finding=FOUND, run=Path("/runs/one"), looks=()))
    assert "this run FAIL, 0 points\nexpected 600 faults\nactual 3 faults" in page
    assert "where faults/witness/after.json:7" in page
    assert page.endswith("the whole run: labkit show /runs/one")


def test_after_a_pass_the_wrong_ideas_are_named() -> None:
    page = drawn(replace(CHECK, wrongs=("a touch is a fault", "malloc is memory"), unsaid=0))
    assert "fails who a touch is a fault\nmalloc is memory" in page
    assert "wrong ideas" not in page


@pytest.mark.parametrize("points", [0, 1])
def test_points_are_said(points: int) -> None:
    assert ("1 point" if points else "shown, worth no points") in drawn(replace(CHECK, points=points))

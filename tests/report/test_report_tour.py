"""Every lab is one line on 80 columns, and below stand the sum, the total time, and whose work it was."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from labkit.model.errors import ExitCode, LabFileError
from labkit.model.rows import RunDone, SubmissionRow, Tour
from labkit.model.verdict import Outcome, Verdict
from labkit.report.tour import render_tour, render_tour_summary


@pytest.fixture
def tour(graded: Verdict) -> Tour:
    """One lab with full marks, one with less, one that cannot be loaded."""
    every = tuple(check for check in graded.checks if check.outcome is Outcome.PASS)
    full = replace(graded, checks=every, score=100.0)
    problem = LabFileError(where="/labs/zones/lab.toml: points", found="found 19", fix="write 20")

    def row(name: str, outcome: Verdict | LabFileError) -> SubmissionRow:
        run = Path("/runs") / f"20250101T000000Z-{name}-ada"
        done = RunDone(run=run, verdict=outcome) if isinstance(outcome, Verdict) else outcome
        return SubmissionRow(name=name, lab=name, path=Path("/in") / name, outcome=done)

    rows = (row("buddy", full), row("lab2", graded), row("zones", problem))
    return Tour(rows=rows, demonstration=False, untouched=("numa", "thp"), seconds=61.4)


def drawn(tour: Tour, width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(render_tour(tour))
    stream = console.file
    assert isinstance(stream, io.StringIO)
    assert max(map(len, stream.getvalue().splitlines())) <= width
    return [" ".join(line.split()) for line in stream.getvalue().splitlines()]


def test_a_row_says_score_time_and_what_failed(tour: Tour) -> None:
    assert drawn(tour)[:4] == [
        "lab score took what failed",
        "buddy 100/100 46 s",
        "lab2 47/100 46 s scores, order; blocked: survivor",
        "zones error lab.toml: points: found 19",
    ]


def test_below_stand_the_sum_the_total_time_and_what_was_left_out(tour: Tour) -> None:
    assert drawn(tour)[4:] == [
        "",
        "3 labs: 1 full marks, 1 less, 1 not gradable",
        "total 61 s; guests took 93 s, side by side",
        "explained one by one: labkit show /runs/RUN",
        "no working folder here, see labkit list: numa, thp",
    ]


def test_a_demonstration_is_said_to_be_one(tour: Tour) -> None:
    shown = replace(tour, demonstration=True, untouched=())
    told = "This was a demonstration: the reference solutions, no work of yours."
    assert f"{told} `labkit start LAB` begins yours." in " ".join(drawn(shown))
    assert "demonstration" not in " ".join(drawn(tour))
    assert str(render_tour_summary(shown)).endswith("no work of yours")


def test_a_wide_terminal_shows_the_run_too(tour: Tour) -> None:
    assert drawn(tour, 140)[1].split()[-1] == "20250101T000000Z-buddy-ada"


def test_the_summary_is_one_line(tour: Tour) -> None:
    assert str(render_tour_summary(tour)) == "3 labs: 1 full marks, 1 less, 1 not gradable, in 61 s"


def test_it_exits_with_the_highest_status_of_a_row(tour: Tour) -> None:
    assert tour.exit_code is ExitCode.BAD_INPUT
    assert replace(tour, rows=tour.rows[:1]).exit_code is ExitCode.PASSED

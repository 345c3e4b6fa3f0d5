"""The page of `labkit` alone names the place, the last run, and the likeliest line first."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from labkit.model.explained import LastRun, Whereabouts
from labkit.report.home import render_home


def drawn(where: Whereabouts) -> list[str]:
    console = Console(file=io.StringIO(), width=100, highlight=False)
    console.print(render_home(where))
    assert isinstance(console.file, io.StringIO)
    return [line.strip() for line in console.file.getvalue().splitlines()]


def last(score: float | None, *failed: str, ago: float = 130.0) -> LastRun:
    return LastRun(
        name="20261126T180513Z-lab3-ada",
        lab="lab3",
        score=score,
        max_score=20,
        failed=failed,
        seconds_ago=ago,
    )


WORK = Whereabouts(folder="/home/ada/lab3", lab="lab3", seed="ada")


def first_line(where: Whereabouts) -> str:
    lines = drawn(where)
    return lines[lines.index("") + 1].split("  ")[0]


@pytest.mark.parametrize(
    ("where", "line"),
    [
        (Whereabouts(folder="/"), "labkit doctor"),
        (Whereabouts(folder="/", last=last(20)), "labkit next"),
        (WORK, "labkit run lab3"),
        (replace(WORK, last=last(12, "exact", "huge")), "labkit explain exact"),
        (replace(WORK, last=last(20)), "labkit next"),
        (replace(WORK, last=last(None)), "labkit run lab3"),
        (Whereabouts(folder="/", works=(("my lab", "lab3"),)), "cd 'my lab' && labkit run lab3"),
        (
            Whereabouts(folder="/", works=(("a", "oom"), ("b", "lab3")), last=last(3)),
            "cd b && labkit run lab3",
        ),
    ],
)
def test_the_likeliest_line_comes_first(where: Whereabouts, line: str) -> None:
    assert first_line(where) == line


def test_the_last_run_is_told_with_its_age_and_what_failed() -> None:
    lines = drawn(replace(WORK, last=last(12, "exact", "huge")))
    assert lines[0] == "You are in your working folder of lab3, seed ada."
    assert lines[1] == "Your last run, of lab3 2 minutes ago: 12 of 20; failed: exact, huge."
    assert "labkit show 20261126T180513Z" in "\n".join(lines)

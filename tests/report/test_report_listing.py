"""Tables of labs, runs and artefacts say what there is, and what is wrong with it."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from labkit.model.artefact import Artefact, ArtefactKind
from labkit.model.rows import LabRow, NextStep, RunRow
from labkit.model.verdict import Status
from labkit.report.listing import render_images, render_labs, render_next, render_runs


def shown(what: RenderableType, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(what)
    stream = console.file
    assert isinstance(stream, io.StringIO)
    return stream.getvalue().splitlines()


def drawn(what: RenderableType) -> list[str]:
    return [" ".join(line.split()) for line in shown(what, 80)]


def lab(name: str, section: str, best: float | None = None, tries: int = 0) -> LabRow:
    return LabRow(
        id=name,
        title=f"On {name}",
        question="Who dies?",
        section=section,
        tier="root",
        max_score=20,
        tries=tries,
        best=best,
    )


LABS = (
    lab("buddy", "Buddy Allocator"),
    lab("compaction", "Buddy Allocator", best=20, tries=3),
    lab("lab2", "OOM Killer", best=7.5, tries=1),
    lab("memcg", "Memory Cgroups", tries=2),
    lab("mine", ""),
    LabRow(id="lab3", problem="lab.toml: found '1G'; write '1GiB'"),
)


def test_labs_stand_below_their_sections_with_progress_and_what_they_are_about() -> None:
    assert drawn(render_labs(LABS)) == [
        "Buddy Allocator",
        "buddy not started On buddy · 20 points, tier root",
        "Who dies?",
        "compaction all 20 On compaction · 20 points, tier root",
        "Who dies?",
        "",
        "OOM Killer",
        "lab2 7.5 of 20 On lab2 · 20 points, tier root",
        "Who dies?",
        "",
        "Memory Cgroups",
        "memcg no score yet On memcg · 20 points, tier root",
        "Who dies?",
        "",
        "Beside the course",
        "mine not started On mine · 20 points, tier root",
        "Who dies?",
        "",
        "Cannot be loaded",
        "lab3 lab.toml: found '1G'; write '1GiB'",
        "",
        "full marks in 1 of 5 labs; `labkit next` says which one to take up now",
    ]


@pytest.mark.parametrize("width", [60, 80, 140])
def test_the_columns_of_all_sections_stand_below_each_other(width: int) -> None:
    long = [replace(row, question="why " * 60) for row in LABS]
    lines = shown(render_labs(long), width)
    assert max(map(len, lines)) <= width
    questions = [line for line in lines if line.strip().startswith("why")]
    assert len({len(line) - len(line.lstrip()) for line in questions}) == 1
    assert len(questions) >= 5 * 240 // width


def test_the_next_lab_comes_with_the_line_to_paste() -> None:
    step = NextStep(lab=LABS[2], line="cd lab2 && labkit run lab2", done=4, labs=14)
    assert drawn(render_next(step)) == [
        "lab2 · On lab2",
        "Who dies?",
        "OOM Killer · 20 points, tier root",
        "yours: 7.5 of 20; full marks in 4 of 14 labs",
        "",
        "cd lab2 && labkit run lab2",
    ]
    assert drawn(render_next(replace(step, elsewhere=True)))[-1] == (
        "in the folder where your work on it lies; here is none."
    )


def test_when_all_is_done_it_is_said_and_what_could_not_be_loaded_too() -> None:
    done = NextStep(lab=None, line="", done=14, labs=14)
    assert drawn(render_next(done)) == ["Full marks in all 14 labs: nothing is left to do."]
    told = drawn(render_next(replace(done, broken=("lab3",))))
    assert told[1:] == ["cannot be loaded, see `labkit list`: lab3"]


def test_runs_show_a_score_or_why_there_is_none() -> None:
    rows = (
        RunRow(run=Path("/r/c"), kernel="6.12", seed="[x]", status=Status.GRADED, score=47.5, max_score=100),
        RunRow(run=Path("/r/b"), kernel="6.1", seed="s", status=Status.UNGRADED),
        RunRow(run=Path("/r/a"), kernel="6.1", seed="s", problem="interrupted"),
    )
    assert drawn(render_runs(rows))[1:] == ["c 47.5/100 6.12 [x]", "b no score 6.1 s", "a interrupted 6.1 s"]


def test_artefacts_are_summed() -> None:
    rows = tuple(
        Artefact(
            kind=ArtefactKind.PACK, name=name, key="ab" * 32, path=Path("/c"), bytes=60_000_000, seconds=7.25
        )
        for name in ("6.1", "6.12")
    )
    shown = drawn(render_images(rows))
    assert shown[1] == "pack 6.1 60 MB 7.2 s abababababab"
    assert shown[-1] == "120 MB in all"


def test_empty_tables_say_what_to_do() -> None:
    assert drawn(render_labs(())) == ["no labs here"]
    assert drawn(render_runs(())) == ["no runs yet: labkit run LAB"]
    assert drawn(render_images(())) == ["nothing is built yet: labkit image build"]

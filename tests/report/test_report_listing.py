"""Tables of labs, runs and artefacts say what there is, and what is wrong with it."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console, RenderableType

from labkit.model.artefact import Artefact, ArtefactKind
from labkit.model.rows import LabRow, RunRow
from labkit.model.verdict import Status
from labkit.report.listing import render_images, render_labs, render_runs


def drawn(what: RenderableType) -> list[str]:
    console = Console(file=io.StringIO(), width=80, highlight=False)
    console.print(what)
    stream = console.file
    assert isinstance(stream, io.StringIO)
    return [" ".join(line.split()) for line in stream.getvalue().splitlines()]


def test_a_lab_that_cannot_be_loaded_stands_there_with_its_problem() -> None:
    rows = (
        LabRow(id="lab2", title="The OOM killer", question="Who dies?", tier="root", max_score=100),
        LabRow(id="lab3", problem="lab.toml: found '1G'; write '1GiB'"),
    )
    assert drawn(render_labs(rows))[1:] == [
        "lab2 100 root The OOM killer",
        "Who dies?",
        "lab3 lab.toml: found '1G'; write '1GiB'",
    ]


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
    assert drawn(render_runs(())) == ["no runs yet: labkit run LAB"]
    assert drawn(render_images(())) == ["nothing is built yet: labkit image build"]

"""A batch is one line a submission on 80 columns, what could not be graded included, and an array as JSON."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from labkit.model.errors import Broken, CompileError, HostError, LabkitError, SubmissionError
from labkit.model.rows import RunDone, SubmissionRow
from labkit.model.verdict import Outcome, Status, Verdict
from labkit.report.batch import render_batch, render_batch_summary
from labkit.report.verdict_json import parse_verdict_json, render_batch_json, render_verdict_json

RUNS = Path("/runs")


def row(name: str, verdict: Verdict) -> SubmissionRow:
    done = RunDone(run=RUNS / f"20250101T000000Z-lab2-{name}", verdict=verdict)
    return SubmissionRow(name=name, lab="lab2", path=Path("/in") / name, outcome=done)


def refused(name: str, error: LabkitError) -> SubmissionRow:
    return SubmissionRow(name=name, lab="lab2", path=Path("/in") / name, outcome=error)


@pytest.fixture
def rows(graded: Verdict) -> tuple[SubmissionRow, ...]:
    every = tuple(check for check in graded.checks if check.outcome is Outcome.PASS)
    full = replace(graded, checks=every, score=100.0)
    none = replace(graded, status=Status.UNGRADED, score=None, reason="the guest did not boot")
    missing = CompileError(where="hog.c:3:12", found="'missing' undeclared", fix="correct it")
    absent = SubmissionError(where="/in/eve/group.sh", found="not handed in", fix="write group.sh: …")
    disk = HostError(where="/runs", found="the disk is full", fix="free some")
    return (
        row("ada", full),
        row("bob", graded),
        refused("carol", missing),
        row("dan", none),
        refused("eve", absent),
        refused("fay\x1b[2J", disk),
    )


def drawn(rows: tuple[SubmissionRow, ...], width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(render_batch(rows))
    stream = console.file
    assert isinstance(stream, io.StringIO)
    return stream.getvalue().splitlines()


def test_each_is_one_line_of_eighty_columns_in_the_order_given(rows: tuple[SubmissionRow, ...]) -> None:
    lines = drawn(rows)
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines[1:7]] == ["ada", "bob", "carol", "dan", "eve", "fay\\x1b[2J"]


def test_a_row_says_what_failed_or_why_there_is_no_score(rows: tuple[SubmissionRow, ...]) -> None:
    assert [" ".join(line.split()) for line in drawn(rows)[1:7]] == [
        "ada 100/100",
        "bob 47/100 scores, order; blocked: survivor",
        "carol error hog.c:3:12: 'missing' undeclared",
        "dan no score the guest did not boot",
        "eve error group.sh: not handed in",
        "fay\\x1b[2J error /runs: the disk is full",
    ]


def test_what_does_not_fit_into_a_line_is_cut_and_said_to_be(rows: tuple[SubmissionRow, ...]) -> None:
    long = refused("x" * 100, CompileError(where="hog.c:1:1", found="y" * 100, fix="correct it"))
    line = drawn((rows[0], long))[2]
    assert len(line) <= 80
    assert line.count("…") == 2


def test_a_wide_terminal_shows_the_run_too(rows: tuple[SubmissionRow, ...]) -> None:
    assert "20250101T000000Z-lab2-ada" not in "\n".join(drawn(rows))
    assert drawn(rows, width=140)[1].split()[-1] == "20250101T000000Z-lab2-ada"


def test_the_batch_is_counted(rows: tuple[SubmissionRow, ...]) -> None:
    told = "6 submissions: 1 full marks, 1 less, 2 not gradable, 1 failed by this machine, 1 no score"
    assert str(render_batch_summary(rows)) == told
    assert " ".join(" ".join(drawn(rows)[8:]).split()).startswith(told)


def test_the_array_has_verdicts_and_errors_in_order(rows: tuple[SubmissionRow, ...]) -> None:
    told = json.loads(render_batch_json(rows))
    assert [member.get("score", "none") for member in told] == [100, 47, "none", None, "none", "none"]
    assert told[2] == {
        "lab": "lab2",
        "path": "/in/carol",
        "error": {"where": "hog.c:3:12", "found": "'missing' undeclared", "fix": "correct it"},
    }
    one = rows[1].outcome
    assert isinstance(one, RunDone)
    assert parse_verdict_json(json.dumps(told[1]), "array") == one.verdict
    assert json.loads(render_verdict_json(one.verdict)) == told[1]


def test_each_row_exits_with_the_code_of_who_must_act(rows: tuple[SubmissionRow, ...]) -> None:
    fault = refused("gus", Broken(where="labkit", found="KeyError: 'x'", fix="report this"))
    assert [row.exit_code for row in (*rows, fault)] == [0, 1, 2, 4, 2, 3, 4]

"""An error says who must act, where, what was found and what to do; never a traceback."""

from __future__ import annotations

import io

import pytest
from rich.console import Console, RenderableType

from labkit.model.errors import (
    Broken,
    CompileError,
    DeadlineExpired,
    HostError,
    LabFileError,
    LabkitError,
    SubmissionError,
    UsageError,
)
from labkit.report.errors import render_bug, render_error


def lines(what: RenderableType) -> list[str]:
    console = Console(file=io.StringIO(), width=80, highlight=False)
    console.print(what)
    stream = console.file
    assert isinstance(stream, io.StringIO)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_three_parts_and_then_the_evidence() -> None:
    error = CompileError(
        where="hog.c",
        found="gcc refused it",
        fix="mend line 14",
        detail="hog.c:14:9: error: expected ';'\n  14 | x",
    )
    assert lines(render_error(error)) == [
        "error: the C code does not build",
        "  where  hog.c",
        "  found  gcc refused it",
        "  to do  mend line 14",
        "",
        "  hog.c:14:9: error: expected ';'",
        "    14 | x",
    ]


@pytest.mark.parametrize(
    ("kind", "head"),
    [
        (UsageError, "labkit cannot do what was asked"),
        (SubmissionError, "this submission cannot be run"),
        (LabFileError, "the lab's own files are wrong"),
        (HostError, "this machine cannot do it yet"),
        (Broken, "labkit failed; this is not your fault"),
        (LabkitError, "labkit failed; this is not your fault"),
    ],
)
def test_the_first_line_says_who_must_act(kind: type[LabkitError], head: str) -> None:
    assert lines(render_error(kind(where="w", found="f", fix="x")))[0] == f"error: {head}"


def test_an_expired_wait_names_its_phase() -> None:
    error = DeadlineExpired(phase="boot", seconds=60, where="scene course", fix="see console.log")
    assert "  found  nothing after 60 s in phase 'boot'" in lines(render_error(error))


def test_hostile_words_in_an_error_are_spelled_out() -> None:
    shown = lines(render_error(SubmissionError(where="\x1b[1m", found="[red]x[/]", fix="y", detail="\x07")))
    assert shown[1:3] == ["  where  \\x1b[1m", "  found  [red]x[/]"]
    assert shown[-1] == "  \\x07"


def test_a_bug_is_one_line_and_a_place_to_look() -> None:
    shown = lines(render_bug(KeyError("first\nsecond"), "traceback kept in /c/1.txt"))
    assert shown == [
        "error: this is a fault of labkit, not yours: KeyError: 'first\\nsecond'",
        "  traceback kept in /c/1.txt",
    ]

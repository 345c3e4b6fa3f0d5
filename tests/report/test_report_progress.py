"""Progress: lines where nothing can move, a picture where it can, warnings always."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from labkit.model.events import Event, Mood
from labkit.report.progress import Board, Manner, show_progress


def event(phase: str, mood: Mood, text: str = "", scope: str = "course", **more: float | int) -> Event:
    return Event(scope=scope, phase=phase, mood=mood, text=text, **more)  # type: ignore[arg-type]


def shown(manner: Manner, *events: Event, terminal: bool = False) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=80, force_terminal=terminal, color_system=None, highlight=False)
    with show_progress(console, manner) as listen:
        for one in events:
            listen(one)
    return stream.getvalue()


def picture(board: Board) -> str:
    console = Console(file=io.StringIO(), width=80, highlight=False)
    console.print(board)
    stream = console.file
    assert isinstance(stream, io.StringIO)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


BOOTED = (
    event("boot", Mood.BEGIN),
    event("boot", Mood.NOTE, fraction=0.5),
    event("boot", Mood.DONE, seconds=4.3),
)


def test_a_pipe_gets_one_line_for_each_finished_phase() -> None:
    root = event("root", Mood.DONE, scope="image", seconds=36.1, bytes=601_000_000)
    assert shown(Manner.LINES, *BOOTED, root) == "course: boot 4.3 s\nimage: root 36 s 601 MB\n"


def test_a_failed_phase_says_why() -> None:
    failed = event("boot", Mood.FAILED, "no word from the guest", seconds=60)
    assert shown(Manner.LINES, failed) == "course: boot 60 s FAILED no word from the guest\n"


def test_quiet_leaves_warnings_only() -> None:
    warning = event("accel", Mood.WARN, "KVM starts and then stops; using TCG", scope="host")
    sentence = event("work", Mood.NOTE, "this run shows the reference", scope="run")
    assert shown(Manner.QUIET, *BOOTED, sentence, warning) == (
        "warning: host accel: KVM starts and then stops; using TCG\n"
    )


def test_a_sentence_of_no_running_phase_stays_on_the_screen() -> None:
    sentence = event("work", Mood.NOTE, "this run shows the reference", scope="run")
    for manner in (Manner.LINES, Manner.MOVING):
        assert "run: this run shows the reference\n" in shown(manner, sentence)


def test_the_picture_has_finished_phases_in_a_line_and_running_ones_below() -> None:
    board = Board(spinner="line")
    for one in BOOTED:
        board.hear(one)
    board.hear(event("deploy", Mood.BEGIN))
    board.hear(event("deploy", Mood.DONE, seconds=0.5))
    board.hear(event("01-hog", Mood.BEGIN))
    board.hear(event("01-hog", Mood.NOTE, "3 of 4", fraction=0.75))
    first, second = picture(board).splitlines()
    assert first == "course  boot 4.3 s, deploy 0.5 s"
    assert second.split()[1:4] == ["01-hog", "0.0", "s"]
    assert second.endswith("3 of 4")


def test_a_long_text_gives_way_to_the_phase_and_its_clock() -> None:
    board = Board(spinner="line")
    board.hear(event("grading", Mood.BEGIN))
    board.hear(event("grading", Mood.NOTE, "1 of 15 done: " + "zones, " * 30, fraction=0.1))
    (line,) = picture(board).splitlines()
    assert line.split()[2:5] == ["grading", "0.0", "s"]
    assert "1 of 15 done" in line
    assert line.endswith("…")


def test_a_phase_without_its_seconds_is_timed_here() -> None:
    board = Board(spinner="line")
    board.hear(event("boot", Mood.BEGIN))
    board.hear(event("boot", Mood.DONE))
    assert picture(board) == "course  boot 0.0 s"


def test_the_moving_picture_ends_with_what_was_finished() -> None:
    last = shown(Manner.MOVING, *BOOTED, terminal=True).replace("\x1b[?25h", "").splitlines()[-1]
    assert last.rstrip().endswith("course  boot 4.3 s")


def test_a_verb_without_events_draws_nothing() -> None:
    assert shown(Manner.MOVING, terminal=True) == ""


def test_the_cursor_comes_back_when_work_is_interrupted() -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=80, force_terminal=True, color_system=None)

    def interrupted() -> None:
        with show_progress(console, Manner.MOVING) as listen:
            listen(event("boot", Mood.BEGIN))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert stream.getvalue().count("\x1b[?25l") == stream.getvalue().count("\x1b[?25h") == 1


def test_hostile_phase_texts_are_spelled_out() -> None:
    text = shown(Manner.LINES, event("a\x1b[2J", Mood.FAILED, "[red]\x07"))
    assert text == "course: a\\x1b[2J FAILED [red]\\x07\n"

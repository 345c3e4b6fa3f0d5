"""What is told of many submissions at once: who is at it, who is done, of the rest warnings only."""

from __future__ import annotations

from pathlib import Path

from labkit.model.errors import SubmissionError
from labkit.model.events import Event, Mood
from labkit.model.rows import SubmissionRow
from labkit.tally import Tally


def phase(mood: Mood, scope: str = "only", name: str = "boot") -> Event:
    return Event(scope=scope, phase=name, mood=mood, text="all is well")


def test_those_are_at_it_of_whom_a_phase_goes_on() -> None:
    told = list[Event]()
    tally = Tally(of=2, what="lab", listen=told.append)
    with tally.heard("zones") as zones, tally.heard("buddy") as buddy, tally.heard("buddy"):
        zones(phase(Mood.BEGIN))
        zones(phase(Mood.BEGIN, "other"))
        zones(phase(Mood.DONE))
        buddy(phase(Mood.BEGIN))
        zones(phase(Mood.FAILED, "other"))
        buddy(phase(Mood.NOTE))
        buddy(phase(Mood.BEGIN, "other"))
        buddy(phase(Mood.WARN, "other"))
    assert [event.text for event in told] == [
        "0 of 2 done: zones",
        "0 of 2 done: zones",
        "0 of 2 done: zones, buddy",
        "0 of 2 done: buddy",
        "all is well",
    ]
    assert (told[-1].mood, told[-1].scope) == (Mood.WARN, "buddy other")


def test_who_is_done_gets_a_sentence_and_the_whole_a_phase() -> None:
    told = list[Event]()
    tally = Tally(of=1, what="lab", listen=told.append)
    error = SubmissionError(where="a.c", found="not handed in", fix="write it")
    with tally.shown():
        tally.end(SubmissionRow(name="zones", lab="zones", path=Path("z"), outcome=error))
    assert [(event.mood, event.text) for event in told] == [
        (Mood.BEGIN, "1 lab"),
        (Mood.NOTE, "zones: a.c: not handed in · 1 of 1 done"),
        (Mood.NOTE, "1 of 1 done: "),
        (Mood.DONE, ""),
    ]

"""A course's folder: whole results only, the last one stands, two graders never at one attempt."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from pathlib import Path

import pytest
from classes import result

from labkit.model.coursework import Standing
from labkit.model.errors import Broken, UsageError
from labkit.store.journal import CourseRecord, Journal, standing

RECORD = CourseRecord(lab="lab2", kernel="", key="", submissions="/in")


def journal_in(folder: Path) -> Journal:
    journal = Journal(folder=folder / "out")
    journal.begin(RECORD)
    return journal


def test_what_was_put_is_read_back_as_it_was(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    some = (
        result("ada"),
        result("bob", None, standing=Standing.UNGRADED, reason="lost"),
        result("ćy\n\x1b[31m"),
    )
    for one in some:
        journal.put(one)
    assert set(journal.results()) == set(some)
    assert all(journal.has(one.key) and journal.get(one.key) == one for one in some)
    assert not journal.has("0" * 64)


def test_of_an_attempt_the_result_graded_last_stands(tmp_path: Path) -> None:
    old, new, second = result(minute=0), result(score=4.0, minute=5), result(attempt=2, minute=1)
    assert standing([new, second, old]) == {("ada", 1): new, ("ada", 2): second}
    journal = journal_in(tmp_path)
    journal.put(old)
    journal.put(new, proposed=True)
    assert standing(journal.results()) == {("ada", 1): old}
    assert journal.apply() == 1
    assert standing(journal.results()) == {("ada", 1): new}
    assert old in journal.results()
    assert journal.results(proposed=True) == ()


@pytest.mark.parametrize("name", ["lab", "kernel", "key"])
def test_a_folder_is_one_labs_on_one_kernel_with_one_key(tmp_path: Path, name: str) -> None:
    journal = journal_in(tmp_path)
    journal.begin(RECORD)
    other = CourseRecord(**{"lab": "lab2", "kernel": "", "key": "", "submissions": "/in", name: "other"})
    with pytest.raises(UsageError, match=f"graded with {name}"):
        journal.begin(other)


def test_a_folder_that_is_no_courses_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no course\.json"):
        Journal(folder=tmp_path).record()


def test_a_damaged_result_is_named_and_nothing_is_guessed(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    journal.put(result())
    (path,) = (tmp_path / "out" / "results").glob("*.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), "score": "4"}))
    with pytest.raises(Broken) as caught:
        journal.results()
    assert (caught.value.where, "score" in caught.value.found) == (str(path), True)


def test_an_attempt_is_one_graders_at_a_time_and_free_again_afterwards(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    with journal.claimed("a") as first, journal.claimed("a") as second, journal.claimed("b") as other:
        assert (first, second, other) == (True, False, True)
    with journal.claimed("a") as again:
        assert again
    assert list((tmp_path / "out" / "claims").iterdir()) == []


def _hold(folder: Path, told: multiprocessing.synchronize.Event) -> None:
    with Journal(folder=folder).claimed("a"):
        told.set()
        signal.pause()


def test_a_killed_graders_claim_is_free(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    context = multiprocessing.get_context("spawn")
    told = context.Event()
    process = context.Process(target=_hold, args=(journal.folder, told))
    process.start()
    try:
        assert told.wait(60)
        with journal.claimed("a") as ours:
            assert not ours
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join(60)
        with journal.claimed("a") as ours:
            assert ours
    finally:
        process.kill()
        process.join(60)

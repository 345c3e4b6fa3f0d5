"""A token is heard by whoever asks it, by deadlines, and by callbacks: early, late, and never twice."""

from __future__ import annotations

import time

import pytest

from labkit.pools.cancel import CancellablePace, Cancelled, Token


def test_a_callback_runs_once_when_the_work_is_called_off() -> None:
    token, heard = Token(), list[str]()
    with token.on_cancel(lambda: heard.append("first")), token.on_cancel(lambda: heard.append("second")):
        token.cancel()
        token.cancel()
    assert heard == ["first", "second"]


def test_a_callback_that_comes_late_runs_at_once() -> None:
    token, heard = Token(), list[str]()
    token.cancel()
    with token.on_cancel(lambda: heard.append("late")):
        assert heard == ["late"]


def test_a_callback_whose_block_has_ended_is_forgotten() -> None:
    token, heard = Token(), list[str]()
    with token.on_cancel(lambda: heard.append("gone")):
        pass
    token.cancel()
    assert heard == []


def test_a_check_raises_only_what_was_called_off() -> None:
    token = Token()
    token.check()
    token.cancel()
    with pytest.raises(Cancelled):
        token.check()


def test_a_deadline_is_over_when_its_work_is_called_off() -> None:
    token = Token()
    deadline = CancellablePace(factor=2.0, token=token).deadline(30, "boot")
    sooner = deadline.sooner(10, "SSH")
    assert (deadline.seconds, deadline.phase) == (60, "boot")
    assert 9 < sooner.remaining <= 10
    token.cancel()
    for each in (deadline, sooner, deadline.sooner(5, "later")):
        assert each.expired
        began = time.monotonic()
        assert len(list(each.polls(1.0))) == 1
        assert time.monotonic() - began < 0.5


def test_a_deadline_still_expires_by_itself() -> None:
    deadline = CancellablePace(token=Token()).deadline(0.02, "short")
    assert not deadline.expired
    assert list(deadline.polls(0.005))
    assert deadline.expired

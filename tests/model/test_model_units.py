"""Sizes and deadlines: what they parse, print and refuse."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.model.units import Deadline, Pace, Size


@given(st.integers(min_value=0, max_value=1 << 50))
def test_a_size_reads_back_what_it_prints(number: int) -> None:
    assert Size.parse(str(Size(number))) == number


@pytest.mark.parametrize(
    ("text", "cure"),
    [("1G", "write '1GiB'"), ("64M", "write '64MiB'"), ("64", "write '64MiB'"), ("7 MB", "write '7MiB'")],
)
def test_a_size_without_a_binary_unit_names_the_cure(text: str, cure: str) -> None:
    with pytest.raises(ValueError, match=cure):
        Size.parse(text)


@pytest.mark.parametrize("text", ["", "MiB", "-1MiB", "1.5GiB", "1 parsec"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="found"):
        Size.parse(text)


def test_a_deadline_in_the_past_has_expired_and_polls_once() -> None:
    deadline = Deadline.after(0, "nothing")
    assert deadline.expired
    assert len(list(deadline.polls(0.01))) == 1


def test_a_wait_inside_a_wait_never_outlasts_it() -> None:
    outer = Deadline.after(5, "outer")
    assert outer.sooner(60, "inner").expires_at <= outer.expires_at + 0.1


def test_a_fast_host_does_not_shorten_deadlines() -> None:
    assert Pace(factor=0.2).deadline(10, "x").seconds == 10
    assert Pace(factor=3.0).deadline(10, "x").seconds == 30

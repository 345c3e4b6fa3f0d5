"""The relations hold where they should, fail where they should, and say both in numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.grade import relate
from labkit.grade.judging import Decided
from labkit.model.verdict import Judgement, Outcome

NUMBERS = st.integers(min_value=-(10**12), max_value=10**12)


def holds(judgement: Judgement) -> bool:
    assert judgement.outcome in (Outcome.PASS, Outcome.FAIL)
    return judgement.outcome is Outcome.PASS


@given(expected=NUMBERS, off=st.integers(-50, 50), within=st.integers(0, 50))
def test_equal_is_as_wide_as_it_says(expected: int, off: int, within: int) -> None:
    told = relate.equal("x", expected=expected, actual=expected + off, within=within)
    assert holds(told) == (abs(off) <= within)


@given(low=NUMBERS, span=st.integers(0, 1000), actual=NUMBERS)
def test_between_is_both_bounds_at_once(low: int, span: int, actual: int) -> None:
    both = holds(relate.at_least("x", bound=low, actual=actual)) and holds(
        relate.at_most("x", bound=low + span, actual=actual)
    )
    assert holds(relate.between("x", low=low, high=low + span, actual=actual)) == both


@given(values=st.lists(st.integers(0, 9), min_size=2, max_size=6))
def test_growing_means_sorted_and_strictly_means_without_equals(values: list[int]) -> None:
    assert holds(relate.growing("x", values)) == (values == sorted(values))
    assert holds(relate.growing("x", values, strictly=True)) == (values == sorted({*values}))


@given(parts=st.dictionaries(st.text("abc", min_size=1), NUMBERS, min_size=1, max_size=4), off=NUMBERS)
def test_an_identity_is_a_sum(parts: dict[str, int], off: int) -> None:
    assert holds(relate.identity("x", parts=parts, whole=sum(parts.values()) + off)) == (off == 0)


@pytest.mark.parametrize(
    ("part", "whole", "expected"), [(95, 100, True), (105, 100, True), (94, 100, False), (0, 0, False)]
)
def test_a_ratio_of_nothing_fails(part: int, whole: int, expected: bool) -> None:
    assert holds(relate.ratio("x", part=part, whole=whole, low=0.95, high=1.05)) == expected


def test_near_is_a_share_of_what_is_expected() -> None:
    assert holds(relate.near("x", expected=1000, actual=1030, share=0.03))
    assert not holds(relate.near("x", expected=1000, actual=1031, share=0.03))


def test_an_order_may_go_on_and_a_set_may_not() -> None:
    assert holds(relate.in_order("dead", ["a", "b"], ["a", "b", "c"]))
    assert not holds(relate.in_order("dead", ["a", "b"], ["b", "a"]))
    assert not holds(relate.in_order("dead", ["a", "b"], ["a"]))
    assert holds(relate.same_set("caches", ["a", "b"], ["b", "a", "b"]))
    told = relate.same_set("caches", ["a", "b"], ["b", "c"])
    assert told.actual == "without a; and also c"


def test_what_is_said_names_the_bound_its_reason_and_the_number() -> None:
    told = relate.equal("faults", expected=25600, actual=25500, within=40, why="a thread's own pages")
    assert told.expected == "faults is 25,600 ± 40 (a thread's own pages)"
    assert told.actual == "25,500"


def test_nothing_to_compare_is_broken() -> None:
    with pytest.raises(Decided) as one:
        relate.growing("x", [1])
    assert one.value.judgement.outcome is Outcome.BROKEN
    with pytest.raises(Decided) as none:
        relate.delta({"pgfault": 1}, {}, "pgfault")
    assert none.value.judgement.outcome is Outcome.BROKEN
    assert relate.delta({"pgfault": 1}, {"pgfault": 5}, "pgfault") == 4

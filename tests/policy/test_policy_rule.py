"""The course's rules: fair at the boundaries, never better when later, and explained step by step."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from classes import result
from hypothesis import given
from hypothesis import strategies as st

from labkit.model.coursework import Extension, Policy, Result, Ruling, Standing, Student, Which
from labkit.policy.rule import is_over, late_days, rule

ADA = Student(id="ada")
BERLIN = ZoneInfo("Europe/Berlin")
DUE = datetime(2026, 12, 1, 23, 59, tzinfo=BERLIN)
TOP = 20
TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)


def handed_in(at: datetime | None, score: float | None = 20.0, attempt: int = 1) -> Result:
    standing = Standing.UNGRADED if score is None else Standing.GRADED
    return result("ada", score, attempt=attempt, top=TOP, submitted_at=at, standing=standing)


def ruled(policy: Policy, *attempts: Result) -> Ruling:
    return rule(policy, ADA, attempts, TOP)


@pytest.mark.parametrize(
    ("after", "days"),
    [
        (timedelta(0), 0),
        (TICK, 1),
        (DAY, 1),
        (DAY + TICK, 2),
        (-DAY, 0),
    ],
)
def test_a_day_is_late_as_soon_as_it_has_begun(after: timedelta, days: int) -> None:
    assert late_days(Policy(due=DUE), DUE, (DUE + after).astimezone(timezone.utc)) == days


def test_the_grace_costs_nothing_and_after_it_the_whole_day_does() -> None:
    policy = Policy(due=DUE, grace_minutes=10, per_day=10)
    edge = DUE + timedelta(minutes=10)
    assert ruled(policy, handed_in(edge)).final == 20
    late = ruled(policy, handed_in(edge + TICK))
    assert (late.final, late.penalty, late.late_days) == (18, 2, 1)
    assert "within the grace" in ruled(policy, handed_in(edge)).because[0]


def test_where_the_clock_is_changed_a_day_still_ends_at_the_same_hour() -> None:
    """The last Sunday of October 2026 has 25 hours in Berlin."""
    due = datetime(2026, 10, 24, 12, 0, tzinfo=BERLIN)
    noon = datetime(2026, 10, 25, 12, 0, tzinfo=BERLIN)
    assert noon.astimezone(timezone.utc) - due.astimezone(timezone.utc) == timedelta(hours=25)
    assert late_days(Policy(), due, noon) == 1
    assert late_days(Policy(), due, noon + TICK) == 2


def test_an_instant_in_the_hour_that_comes_twice_is_not_taken_for_the_other() -> None:
    due = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=0)
    assert late_days(Policy(), due, due.replace(fold=1)) == 1
    assert late_days(Policy(), due.replace(fold=1), due) == 0


def test_a_holiday_is_no_late_day() -> None:
    policy = Policy(due=DUE, holidays=(date(2026, 12, 2),), per_day=10)
    assert ruled(policy, handed_in(DUE + DAY)).final == 20
    assert ruled(policy, handed_in(DUE + DAY + TICK)).late_days == 1


def test_after_the_last_open_day_nothing_counts() -> None:
    policy = Policy(due=DUE, per_day=10, days_open=2)
    assert ruled(policy, handed_in(DUE + 2 * DAY)).final == 16
    gone = ruled(policy, handed_in(DUE + 2 * DAY + TICK))
    assert (gone.final, gone.penalty, gone.raw) == (0, 20, 20)
    assert "nothing counts after 2 late days" in gone.because[-1]


def test_a_late_attempt_is_capped_and_one_below_the_cap_is_not_raised() -> None:
    policy = Policy(due=DUE, cap=50)
    assert ruled(policy, handed_in(DUE + TICK)).final == 10
    assert ruled(policy, handed_in(DUE + TICK, 7.0)).final == 7
    assert ruled(policy, handed_in(DUE)).final == 20


def test_an_extension_is_one_students_own() -> None:
    policy = Policy(due=DUE, per_day=10, extensions={"ada": Extension(days=2)})
    attempt = handed_in(DUE + 2 * DAY)
    assert ruled(policy, attempt).final == 20
    assert rule(policy, Student(id="bob"), [attempt], TOP).final == 16
    until = replace(policy, extensions={"ada": Extension(due=DUE + timedelta(hours=1))})
    assert ruled(until, handed_in(DUE + timedelta(hours=1))).final == 20


def test_it_is_over_when_the_last_extension_and_its_grace_are() -> None:
    policy = Policy(
        due=DUE, grace_minutes=10, extensions={"ada": Extension(days=2), "bob": Extension(due=DUE)}
    )
    edge = DUE + 2 * DAY + timedelta(minutes=10)
    assert [is_over(policy, instant) for instant in (DUE + DAY, edge, edge + TICK)] == [False, False, True]
    assert not is_over(Policy(), edge)


def test_the_best_by_its_final_score_counts_or_the_last() -> None:
    early, late = handed_in(DUE, 15.0), handed_in(DUE + 3 * DAY, 20.0, attempt=2)
    policy = Policy(due=DUE, per_day=10)
    best = ruled(policy, early, late)
    assert (best.attempt, best.final, best.raw) == (1, 15, 15)
    assert best.because[-1] == "attempt 1 counts: it is the best"
    last = ruled(replace(policy, counts=Which.LAST), early, late)
    assert (last.attempt, last.final) == (2, 14)


def test_only_the_first_attempts_that_are_allowed_are_looked_at() -> None:
    found = ruled(Policy(attempts=1), handed_in(None, 5.0), handed_in(None, 20.0, attempt=2))
    assert (found.attempt, found.final) == (1, 5)
    assert found.because[0] == "2 attempts, of which the first 1 count: 1 left out"


def test_an_attempt_that_waits_for_a_person_holds_the_score_open_if_it_can_matter() -> None:
    waits = handed_in(DUE + DAY, None, attempt=2)
    policy = Policy(due=DUE, per_day=10)
    assert ruled(policy, handed_in(DUE, 17.0), waits).final is None  # it may come to 18
    assert ruled(policy, handed_in(DUE, 18.0), waits).final == 18
    assert ruled(policy, waits).raw is None


def test_nothing_handed_in_and_no_time_of_handing_in_are_said() -> None:
    nothing = ruled(Policy(due=DUE))
    assert (nothing.attempt, nothing.final, nothing.because) == (None, None, ("nothing was handed in",))
    unknown = ruled(Policy(due=DUE, per_day=50), handed_in(None))
    assert (unknown.final, "taken as on time" in unknown.because[0]) == (20, True)
    marked = ruled(Policy(due=DUE, per_day=50), replace(handed_in(None), late=True))
    assert "the platform marks it late" in marked.because[0]


def test_the_steps_are_those_that_were_taken() -> None:
    found = ruled(Policy(due=DUE, per_day=10, cap=80), handed_in(DUE + DAY + TICK, 19.0))
    assert found.because == (
        "attempt 1: handed in 2026-12-02 23:59:00+01:00, due 2026-12-01 23:59+01:00: 2 late days",
        "attempt 1: score 19 of 20",
        "attempt 1: 2 x 10 % of 20: -4",
        "attempt 1: late, so at most 80 % of 20: 16",
        "attempt 1: leaves 15",
    )
    assert found.final == 15


scores = st.one_of(st.none(), st.integers(0, 2 * TOP).map(lambda half: half / 2))
offsets = st.integers(-3 * 86_400, 12 * 86_400).map(lambda seconds: timedelta(seconds=seconds))
policies = st.builds(
    Policy,
    due=st.sampled_from([DUE, DUE.replace(hour=8), datetime(2026, 10, 24, 12, tzinfo=BERLIN)]),
    grace_minutes=st.sampled_from([0.0, 15.0]),
    per_day=st.sampled_from([0.0, 7.0, 10.0, 60.0]),
    holidays=st.lists(st.dates(date(2026, 10, 24), date(2026, 12, 12)), max_size=6).map(tuple),
    days_open=st.sampled_from([None, 0, 3]),
    attempts=st.sampled_from([None, 1, 2]),
    counts=st.sampled_from(list(Which)),
    cap=st.sampled_from([None, 0.0, 55.0, 100.0]),
)


def timed(policy: Policy, wanted: list[tuple[timedelta, float | None]]) -> list[Result]:
    assert policy.due is not None
    due = policy.due.astimezone(timezone.utc)
    return [handed_in(due + after, score, number) for number, (after, score) in enumerate(wanted, start=1)]


@given(policies, st.lists(st.tuples(offsets, scores), max_size=4), st.randoms())
def test_a_final_score_lies_between_nothing_and_the_raw_one(policy, wanted, random) -> None:  # type: ignore[no-untyped-def]
    attempts = timed(policy, wanted)
    found = rule(policy, ADA, attempts, TOP)
    assert (found.raw is None) == (found.final is None)
    if found.final is not None and found.raw is not None:
        assert 0 <= found.final <= found.raw <= TOP
        assert found.penalty == found.raw - found.final
    random.shuffle(attempts)
    assert rule(policy, ADA, attempts, TOP) == found


@given(policies, offsets, offsets, st.integers(0, TOP))
def test_later_is_never_better(policy: Policy, one: timedelta, other: timedelta, score: int) -> None:
    early, late = (
        rule(policy, ADA, timed(policy, [(after, float(score))]), TOP).final for after in sorted([one, other])
    )
    assert early is not None
    assert late is not None
    assert late <= early


@given(policies, offsets, st.integers(0, TOP), st.integers(0, 100).map(lambda tenth: tenth / 10))
def test_neither_an_extension_nor_a_holiday_hurts(
    policy: Policy, after: timedelta, score: int, days: float
) -> None:
    attempts = timed(policy, [(after, float(score))])
    plain = rule(policy, ADA, attempts, TOP).final
    extended = rule(replace(policy, extensions={"ada": Extension(days=days)}), ADA, attempts, TOP).final
    holiday = rule(replace(policy, holidays=(*policy.holidays, date(2026, 12, 3))), ADA, attempts, TOP).final
    assert plain is not None
    assert extended is not None
    assert holiday is not None
    assert plain <= min(extended, holiday)

"""Scores → finals: deadline, grace, late days, holidays, extensions, caps, and which attempt counts.

In this order: of the attempts the first ones that the rules allow; of each whether it is late, and by how
many days; what that costs; then the one that counts, by its final score or because it is the last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from labkit.model.coursework import Policy, Result, Ruling, Standing, Student, Which

DAY = timedelta(days=1)
MAX_DAYS = 3660  # a hand-in ten years late is as late as it gets


@dataclass(frozen=True, slots=True, kw_only=True)
class _Weighed:
    """One attempt after the rules. `final` is None where a person must look; `most` it can then have."""

    attempt: int
    raw: float | None
    penalty: float
    final: float | None
    most: float
    late_days: int
    because: tuple[str, ...]


def rule(policy: Policy, student: Student, attempts: Sequence[Result], max_score: int) -> Ruling:
    """What the rules make of one student's attempts, in whatever order they are given."""
    ordered = sorted(attempts, key=lambda it: it.attempt)
    allowed = ordered if policy.attempts is None else ordered[: policy.attempts]
    weighed = [_weigh(policy, student, it, max_score) for it in allowed]
    if not weighed:
        return Ruling(
            student=student,
            attempt=None,
            raw=None,
            penalty=0.0,
            final=None,
            max_score=max_score,
            late_days=0,
            because=("nothing was handed in",),
        )
    counted = _counted(policy.counts, weighed)
    said = [sentence for it in weighed for sentence in it.because]
    if left := len(ordered) - len(allowed):
        said.insert(
            0, f"{len(ordered)} attempts, of which the first {policy.attempts} count: {left} left out"
        )
    if len(weighed) > 1:
        said.append(f"attempt {counted.attempt} counts: {_reason(policy.counts, counted)}")
    return Ruling(
        student=student,
        attempt=counted.attempt,
        raw=counted.raw,
        penalty=counted.penalty,
        final=counted.final,
        max_score=max_score,
        late_days=counted.late_days,
        because=tuple(said),
    )


def is_over(policy: Policy, now: datetime) -> bool:
    """Whether nobody can hand in on time any more. Where there is no deadline, it never passes."""
    if policy.due is None:
        return False
    theirs = [deadline(policy, id_) or policy.due for id_ in policy.extensions]
    last = max(map(_utc, [policy.due, *theirs]))
    return _utc(now) > last + timedelta(minutes=policy.grace_minutes)


def deadline(policy: Policy, student: str) -> datetime | None:
    """The student's own, by id; extension included and grace not."""
    if policy.due is None:
        return None
    extension = policy.extensions.get(student)
    if extension is None:
        return policy.due
    # An extension that ends before everybody's deadline is a slip of the pen, and takes nothing away.
    return max(policy.due, extension.due or policy.due + timedelta(days=extension.days or 0.0), key=_utc)


def late_days(policy: Policy, due: datetime, submitted_at: datetime) -> int:
    """Days that have begun since the deadline when it was handed in; 0 within the grace.

    A day is from the deadline's time of day to the same on the next date, 23 or 25 hours where the clock is
    changed; it is no day if the date on which it ends is a holiday.
    """
    handed_in = _utc(submitted_at)
    if handed_in <= _utc(due) + timedelta(minutes=policy.grace_minutes):
        return 0
    begun = 0
    for number in range(1, MAX_DAYS + 1):
        begun += (due + number * DAY).date() not in policy.holidays
        if handed_in <= _utc(due + number * DAY):
            break
    return begun


def _weigh(policy: Policy, student: Student, result: Result, max_score: int) -> _Weighed:
    due = deadline(policy, student.id)
    days = 0
    if due is not None and result.submitted_at is not None:
        # Days are told from the deadline's time of day: moved by half a day, a holiday might be missed.
        days = min(late_days(policy, it, result.submitted_at) for it in (due, policy.due) if it is not None)
    late = due is not None and result.submitted_at is not None and _is_late(policy, due, result.submitted_at)
    most = _final(policy, float(max_score), days, max_score, late=late)
    final = None if result.score is None else _final(policy, result.score, days, max_score, late=late)
    penalty = 0.0 if result.score is None or final is None else result.score - final
    said = (*_time(policy, due, result, days, late=late), *_worth(policy, result, days, final, late=late))
    return _Weighed(
        attempt=result.attempt,
        raw=result.score,
        penalty=penalty,
        final=final,
        most=most,
        late_days=days,
        because=tuple(f"attempt {result.attempt}: {sentence}" for sentence in said),
    )


def _final(policy: Policy, raw: float, days: int, top: int, *, late: bool) -> float:
    if policy.days_open is not None and days > policy.days_open:
        return 0.0
    rest = max(0.0, raw - days * policy.per_day / 100 * top)
    if late and policy.cap is not None:
        rest = min(rest, policy.cap / 100 * top)
    return min(raw, round(rest, 6))


def _is_late(policy: Policy, due: datetime, submitted_at: datetime) -> bool:
    return _utc(submitted_at) > _utc(due) + timedelta(minutes=policy.grace_minutes)


def _time(policy: Policy, due: datetime | None, result: Result, days: int, *, late: bool) -> Iterator[str]:
    if due is None:
        return
    told = due.isoformat(" ", "minutes")
    if result.submitted_at is None:
        marked = "the platform marks it late, but " if result.late else ""
        yield f"{marked}when it was handed in is not known: taken as on time"
        return
    if result.student.id in policy.extensions:
        yield f"deadline extended to {told}"
    if not late:
        within = ", within the grace" if _utc(result.submitted_at) > _utc(due) else ""
        yield f"on time (due {told}){within}"
        return
    handed_in = result.submitted_at.astimezone(due.tzinfo).isoformat(" ", "seconds")
    yield f"handed in {handed_in}, due {told}: {days} late day{'' if days == 1 else 's'}"


def _worth(policy: Policy, result: Result, days: int, final: float | None, *, late: bool) -> Iterator[str]:
    top = result.max_score
    match result.standing:
        case Standing.UNGRADED:
            yield "no score yet: labkit could not grade it, a person must look"
            return
        case Standing.REFUSED:
            yield f"0 of {top}: nothing of it could be run"
        case Standing.GRADED:
            yield f"score {result.score:g} of {top}"
    if not late:
        return
    if policy.days_open is not None and days > policy.days_open:
        yield f"nothing counts after {policy.days_open} late days: 0"
        return
    if policy.per_day and days:
        yield f"{days} x {policy.per_day:g} % of {top}: {-days * policy.per_day / 100 * top:+g}"
    if policy.cap is not None:
        yield f"late, so at most {policy.cap:g} % of {top}: {policy.cap / 100 * top:g}"
    yield f"leaves {final:g}"


def _counted(which: Which, weighed: Sequence[_Weighed]) -> _Weighed:
    if which is Which.LAST:
        return weighed[-1]
    scored = [it for it in weighed if it.final is not None]
    best = max(scored, key=lambda it: (it.final or 0.0, -it.attempt), default=None)
    # One that waits for a person may turn out better than the best: until then nothing is final.
    open_ = [it for it in weighed if it.final is None and (best is None or it.most > (best.final or 0.0))]
    return open_[0] if open_ or best is None else best


def _reason(which: Which, counted: _Weighed) -> str:
    if which is Which.LAST:
        return "it is the last"
    return "it may be the best, and has no score yet" if counted.final is None else "it is the best"


def _utc(instant: datetime) -> datetime:
    """Aware instants of one zone compare by the clock on the wall, twice an autumn wrongly."""
    return instant.astimezone(timezone.utc)

"""One attempt of a class, from its parcel to its result: graded, refused, or left to a person."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone

from labkit.batch import outcome_of
from labkit.course.take import Taken, Terms
from labkit.labfile.experiment import experiment_digest
from labkit.model.coursework import Mark, Result, Standing
from labkit.model.errors import CompileError, HostError, LabkitError, SubmissionError
from labkit.model.events import Listener
from labkit.model.rows import RunDone
from labkit.model.verdict import Outcome, Status, Verdict
from labkit.pools.cancel import Token
from labkit.session import HandedIn, House

TRIES = 3  # TRUST.md, rule 7: what labkit fails at is tried again in a fresh guest, at most twice
REASON_LINES = 12  # of a compiler


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """What became of one try."""

    standing: Standing
    reason: str = ""
    done: RunDone | None = None


def attempt(token: Token, terms: Terms, house: House, taken: Taken, listen: Listener) -> Result:
    """Grade one. Raises HostError for what only the operator of this machine can mend, and Cancelled."""
    began = time.monotonic()
    failures: list[str] = []
    for end in _tries(token, house, taken, listen):
        if end.standing is not Standing.UNGRADED or _is_final(end):
            break
        failures.append(end.reason)
    verdict = end.done.verdict if end.done else None
    again = failures[:-1] if end.standing is Standing.UNGRADED and not _is_final(end) else failures
    return Result(
        key=taken.key,
        lab=terms.lab.id,
        student=taken.parcel.student,
        attempt=taken.parcel.attempt,
        submitted_at=taken.parcel.submitted_at,
        late=taken.parcel.late,
        origin=taken.parcel.origin,
        submission=taken.submission,
        seed=taken.seed,
        official=terms.course_key is not None,
        kernel=house.base.pack.name,
        standing=end.standing,
        reason=end.reason or taken.note,
        score=score(end.standing, verdict),
        max_score=terms.lab.max_score,
        marks=marks(verdict) if verdict else (),
        run=end.done.run.name if end.done else "",
        graded_at=datetime.now(timezone.utc),
        seconds=round(time.monotonic() - began, 1),
        failures=tuple(again),
        experiment=experiment_digest(terms.lab),
    )


def _tries(token: Token, house: House, taken: Taken, listen: Listener) -> Iterator[End]:
    """The end of each try, made when it is asked for."""
    if taken.refusal is not None:
        yield _unread(taken.refusal)
        return

    def take() -> tuple[House, HandedIn]:
        return house, taken.handed_in()

    for _ in range(TRIES):
        yield _end(outcome_of(token, take, listen))


def _unread(error: SubmissionError | HostError) -> End:
    """Of what could not even be read: the student's, or, where the disk failed, nobody's."""
    if isinstance(error, HostError):
        return End(standing=Standing.UNGRADED, reason=f"{error.where}: {error.found}; {error.fix}")
    return _refused(error)


def _end(outcome: RunDone | LabkitError) -> End:
    match outcome:
        case RunDone(verdict=verdict) if verdict.status is Status.GRADED:
            return End(standing=Standing.GRADED, done=outcome)
        case RunDone(verdict=verdict):
            return End(standing=Standing.UNGRADED, reason=verdict.reason, done=outcome)
        case SubmissionError() | CompileError():
            return _refused(outcome)
        case HostError():
            raise outcome
        case LabkitError():
            return End(standing=Standing.UNGRADED, reason=f"{outcome.where}: {outcome.found}")


def _refused(error: LabkitError) -> End:
    detail = "\n".join(error.detail.splitlines()[:REASON_LINES])
    reason = f"{error.where}: {error.found}" + (f"\n{detail}" if detail else f"; {error.fix}")
    return End(standing=Standing.REFUSED, reason=reason)


def _is_final(end: End) -> bool:
    """Whether another guest would say the same: this host or kernel cannot, and nothing broke."""
    if end.done is None:
        return False
    outcomes = {check.outcome for check in end.done.verdict.checks}
    return Outcome.UNSUPPORTED in outcomes and Outcome.BROKEN not in outcomes


def score(standing: Standing, verdict: Verdict | None) -> float | None:
    """The points of an attempt; None while a person must look."""
    if standing is Standing.REFUSED:
        return 0.0
    return verdict.score if verdict else None


def marks(verdict: Verdict) -> tuple[Mark, ...]:
    """What became of each check."""
    return tuple(
        Mark(id=it.id, outcome=it.outcome.value, points=it.points, max_points=it.max_points)
        for it in verdict.checks
    )

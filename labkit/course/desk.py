"""Where a class is graded: what was asked for, and one attempt after the other with its journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from labkit.course.attempt import attempt
from labkit.course.take import Taken, Terms
from labkit.keyring import course_key
from labkit.labfile.load import load
from labkit.model.coursework import Platform, Result, Standing
from labkit.model.events import Listener
from labkit.model.need import Capacity, Need
from labkit.places import Places, lab_folder
from labkit.pools.cancel import Token
from labkit.pools.local import LocalPool
from labkit.pools.stream import stream
from labkit.report.text import points
from labkit.session import House, stand_on, with_kernel
from labkit.store.journal import Journal
from labkit.tally import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeAsk:
    """What `labkit course grade` was asked for. `key` names the course's key, None for practice.

    `pool` is the address of a cluster whose workers do it. `shard` (i, n) takes the i-th of n parts of the
    class. With `again` ungraded results do not stand.
    """

    lab: str
    submissions: Path
    out: Path
    platform: Platform | None = None
    roster: Path | None = None
    policy: Path | None = None
    kernel: str | None = None
    accel: str = "auto"
    jobs: int | None = None
    cold: bool = False
    key: str | None = None
    pool: str | None = None
    shard: tuple[int, int] | None = None
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where a class is graded: what its threads share. Results that are `proposed` do not stand yet."""

    terms: Terms
    journal: Journal
    house: House
    tally: Tally
    again: bool = False
    proposed: bool = False

    def grade(self, token: Token, taken: Taken) -> Result | None:
        """Grade one and keep it; None where another grader is at it or was before."""
        token.check()
        with self.journal.claimed(taken.key) as ours:
            if not ours or stands(self.journal, taken.key, again=self.again):
                return None
            with self.tally.heard(taken.name) as listen:
                result = attempt(token, self.terms, self.house, taken, listen)
            self.journal.put(result, proposed=self.proposed)
        self.tally.done(taken.name, brief(result), scored=result.standing is not Standing.UNGRADED)
        return result

    def grade_all(self, todo: list[Taken], at_once: int) -> int:
        """Grade them; how many of them this process did."""
        with self.tally.shown(), LocalPool(Capacity(cpus=at_once)) as pool:

            def submits() -> Iterator[Callable[[], Future[Result | None]]]:
                for taken in todo:
                    yield partial(pool.submit, self.grade, taken, need=Need())

            return sum(result is not None for result in stream(submits(), 2 * at_once))


def terms_of(ask: GradeAsk, here: Places, listen: Listener) -> Terms:
    """What all attempts are graded under. Raises BadInput for the lab and the key, HostError."""
    lab = with_kernel(load(lab_folder(here, ask.lab)), ask.kernel)
    key = None if ask.key is None else course_key(lab, ask.key)
    return Terms(lab=lab, base=stand_on(here, lab, ask.accel, listen), course_key=key)


def stands(journal: Journal, key: str, *, again: bool) -> bool:
    """Whether a result needs no guest any more."""
    if not journal.has(key):
        return False
    return not again or journal.get(key).standing is not Standing.UNGRADED


def brief(result: Result) -> str:
    """What became of one, in a line."""
    match result.standing:
        case Standing.GRADED:
            assert result.score is not None
            return f"{points(result.score)} of {result.max_score}"
        case Standing.REFUSED | Standing.UNGRADED:
            return f"{result.standing.value}: {result.reason.splitlines()[0]}"

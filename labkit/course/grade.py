"""A class graded: each result in the journal as it comes, what stands there skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from labkit.batch import fitting
from labkit.course.attempt import attempt
from labkit.course.ledger import ledger, replace_rules
from labkit.course.pages import put_pages
from labkit.course.take import Taken, Terms, pieces, take
from labkit.intake.find import find
from labkit.intake.roster import load_roster, matched
from labkit.keyring import course_key
from labkit.labfile.load import load
from labkit.model.coursework import Ledger, Parcel, Platform, Result, Standing
from labkit.model.events import Event, Listener, Mood
from labkit.model.need import Capacity, Need
from labkit.places import lab_folder, lab_word, places
from labkit.pools.cancel import Token
from labkit.pools.local import LocalPool
from labkit.pools.stream import stream
from labkit.qemu.live import reap
from labkit.report.text import points
from labkit.session import House, opened, stand_on, with_kernel
from labkit.store.journal import CourseRecord, Journal
from labkit.tally import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeAsk:
    """What `labkit course grade` was asked for. `key` names the course's key, None for practice.

    `shard` (i, n) takes the i-th of n parts of the class. With `again` ungraded results do not stand.
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


def grade(ask: GradeAsk, listen: Listener) -> Ledger:
    """Grade what is not graded yet. A submission that cannot be graded stops no other.

    Raises BadInput for the lab, the download or the arguments, HostError when this machine cannot go on; what
    was graded until then stays.
    """
    journal = Journal(folder=ask.out.expanduser().resolve())
    here = places(runs=journal.runs)
    reap(here.live)
    lab = with_kernel(load(lab_folder(here, ask.lab)), ask.kernel)
    key = None if ask.key is None else course_key(lab, ask.key)
    parcels = _class(ask, listen)
    base = stand_on(here, lab, ask.accel, listen)
    terms = Terms(lab=lab, base=base, course_key=key)
    record = CourseRecord(
        lab=lab_word(here, lab.folder),
        kernel=ask.kernel or "",
        key=ask.key or "",
        submissions=str(ask.submissions.resolve()),
        roster=str(ask.roster.resolve()) if ask.roster else "",
    )
    journal.begin(record)
    replace_rules(journal, ask.policy)
    mine = tuple(pieces(ask.shard, parcels))
    todo = [
        it for it in (take(terms, parcel) for parcel in mine) if not stands(journal, it.key, again=ask.again)
    ]
    fresh = 0
    if todo:
        with opened(lab, base, here, cold=ask.cold) as house:
            tally = Tally(of=len(todo), what="submission", listen=listen)
            desk = Desk(terms=terms, journal=journal, house=house, tally=tally, again=ask.again)
            fresh = desk.grade_all(todo, ask.jobs or fitting(house))
    found = ledger(lab, journal, fresh=fresh, elsewhere=len(parcels) - len(mine) + len(todo) - fresh)
    if todo or ask.policy is not None:
        keys = {it.key for it in todo}
        whose = found.results if ask.policy is not None else [it for it in found.results if it.key in keys]
        put_pages(journal, found, tuple(whose), listen)
    return found


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


def _class(ask: GradeAsk, listen: Listener) -> tuple[Parcel, ...]:
    """What was handed in, with the names that the roster knows."""
    parcels = find(ask.submissions, ask.platform)
    if ask.roster is None:
        return parcels
    found = matched(parcels, load_roster(ask.roster))
    for parcel in found.strangers:
        text = f"{parcel.student.id}: not on the roster; graded all the same"
        listen(Event(scope="course", phase="roster", mood=Mood.WARN, text=text))
    return (*found.parcels, *found.strangers)

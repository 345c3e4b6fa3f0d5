"""The student's three programs: what the host read of each while it had stopped itself.

Between two stops of one process the kernel's own count of its faults, the pages that it has and what these
hold say what it did; what it prints says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from labkit.grade.drawn import number
from labkit.grade.judging import Decided, broken, failed, passed, require_completed, require_step
from labkit.grade.witnessed import Row, Seen, require_reading
from labkit.model.evidence import Evidence, after_step
from labkit.model.mapped import Contents
from labkit.model.verdict import Judgement, Where
from labkit.model.witness import PAGE, TaskView

SCENE = "faults"
STOPS = tuple(map(after_step, ("first-stop", "second-stop", "third-stop")))
STUDENT = 1000
# Between two stops a program may use its stack, libc and a buffer of stdio for the first time: some pages.
# The course's own program has 3 to 11 such faults in malloc.
OWN = 20
# Who is ready has nothing new to touch but what the loop itself needs.
FEW = 5


@dataclass(frozen=True, kw_only=True)
class Stop:
    """A program where it stood still: all in pages and faults."""

    seen: Seen
    task: TaskView
    contents: Contents

    @property
    def own(self) -> int:
        """Pages of memory of its own, with data or without."""
        return self.task.rss_anon // PAGE

    @property
    def data(self) -> int:
        return self.contents.filled // PAGE

    @property
    def empty(self) -> int:
        """Pages that hold nothing but zeroes."""
        return (self.contents.mapped - self.contents.filled) // PAGE

    @property
    def zero(self) -> int:
        """Addresses that lead to the shared zero page."""
        return self.contents.zero // PAGE


@dataclass(frozen=True, kw_only=True)
class Change:
    """What became of a program from one stop to the next."""

    first: Stop
    last: Stop

    @property
    def faults(self) -> int:
        return self.last.task.minor_faults - self.first.task.minor_faults

    @property
    def own(self) -> int:
        return self.last.own - self.first.own

    @property
    def data(self) -> int:
        return self.last.data - self.first.data

    @property
    def zero(self) -> int:
        return self.last.zero - self.first.zero

    def judged(self, holds: bool, expected: str, actual: str) -> Judgement:
        rows: list[Row] = [self.last.task, self.last.contents]
        if holds:
            return passed(expected, actual, self.last.seen.show(good=rows))
        return failed(expected, actual, self.last.seen.show(bad=rows))


def exact(evidence: Evidence) -> Judgement:
    """`exact` makes as many faults as it was asked for, and has as many pages more as it was asked for."""
    pages = number(evidence, "exact_pages")
    wanted = pages + number(evidence, "exact_more")
    change = change_of(evidence, "exact", 1)
    expected = f"between its stops {wanted:,} ± {OWN} minor faults, and {pages:,} more pages, all with data"
    actual = f"{change.faults:,} faults, {change.own:,} more pages, {change.data:,} more with data"
    holds = near(change.faults, wanted) and near(change.own, pages) and change.data >= pages
    return change.judged(holds, expected, actual)


def twice_read(evidence: Evidence) -> Judgement:
    """`twice` reads every page: a fault for each, and no memory."""
    pages = number(evidence, "twice_pages")
    change = change_of(evidence, "twice", 1)
    expected = (
        f"from its first stop to its second {pages:,} ± {OWN} minor faults, {pages:,} more addresses that "
        "lead to the zero page, no memory"
    )
    actual = f"{change.faults:,} faults, {change.zero:,} to the zero page, {change.own:,} more pages"
    holds = near(change.faults, pages) and near(change.zero, pages) and near(change.own, 0)
    return change.judged(holds, expected, actual)


def twice_write(evidence: Evidence) -> Judgement:
    """`twice` then writes to every page: a fault for each once more, and now memory."""
    pages = number(evidence, "twice_pages")
    change = change_of(evidence, "twice", 2)
    expected = f"from its second stop to its third {pages:,} ± {OWN} more faults, {pages:,} pages with data"
    actual = f"{change.faults:,} faults, {change.own:,} more pages, {change.data:,} more with data"
    holds = near(change.faults, pages) and near(change.own, pages) and change.data >= pages
    return change.judged(holds, expected, actual)


def ready_there(evidence: Evidence) -> Judgement:
    """`ready` has all of its pages at its first stop, and nothing in them yet."""
    pages = number(evidence, "ready_pages")
    stop = stopped(evidence, "ready", 0)
    expected = f"at its first stop at least {pages:,} pages of its own that hold only zeroes"
    actual = f"{stop.own:,} pages of its own; {stop.empty:,} pages hold only zeroes"
    if stop.own >= pages and stop.empty >= pages:
        return passed(expected, actual, stop.seen.show(good=[stop.task, stop.contents]))
    return failed(expected, actual, stop.seen.show(bad=[stop.task, stop.contents]))


def ready_faults(evidence: Evidence) -> Judgement:
    """`ready` then writes to every page without faults."""
    pages = number(evidence, "ready_pages")
    change = change_of(evidence, "ready", 1)
    expected = f"between its stops at most {FEW} minor faults, and {pages:,} more pages hold data"
    actual = f"{change.faults:,} faults, {change.data:,} more pages hold data"
    return change.judged(change.faults <= FEW and change.data >= pages, expected, actual)


def near(actual: int, wanted: int) -> bool:
    return abs(actual - wanted) <= OWN


def change_of(evidence: Evidence, name: str, stop: int) -> Change:
    """From the stop before to this one, of one and the same process."""
    first, last = stopped(evidence, name, stop - 1), stopped(evidence, name, stop)
    if first.task.pid != last.task.pid:
        actual = f"pid {first.task.pid} at one stop and {last.task.pid} at the next"
        raise Decided(failed(f"one process '{name}' from start to end", actual, _at(last.seen, last.task)))
    return Change(first=first, last=last)


def stopped(evidence: Evidence, name: str, stop: int) -> Stop:
    """The program at one of its stops. Failed unless just one process of that name stands still then."""
    scene = require_completed(evidence, SCENE)
    seen = require_reading(scene, STOPS[stop])
    living = [task for task in seen.named(name) if task.uid == STUDENT]
    expected = f"one process '{name}', stopped for the {('first', 'second', 'third')[stop]} time"
    if not living:
        said = require_step(scene, "start").stderr.strip().splitlines()
        actual = "there is none: it has ended" + (f", and said: {said[-1]}" if said else "")
        raise Decided(failed(expected, actual, seen.show(missing=[name]), hint=_HINT))
    if len(living) > 1:
        raise Decided(failed(expected, f"there are {len(living)}", seen.show(bad=living[:4])))
    (task,) = living
    if task.state != "T":
        actual = f"it is in state {task.state}, after ten seconds of waiting"
        raise Decided(failed(expected, actual, _at(seen, task), hint=_HINT))
    contents = next((each for each in seen.contents if each.pid == task.pid), None)
    if contents is None:
        raise Decided(broken(f"what the pages of '{name}' hold", "the host did not look"))
    return Stop(seen=seen, task=task, contents=contents)


_HINT = "raise(SIGSTOP) stops a process; labkit looks at it and sends it SIGCONT. How often does yours stop?"


def _at(seen: Seen, task: TaskView) -> Where:
    return seen.show(bad=[task])

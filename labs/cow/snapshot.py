"""Scenes snapshot and sole: what the student's own programs do with copy-on-write."""

from __future__ import annotations

import re

from labkit.grade import relate
from labkit.grade.drawn import number
from labkit.grade.judging import (
    Decided,
    broken,
    ending,
    failed,
    passed,
    require_completed,
    require_step,
    stdout,
)
from labkit.grade.witnessed import Seen
from labkit.model.evidence import Evidence
from labkit.model.units import Size
from labkit.model.verdict import Judgement
from labkit.model.witness import PAGE, TaskView

from .moves import changed
from .reading import Pages, frames, look, own_program, pages_of, told

PROGRAM, CROWD = "snapshot", "crowd"
STUDENT = 1000
# The student's tags, as the handout gives them: page i of the table is i, once changed CHANGED + i.
CHANGED, SCRATCH, STATUS = 0x10000, 0x20000, 0x30000


class Pair:
    """The student's parent and saver at one moment, and the tagged pages of each."""

    def __init__(self, evidence: Evidence, step: str) -> None:
        self.parameters = evidence.request.parameters
        self.table = number(self.parameters, "table")
        self.changed = frozenset(changed(self.parameters))  # type: ignore[arg-type]
        self.seen = look(evidence, "snapshot", step)
        self.step = require_step(require_completed(evidence, "snapshot"), step)
        self.parent, self.saver = _pair(self.seen)

    def pages(self, who: TaskView | None) -> Pages:
        return pages_of(self.seen, who) if who is not None else {}

    @property
    def both(self) -> tuple[Pages, Pages]:
        """The pages of the parent's and of the saver's. Failed when there are not both."""
        if self.parent is None or self.saver is None:
            raise Decided(
                failed(
                    f"at its first stop '{PROGRAM}' is a parent with one child of the same name",
                    f"processes '{PROGRAM}': {len(self.seen.named(PROGRAM))}; {ending(self.step)}",
                    self.seen.show(bad=self.seen.named(PROGRAM)),
                )
            )
        return self.pages(self.parent), self.pages(self.saver)


def shares(evidence: Evidence) -> Judgement:
    """While the saver lives, the pages you changed have been copied, and no other."""
    pair = Pair(evidence, "save")
    parent, saver = (frames(each, _table_tags(each)) for each in pair.both)
    copied = len(pair.changed)
    expected = f"{pair.table - copied} pages in one frame for both; {copied} more for each alone"
    actual = (
        f"{len(parent & saver)} in one; parent alone {len(parent - saver)}, saver alone {len(saver - parent)}"
    )
    if pair.parent and pair.saver:
        # A page of a file or of shared memory is one frame for whoever maps it: no work of fork's.
        anonymous = Size(PAGE * pair.table)
        for task in (pair.parent, pair.saver):
            if task.rss_anon < anonymous:
                few = f"pid {task.pid} has {task.rss_anon >> 12} anonymous pages in all"
                return failed(f"{expected}, all anonymous", f"{actual}; {few}", pair.seen.show(bad=[task]))
    holds = (len(parent & saver), len(parent - saver), len(saver - parent)) == (
        pair.table - copied,
        copied,
        copied,
    )
    where = told(pair.seen, actual, good=holds)
    return passed(expected, actual, where) if holds else failed(expected, actual, where)


def keeps(evidence: Evidence) -> Judgement:
    """The saver still has the whole table as it was; the parent has your changes."""
    pair = Pair(evidence, "save")
    parent, saver = pair.both
    old, new = set(range(pair.table)), {CHANGED + at for at in pair.changed}
    has_old = len(old & saver.keys())
    has_new = {index for index in parent if CHANGED <= index < SCRATCH}
    foreign = {index for index in saver if CHANGED <= index < SCRATCH}
    expected = f"saver: all {pair.table} old pages, none changed; parent: {len(new)} changed, as asked"
    actual = f"saver: {has_old} old, {len(foreign)} changed; parent: {len(has_new)} changed"
    if has_new != new:
        odd = min(has_new ^ new) - CHANGED
        actual += f" (page {odd} is {'not changed' if odd in pair.changed else 'changed'})"
    holds = old <= saver.keys() and not foreign and has_new == new
    where = told(pair.seen, actual, good=holds)
    return passed(expected, actual, where) if holds else failed(expected, actual, where)


def scratch_stays(evidence: Evidence) -> Judgement:
    """The scratch pages are the parent's alone: the saver has none of them."""
    pair = Pair(evidence, "save")
    parent, saver = pair.both
    wanted = range(SCRATCH, SCRATCH + number(pair.parameters, "scratch"))
    here, there = (sum(index in each for index in wanted) for each in (parent, saver))
    expected = f"{len(wanted)} scratch pages in the parent's page tables, none in the saver's"
    actual = f"parent {here}, saver {there}"
    where = told(pair.seen, actual, good=here == len(wanted) and not there)
    if here == len(wanted) and not there:
        return passed(expected, actual, where)
    return failed(expected, actual, where)


def status_shared(evidence: Evidence) -> Judgement:
    """What the saver writes into the status page, the parent sees."""
    pair = Pair(evidence, "save")
    parent, saver = pair.both
    expected = "one status page, which the saver may write to, in the same frame for both"
    mine, its = (each.get(STATUS, ()) for each in (parent, saver))
    if len(mine) != 1 or len(its) != 1:
        return failed(
            expected,
            f"mapped {len(mine)} times by the parent, {len(its)} by the saver",
            told(pair.seen, f"tag {STATUS:#x}: parent {len(mine)}, saver {len(its)}", good=False),
        )
    if mine[0].frame != its[0].frame:
        actual = "a frame for each: the parent looks at a page of its own"
        return failed(expected, actual, told(pair.seen, actual, good=False))
    # One frame alone is no proof: before anybody writes, a private page is one for both as well.
    if not its[0].writable:
        actual = "the same frame, but read-only for the saver: its first write will make a copy"
        return failed(expected, actual, told(pair.seen, actual, good=False))
    actual = f"frame {mine[0].frame:#x} for both, writable for the saver"
    return passed(expected, "the same frame for both, writable", told(pair.seen, actual, good=True))


def reuses(evidence: Evidence) -> Judgement:
    """When the saver is gone, you change all other pages, and the kernel copies none of them."""
    first, last = Pair(evidence, "save"), Pair(evidence, "finish")
    before, _ = first.both
    expected = "the saver is gone, every page is changed, and each lies in the frame of the first stop"
    who = [task for task in last.seen.named(PROGRAM) if first.parent and task.pid == first.parent.pid]
    if not who:
        return failed(expected, f"the parent did not come to its second stop; {ending(last.step)}")
    if len(last.seen.named(PROGRAM)) > 1:
        others = [task for task in last.seen.named(PROGRAM) if task.pid != who[0].pid]
        return failed(expected, "a saver is still there", last.seen.show(bad=others))
    after = pages_of(last.seen, who[0])
    missing = sum(CHANGED + at not in after for at in range(first.table))
    rest = [at for at in range(first.table) if at not in first.changed]
    copied = sum(frames(before, [at]) != frames(after, [CHANGED + at]) for at in rest)
    actual = f"{missing} pages not changed; {copied} of the other {len(rest)} were copied"
    holds = not missing and not copied
    where = told(last.seen, actual, good=holds)
    return passed(expected, actual, where) if holds else failed(expected, actual, where)


def sole_pages(evidence: Evidence) -> Judgement:
    """`sole` says how many pages of a stranger's region nobody else maps."""
    seen = own_program(evidence, "sole", "crowd")
    parent, child = _pair(seen, CROWD)
    if parent is None or child is None:
        raise Decided(broken("labkit's own parent and child to look at", "they are not there"))
    mine, its = pages_of(seen, parent), pages_of(seen, child)
    asked = range(number(evidence.request.parameters, "crowd"))
    real = len(frames(mine, asked) - frames(its, its))
    # The truth is the host's, of before the program ran. What it prints is an answer, as a prediction is, and
    # could not be known: the guest's own random numbers decided which pages were written, and by whom.
    step = require_step(require_completed(evidence, "sole"), "sole")
    said = stdout(step)
    if not re.fullmatch(r"\d{1,6}", said.text.strip()):
        return failed(
            "one number on stdout",
            f"{said.text.strip()[:60]!r}; {ending(step)}",
            said.show(bad=[line for line, _ in said.lines][:1]),
        )
    where = said.show(good=[1])
    return relate.equal(
        f"of {len(asked)} pages those that nobody else maps",
        expected=real,
        actual=int(said.text.strip()),
        where=where,
    )


def _table_tags(pages: Pages) -> list[int]:
    return [index for index in pages if index < SCRATCH]


def _pair(seen: Seen, name: str = PROGRAM) -> tuple[TaskView | None, TaskView | None]:
    """The eldest process of a name that has a child of the same name, and that child, if it has just one."""
    family = [task for task in seen.named(name) if task.uid == STUDENT]
    for task in family:
        children = [each for each in family if each.parent == task.pid]
        if children:
            return task, children[0] if len(children) == 1 else None
    return (family[0] if family else None), None

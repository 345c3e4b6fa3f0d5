"""What the checks of this lab read in the evidence: the pool, the tagged pages, what labkit's holder said."""

from __future__ import annotations

import re
from dataclasses import dataclass

from labkit.grade.judging import Answers, Decided, answers, broken, ending, failed, partial, require_step
from labkit.grade.witnessed import Seen, require_reading
from labkit.model.evidence import Evidence, SceneEvidence, StepResult, after_step
from labkit.model.machine import MIB2
from labkit.model.tags import Store
from labkit.model.verdict import ExcerptLine, Judgement, Mark, Where
from labkit.model.witness import HugepagesView

from .pool import Book

TAGS = 512  # of a huge page: one for each 4 KiB
ORDER = 9  # 2**9 pages of 4 KiB
ENOMEM, SIGBUS = 12, 7  # asm-generic/errno-base.h, asm/signal.h
_SAID = re.compile(r"error (\d+)\ntouched (\d+)\nfaults (\d+)\nsignal (\d+)\n")


@dataclass(frozen=True)
class Told:
    """What a holder said of itself: it is labkit's own, and no student's code runs beside it."""

    error: int
    touched: int
    faults: int
    signal: int
    step: StepResult

    @property
    def end(self) -> str:
        """In the words that the predictions use."""
        return {(ENOMEM, 0): "ENOMEM", (0, SIGBUS): "SIGBUS", (0, 0): "lives"}[self.error, self.signal]


def pools(seen: Seen) -> tuple[HugepagesView, ...]:
    """The pools of 2 MiB, node by node."""
    if seen.reading.hugepages is None:
        raise Decided(broken(f"huge pages in {seen.witnessed.where}", "the lab did not ask for them"))
    return tuple(each for each in seen.reading.hugepages if each.size == MIB2)


def book(seen: Seen) -> Book:
    """The pool of all nodes in the words of /proc/meminfo: total, free, reserved, surplus."""
    nodes = pools(seen)
    total, free, extra = (sum(getattr(each, name) for each in nodes) for name in ("total", "free", "surplus"))
    return total, free, nodes[0].reserved, extra


def book_after(scene: SceneEvidence, step: str) -> tuple[Seen, Book]:
    seen = require_reading(scene, after_step(step))
    return seen, book(seen)


def blocks(seen: Seen, first: int, pages: int, node: int | None = None) -> int:
    """How many huge pages' worth of these indices lie in aligned blocks of 2 MiB, on one node or on any."""
    return sum(
        run.blocks(ORDER)
        for run in seen.tags.runs
        if run.store is Store.RAM and first <= run.index < first + pages * TAGS and node in (None, run.node)
    )


def found(seen: Seen, first: int, pages: int) -> int:
    """How many of these indices were found anywhere in RAM."""
    wanted = range(first, first + pages * TAGS)
    return sum(index in wanted for index in seen.tags.indices(Store.RAM))


def point(seen: Seen, **tables: str) -> Where:
    """Point at tables of a reading, each with a few words about what is in it."""
    lines = seen.witnessed.lines
    excerpt = tuple(
        ExcerptLine(number=lines.get(table), mark=Mark.CONTEXT, text=f"{table}: {text}")
        for table, text in tables.items()
    )
    first = next((line.number for line in excerpt if line.number), None)
    return Where(path=seen.witnessed.where, line=first, excerpt=excerpt)


def told(scene: SceneEvidence, name: str) -> Told:
    """What the holder of a step said."""
    step = require_step(scene, name)
    match = _SAID.fullmatch(step.stdout)
    if match is None or step.status != 0:
        raise Decided(broken("labkit's holder says how far it came", ending(step)))
    error, touched, faults, signal = map(int, match.groups())
    if (error, signal) not in ((ENOMEM, 0), (0, SIGBUS), (0, 0)):
        raise Decided(broken("ENOMEM, SIGBUS, or neither", f"errno {error}, signal {signal}"))
    return Told(error=error, touched=touched, faults=faults, signal=signal, step=step)


def predictions(evidence: Evidence) -> Answers:
    return answers(evidence, "predictions.toml")


def four_numbers(said: Answers, name: str) -> Book:
    """An answer that is the four numbers of a pool."""
    value = said.values.get(name)
    if isinstance(value, list) and len(value) == 4 and all(type(item) is int for item in value):
        return value[0], value[1], value[2], value[3]
    expected = f"{name} = [total, free, reserved, surplus]"
    if value is None:
        raise Decided(failed(expected, "no such answer", said.source.show(missing=[f"{name} ="])))
    raise Decided(failed(expected, f"{name} = {value!r}", said.show(name, right=False)))


def judge_answers(said: Answers, right: dict[str, bool], expected: str) -> Judgement:
    """Several answers of one check: each is an equal share of it."""
    good = [said.line_of(name) for name, holds in right.items() if holds]
    bad = [name for name, holds in right.items() if not holds]
    where = said.source.show(good=good, bad=map(said.line_of, bad))
    actual = ", ".join(f"{name} = {said.values.get(name)!r}" for name in right)
    return partial(1 - len(bad) / len(right), expected, actual, where)

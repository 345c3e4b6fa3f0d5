"""Predictions against what labkit's module measured, and the laws that every run shows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from operator import eq

from labkit.grade import relate
from labkit.grade.drawn import number
from labkit.grade.judging import (
    Decided,
    answers,
    broken,
    ending,
    failed,
    kernel_log,
    partial,
    passed,
    predicted,
    require_completed,
    require_step,
    stdout,
)
from labkit.grade.source import Source
from labkit.model.evidence import Evidence
from labkit.model.verdict import Judgement, Outcome

from .rules import KIB, PAGE

ALLOCATORS = ("kmalloc", "vmalloc", "kvmalloc")
SIZES = ("small", "big", "huge")
# Measured after tearing, in eight runs on both kernels: as many runs as pages, once 757 for 760; on a fresh
# kernel 0.14 to 0.42 of the pages.
IN_PIECES = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """An attempt and its answer."""

    name: str
    answer: Mapping[str, object]
    line: int

    @property
    def ok(self) -> bool:
        return self.answer.get("ok") is True

    def told(self, key: str) -> int:
        value = self.answer.get(key)
        if not isinstance(value, int):
            raise Decided(
                broken(f"'{self.name}' is measured, with {key}", str(self.answer.get("error", value)))
            )
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was tried in a scene, in the order in which it was."""

    source: Source
    tried: tuple[Tried, ...]

    def of(self, name: str) -> Tried:
        return self.all(name)[0]

    def all(self, name: str) -> list[Tried]:
        found = [it for it in self.tried if it.name == name]
        if not found:
            raise Decided(broken(f"'{name}' is tried", "it is not in the step's output"))
        return found

    def successes(self) -> list[str]:
        """Which allocators gave which sizes."""
        return [
            name for name in (f"{how} {size}" for size in SIZES for how in ALLOCATORS) if self.of(name).ok
        ]


def sizes(evidence: Evidence) -> Judgement:
    """You said how many bytes kmalloc really gives for three sizes."""
    seen = _measured(evidence, "fresh")
    truth = {name: seen.of(name).told("ksize") for name in ("small", "middle", "large")}
    return predicted(answers(evidence, "predictions.toml"), truth, eq)


def in_pieces(evidence: Evidence) -> Judgement:
    """You said which allocator gives which size, in a fresh kernel and when memory is in pieces."""
    said = answers(evidence, "predictions.toml")
    ends = []
    for scene in ("fresh", "torn"):
        real, mine = _measured(evidence, scene).successes(), said.words(scene)
        where = said.show(scene, right={*mine} == {*real})
        ends.append(relate.same_set(scene, real, mine, where=where))
    right = [it.outcome is Outcome.PASS for it in ends]
    shown = ends[1] if right[0] else ends[0]
    return partial(sum(right) / len(right), shown.expected, shown.actual, shown.where)


def contexts(evidence: Evidence) -> Judgement:
    """You said in which of five contexts in_interrupt() holds, where vmalloc would be a bug at once."""
    rows = _measured(evidence, "fresh").of("contexts").answer.get("contexts")
    if not isinstance(rows, list):
        return broken("five contexts are tried", "there is no answer")
    said = answers(evidence, "predictions.toml")
    real, mine = [it["context"] for it in rows if it["in_interrupt"]], said.words("in_interrupt")
    where = said.show("in_interrupt", right={*mine} == {*real})
    return relate.same_set("in_interrupt", real, mine, where=where)


def accounted(evidence: Evidence) -> Judgement:
    """You said how meminfo and vmallocinfo count one vmalloc of your number of bytes."""
    trials = _measured(evidence, "fresh").all("accounts")
    # A task that comes or goes meanwhile has its stack there, too: what most of the trials say is so.
    (used, times), *_ = Counter(it.told("used_kib") for it in trials).most_common()
    if times <= len(trials) // 2:
        return broken("most of the trials agree", ", ".join(str(it.told("used_kib")) for it in trials))
    truth = {"used_kib": used, "area_bytes": trials[0].told("area_bytes")}
    said = answers(evidence, "predictions.toml")
    note = f" (for {number(evidence, 'odd'):,} bytes)"
    return predicted(said, truth, eq, note)


def one_run(evidence: Evidence) -> Judgement:
    """kmalloc's largest is 4 MiB, one run of frames; a byte count beyond gets NULL."""
    seen = _measured(evidence, "fresh")
    most, largest, beyond = seen.of("kmax"), seen.of("largest"), seen.of("beyond")
    holds = largest.ok and largest.told("runs") == 1 and not beyond.ok
    expected = "4 MiB in one run of frames, 8 MiB not at all"
    actual = f"4 MiB in {largest.told('runs')} run, 8 MiB {'granted' if beyond.ok else 'refused'}"
    where = seen.source.show(good=[most.line, largest.line, beyond.line])
    return (passed if holds else failed)(expected, actual, where)


def from_anywhere(evidence: Evidence) -> Judgement:
    """vmalloc takes what lies side by side while there is such; in pieces it takes pages one by one."""
    fresh, torn = (_measured(evidence, name) for name in ("fresh", "torn"))
    before, after = fresh.of("vmalloc big"), torn.of("vmalloc big")
    pages = number(evidence, "big_kib") * KIB // PAGE
    return relate.at_least(
        "runs of frames",
        bound=int(IN_PIECES * pages),
        actual=after.told("runs"),
        where=torn.source.show(good=[after.line]),
        why=f"for {pages} pages; in the fresh kernel it was {before.told('runs')}",
    )


def not_all_addresses(evidence: Evidence) -> Judgement:
    """32 TiB of addresses, and vmalloc refuses 64 GiB: its limit is the memory there is."""
    seen = _measured(evidence, "fresh")
    more = seen.of("more")
    log = kernel_log(require_completed(evidence, "fresh"))
    expected = "vmalloc error: size …, exceeds total pages"
    line = log.line_of("exceeds total pages")
    if more.ok or line is None:
        return failed(
            expected, "granted" if more.ok else "refused without a word", log.show(missing=[expected])
        )
    return passed(expected, next(text for at, text in log.lines if at == line), log.show(good=[line]))


def _measured(evidence: Evidence, scene: str) -> Measured:
    """What labkit tried out in a scene. The step is labkit's own."""
    step = require_step(require_completed(evidence, scene), "measure")
    source = stdout(step)
    if step.status != 0:
        raise Decided(broken("labkit tries out its sizes", ending(step)))
    rows = [(line, json.loads(text)) for line, text in source.lines]
    return Measured(
        source=source,
        tried=tuple(Tried(name=row["tried"], answer=row, line=line) for line, row in rows),
    )

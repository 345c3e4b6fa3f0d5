"""What the checks of this lab read: answers to questions, steps of the allocator, zones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from labkit.grade.judging import Decided, broken, failed, require_completed, require_step, stdout
from labkit.grade.source import Source
from labkit.grade.witnessed import require_reading
from labkit.model.evidence import Evidence, SceneEvidence
from labkit.model.verdict import ExcerptLine, Mark, Where
from labkit.model.witness import ZoneView

from .rules import is_merge, is_split


@dataclass(frozen=True, kw_only=True)
class Deed:
    """One allocation or free of a sequence, with what it changed in the zone's free lists.

    `top` is the order of the block that was split, or that came of merging; None where the counts changed in
    another way.
    """

    did: str
    name: str
    order: int
    pfn: int
    deltas: tuple[int, ...]
    line: int

    @property
    def top(self) -> int | None:
        return (is_split if self.did == "alloc" else is_merge)(self.deltas, self.order)

    @property
    def levels(self) -> int:
        """How often a block was halved, or two halves became one."""
        return 0 if self.top is None else self.top - self.order


@dataclass(frozen=True, kw_only=True)
class Played:
    """A played sequence: `wrong` says why it ended early, `held` how many blocks it kept."""

    deeds: tuple[Deed, ...]
    wrong: str
    held: int
    source: Source

    def of(self, did: str) -> list[Deed]:
        return [deed for deed in self.deeds if deed.did == did]


def played(evidence: Evidence) -> Played:
    """What labkit's module said of each line of sequence.txt."""
    step = require_step(require_completed(evidence, "sequence"), "play")
    source = stdout(step)
    rows = [(number, json.loads(text)) for number, text in source.lines]
    if step.timed_out or step.status != 0 or not rows or "held" not in rows[-1][1]:
        told = step.stderr.strip().splitlines()
        raise Decided(broken("labkit plays the sequence to its end", told[-1] if told else str(step.status)))
    wrong = [f"sequence.txt:{row['line']}: {row['wrong']}" for _, row in rows if "wrong" in row]
    return Played(
        deeds=tuple(deed_of(row, number) for number, row in rows if "did" in row),
        wrong=wrong[0] if wrong else "",
        held=rows[-1][1]["held"],
        source=source,
    )


def deed_of(row: dict[str, object], number: int) -> Deed:
    """A line of the module's, which has the counts before and after."""
    if row.get("ok") is not True:
        raise Decided(broken("labkit's module does as it is told", str(row.get("error"))))
    before, after = row["before"], row["after"]
    assert isinstance(before, list)
    assert isinstance(after, list)
    return Deed(
        did=str(row.get("did", "free")),
        name=str(row.get("name", "")),
        order=int(str(row["order"])),
        pfn=int(str(row["pfn"])),
        deltas=tuple(new - old for old, new in zip(before, after, strict=True)),
        line=number,
    )


def zones(scene: SceneEvidence, moment: str) -> tuple[tuple[ZoneView, ...], str]:
    """The zones as the host saw them, and the file that has them."""
    seen = require_reading(scene, moment)
    if not seen.reading.zones:
        raise Decided(broken(f"zones in {seen.witnessed.where}", "there are none"))
    return seen.reading.zones, seen.witnessed.where


def free_pages(rows: Sequence[ZoneView]) -> int:
    """On the free lists, as walked."""
    return sum(zone.listed_pages for zone in rows)


def at(where: str, *lines: str) -> Where:
    return Where(
        path=where,
        excerpt=tuple(ExcerptLine(number=None, mark=Mark.CONTEXT, text=line) for line in lines),
    )


def questions(evidence: Evidence) -> tuple[Source, tuple[str, ...], tuple[str, ...]]:
    """The file of answers, the questions that labkit asked, and the answers; failed if there are too few."""
    scene = require_completed(evidence, "functions")
    asked = require_step(scene, "questions")
    if asked.status != 0 or not asked.stdout:
        raise Decided(broken("labkit asks its questions", asked.stderr.strip()))
    step = require_step(scene, "answers")
    source = stdout(step)
    wanted = tuple(asked.stdout.splitlines())
    given = tuple(text for _, text in source.lines)
    if len(given) != len(wanted):
        ending = "it had not ended" if step.timed_out else f"it ended with status {step.status}"
        told = step.stderr.strip().splitlines()
        ending += f": {told[-1]}" if told else ""
        raise Decided(failed(f"{len(wanted)} answers", f"{len(given)} answers; {ending}", source.show()))
    return source, wanted, given

"""The choices of choose.c: each was carried out in the guest, and the module's answer decides."""

from __future__ import annotations

import json

from labkit.grade.judging import (
    Decided,
    broken,
    ending,
    partial,
    require_completed,
    require_step,
    stdout,
)
from labkit.grade.source import Source
from labkit.model.evidence import Evidence
from labkit.model.verdict import Judgement

from .rules import Request, what_is_wrong

SCENES = ("fresh", "torn")
ASKED = ("id", "size", "use", "context", "choice")


def small(evidence: Evidence) -> Judgement:
    """Objects of less than a page, in a fresh kernel and when memory is in pieces."""
    return _judged(evidence, "small")


def big(evidence: Evidence) -> Judgement:
    """Buffers of 1 MiB and more that only the CPU touches: they are there when memory is in pieces, too."""
    return _judged(evidence, "big")


def device(evidence: Evidence) -> Judgement:
    """Buffers that a device reads and writes are one run of frames."""
    return _judged(evidence, "device")


def old_device(evidence: Evidence) -> Judgement:
    """Buffers for 24 address lines lie below 16 MiB."""
    return _judged(evidence, "old-device")


def atomic(evidence: Evidence) -> Judgement:
    """Where nobody may sleep, nothing is chosen that may."""
    return _judged(evidence, "atomic")


def impossible(evidence: Evidence) -> Judgement:
    """What no allocator can give is not asked of one."""
    return _judged(evidence, "impossible")


def _judged(evidence: Evidence, kind: str) -> Judgement:
    """All right earns all, three quarters half: a constant answer is right now and then."""
    scenes = [played(evidence, name) for name in SCENES]
    ours = [(source, of) for source, rows in scenes for of in rows if of.kind == kind]
    if not ours:
        return broken(f"requests of kind {kind}", "none was asked")
    wrong = [(source, of) for source, of in ours if what_is_wrong(of)]
    expected = f"{len(ours)} choices that give what is asked for, and take no more"
    actual = f"{len(ours) - len(wrong)} of {len(ours)}"
    # One file can be pointed at: the one with the first wrong choice.
    shown = wrong[0][0] if wrong else ours[0][0]
    if wrong:
        first = wrong[0][1]
        asked = f"{first.size:,} bytes for {first.use}, {first.context}"
        actual += f"; {asked}: {first.choice or 'none'}, {what_is_wrong(first)}"
    lines = [of.line for source, of in wrong if source is shown]
    where = shown.show(bad=lines[:3]) if wrong else shown.show(good=[ours[0][1].line])
    share = (len(ours) - len(wrong)) / len(ours)
    return partial(1.0 if not wrong else 0.5 if share >= 0.75 else 0.0, expected, actual, where)


def played(evidence: Evidence, name: str) -> tuple[Source, list[Request]]:
    """What came of the choices in a scene. The step is labkit's own: broken if it did not do its work."""
    step = require_step(require_completed(evidence, name), "play")
    source = stdout(step)
    rows = [(number, json.loads(text)) for number, text in source.lines] if step.status == 0 else []
    if not rows or rows[-1][1] != {"asked": len(rows) - 1}:
        raise Decided(broken("labkit carries out every choice", ending(step)))
    return source, [_request(row, number) for number, row in rows[:-1]]


def _request(row: dict[str, object], line: int) -> Request:
    asked = {name: row[name] for name in ASKED}
    answer = {name: value for name, value in row.items() if name not in asked}
    return Request(**asked, answer=answer, line=line)  # type: ignore[arg-type] # labkit's own line

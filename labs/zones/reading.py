"""What the checks of this lab read: zones as the host saw them, and what labkit's own script was answered."""

from __future__ import annotations

import json
from dataclasses import dataclass

from labkit.grade.judging import Decided, broken, require_completed, require_step, stdout
from labkit.grade.source import Source
from labkit.grade.witnessed import require_reading
from labkit.model.evidence import Evidence, SceneEvidence
from labkit.model.verdict import ExcerptLine, Mark, Where
from labkit.model.witness import ZoneView

# Indices of the protection arrays: enum zone_type of include/linux/mmzone.h on x86-64.
ZONES = ("DMA", "DMA32", "Normal", "Movable", "Device")
REQUESTS = ("GFP_DMA", "GFP_DMA32", "GFP_KERNEL", "GFP_HIGHUSER_MOVABLE")
BLOCK_PAGES = 256  # of order 8, in which memory is exhausted


@dataclass(frozen=True, kw_only=True)
class Zones:
    """The populated zones at one moment, and the file that has them."""

    by_name: dict[str, ZoneView]
    where: str

    def managed(self, name: str) -> int:
        return self.by_name[name].managed_pages if name in self.by_name else 0

    def holding(self, pfn: int) -> str | None:
        """The zone whose span a page frame lies in."""
        for zone in self.by_name.values():
            if zone.start_pfn <= pfn < zone.start_pfn + zone.spanned_pages:
                return zone.name
        return None

    def show(self, *names: str) -> Where:
        """A line for each of the zones: its pages and what it keeps back."""
        found = [self.by_name[name] for name in names or ZONES if name in self.by_name]
        lines = tuple(
            ExcerptLine(number=None, mark=Mark.CONTEXT, text=f"{each.name}: {_told(each)}") for each in found
        )
        return Where(path=self.where, excerpt=lines)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the module answered one command, and the line of the step's output that says so."""

    ok: bool
    zone: str
    pfn: int
    line: int


def zones(scene: SceneEvidence, moment: str) -> Zones:
    """The host's reading of the zones. Broken where the guest has more than one node."""
    seen = require_reading(scene, moment)
    rows = seen.reading.zones
    if not rows or any(zone.node for zone in rows):
        raise Decided(broken("the zones of one node", f"{seen.witnessed.where} has others"))
    return Zones(by_name={zone.name: zone for zone in rows}, where=seen.witnessed.where)


def asked(evidence: Evidence, name: str, step: str) -> tuple[Source, dict[str, Answer]]:
    """What the four kinds of request were answered at the end of a step, by their names."""
    scene = require_completed(evidence, name)
    result = require_step(scene, step)
    source = stdout(result)
    rows = [(number, _json(text)) for number, text in source.lines]
    *last, freed = rows[-len(REQUESTS) - 1 :]
    if result.status != 0 or len(last) != len(REQUESTS) or not freed[1].get("ok"):
        raise Decided(broken("labkit's module answers", f"step '{step}' ended with {result.status}"))
    return source, {
        request: Answer(
            ok=row.get("ok") is True,
            zone=str(row.get("zone", "")),
            pfn=_whole(row.get("pfn")),
            line=number,
        )
        for request, (number, row) in zip(REQUESTS, last, strict=True)
    }


def _json(text: str) -> dict[str, object]:
    row = json.loads(text)
    assert isinstance(row, dict)
    return row


def _whole(value: object) -> int:
    return value if isinstance(value, int) else -1


def _told(zone: ZoneView) -> str:
    return (
        f"start_pfn {zone.start_pfn}, managed {zone.managed_pages}, free {zone.listed_pages}, "
        f"min {zone.min_pages}, protection {zone.protection_pages}"
    )

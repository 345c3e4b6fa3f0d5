"""The pages of labkit's subject: where each lies, and what module and host found on the way to it.

The student's decoder gets the entries that the module read. What they mean is what the host found when it
walked the same tables itself, the guest standing still.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from labkit.grade.judging import Decided, broken, require_completed, require_step, stdout, unsupported
from labkit.grade.witnessed import Seen, require_reading
from labkit.model.evidence import Evidence, after_step
from labkit.model.mapped import Extent, PageTables
from labkit.model.tags import Store
from labkit.model.verdict import Where
from labkit.model.witness import PAGE

FOUR, FIVE = "four", "five"
LOOKS = ("first", "second")
PRESENT = 1 << 0
# Intel SDM vol. 3, table 4-20, by the kernel's names (arch/x86/include/asm/pgtable_types.h); HUGE is its PSE.
FLAGS = {"PRESENT": 0, "RW": 1, "USER": 2, "ACCESSED": 5, "DIRTY": 6, "HUGE": 7, "NX": 63}


@dataclass(frozen=True, kw_only=True)
class Spot:
    """One address of the subject's at one look.

    `stop` is the level of the last entry that the module met, `raw` that entry; `leaf` is what the host found
    there, None where nothing is mapped; `place` is the frame in which it found the page's tag.
    """

    name: str
    address: int
    levels: int
    stop: str
    raw: int
    leaf: Extent | None
    place: int | None
    seen: Seen

    @property
    def indices(self) -> tuple[int, ...]:
        """From the top table down."""
        return tuple(self.address >> 12 + 9 * level & 511 for level in reversed(range(self.levels)))

    @property
    def frame(self) -> int:
        """The leaf's first frame."""
        return self._leaf.pfn

    @property
    def physical(self) -> int:
        return self._leaf.pfn * PAGE + self.address - self._leaf.first

    @property
    def flags(self) -> frozenset[str]:
        return frozenset(name for name, bit in FLAGS.items() if self._leaf.entry >> bit & 1)

    @property
    def huge(self) -> bool:
        return self.leaf is not None and self.leaf.size > PAGE

    @property
    def present(self) -> bool:
        return self.leaf is not None and bool(self.leaf.entry & PRESENT)

    @property
    def _leaf(self) -> Extent:
        assert self.leaf is not None
        return self.leaf

    def where(self) -> Where:
        return Where(path=self.seen.witnessed.where)


def spots(evidence: Evidence, scene: str) -> tuple[Spot, ...]:
    """All addresses in the order in which the decoder gets them. Unsupported without five levels in FIVE."""
    found = tuple(spot for look in LOOKS for spot in _spots(evidence, scene, look))
    if scene == FIVE and found[0].levels != 5:
        raise Decided(
            unsupported(
                "a processor with five levels of page tables (LA57)",
                "this host's has four; an emulated one has five: `labkit run pagewalk --accel tcg`",
            )
        )
    return found


def spot(evidence: Evidence, scene: str, name: str) -> Spot:
    return next(each for each in spots(evidence, scene) if each.name == name)


def subject_tables(evidence: Evidence, scene: str, look: str, pid: int) -> tuple[Seen, PageTables]:
    """What the host found when it walked the subject's tables."""
    seen = require_reading(require_completed(evidence, scene), after_step(look))
    for tables in seen.reading.page_tables:
        if tables.pid == pid:
            return seen, tables
    raise Decided(broken("labkit's subject stands still", f"the host found no process {pid}"))


def _spots(evidence: Evidence, scene: str, look: str) -> list[Spot]:
    step = require_step(require_completed(evidence, scene), look)
    rows = [line.split(" ", 3) for _, line in stdout(step).lines]
    if step.status != 0 or not rows:
        raise Decided(
            broken("labkit's own subject and module", step.stderr.strip() or f"status {step.status}")
        )
    walks = [json.loads(row[3]) for row in rows]
    seen, tables = subject_tables(evidence, scene, look, walks[0]["pid"])
    places = _places(seen)
    found = []
    for (name, address, tag, _), walk in zip(rows, walks, strict=True):
        leaf = _leaf(tables, int(address, 16))
        last = walk["entries"][-1]
        if walk["pfn"] != (leaf.pfn if leaf else None) or walk["levels"] != tables.levels:
            raise Decided(broken(f"module and host agree on {address}", f"{walk['pfn']} and {leaf}"))
        found.append(
            Spot(
                name=name,
                address=int(address, 16),
                levels=tables.levels,
                stop=last["level"],
                raw=int(last["raw"], 16),
                leaf=leaf,
                place=places.get(int(tag)) if tag != "-" else None,
                seen=seen,
            )
        )
    return found


def _leaf(tables: PageTables, address: int) -> Extent | None:
    """The small pages that are there for everybody are no extents: both lists have to be looked through."""
    for extent in (*tables.extents, *tables.zero):
        if extent.first <= address < extent.first + extent.size:
            return extent
    return None


def _places(seen: Seen) -> Mapping[int, int]:
    """Frame by index of the tag in it; a copy that lies elsewhere too proves nothing."""
    found: dict[int, int] = {}
    twice = set()
    for run in seen.tags.runs:
        for at in range(run.pages if run.store is Store.RAM else 0):
            if run.index + at in found:
                twice.add(run.index + at)
            found[run.index + at] = run.place + at
    return {index: place for index, place in found.items() if index not in twice}

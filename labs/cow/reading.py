"""What the checks of this lab read in the evidence: which frame each tagged page of a process lies in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from labkit.grade.judging import Decided, broken, ending, require_completed, require_step
from labkit.grade.witnessed import Seen, require_reading
from labkit.model.evidence import Evidence, after_step
from labkit.model.tags import Store
from labkit.model.verdict import ExcerptLine, Mark, Where
from labkit.model.witness import TaskView

NODE_OF_CHILD = 1  # family's child runs on CPU 1, which is node 1's


@dataclass(frozen=True)
class Place:
    """Where a page lies, and whether the process that maps it may write to it without a fault."""

    frame: int
    node: int | None
    writable: bool


Pages = Mapping[int, tuple[Place, ...]]  # by the index in a page's tag


def pages_of(seen: Seen, task: TaskView) -> Pages:
    """The tagged pages that a process maps: its page tables joined with the tags found in RAM.

    A page that the kernel freed keeps its tag; in no process' tables it counts for nothing.
    """
    tagged = {
        run.place + at: (run.index + at, run.node)
        for run in seen.tags.runs
        if run.store is Store.RAM
        for at in range(run.pages)
    }
    found: dict[int, tuple[Place, ...]] = {}
    for tables in seen.reading.page_tables:
        if tables.pid != task.pid:
            continue
        for extent in tables.extents:
            if extent.pfn in tagged:
                index, node = tagged[extent.pfn]
                place = Place(frame=extent.pfn, node=node, writable=extent.writable)
                found[index] = (*found.get(index, ()), place)
    return found


def frames(pages: Pages, indices: Iterable[int]) -> frozenset[int]:
    """The frames of some pages; a page that is not mapped has none."""
    return frozenset(place.frame for index in indices for place in pages.get(index, ()))


def look(evidence: Evidence, scene: str, step: str) -> Seen:
    """What the host read when a step of a scene had ended."""
    return require_reading(require_completed(evidence, scene), after_step(step))


def own_program(evidence: Evidence, scene: str, step: str) -> Seen:
    """The same, where the step is labkit's own program: that it does not go as it should is broken."""
    result = require_step(require_completed(evidence, scene), step)
    if result.status != 0:
        raise Decided(broken(f"labkit's own step '{step}' ends with 0", ending(result)))
    return look(evidence, scene, step)


def told(seen: Seen, *lines: str, good: bool) -> Where:
    """Sentences about a reading's page tables, which are too long to be shown themselves."""
    mark = Mark.GOOD if good else Mark.BAD
    first = seen.witnessed.lines.get("page_tables")
    excerpt = tuple(ExcerptLine(number=None, mark=mark, text=line) for line in lines)
    return Where(path=seen.witnessed.where, line=first, excerpt=excerpt)

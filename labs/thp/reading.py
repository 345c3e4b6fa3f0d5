"""What the checks of this lab read in the evidence: in which leaf of a page table each tagged page lies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from labkit.grade.judging import Decided, broken, ending, require_completed, require_step
from labkit.grade.witnessed import Seen, require_reading
from labkit.model.evidence import Evidence, after_step
from labkit.model.mapped import Extent
from labkit.model.tags import Store
from labkit.model.units import Size
from labkit.model.verdict import ExcerptLine, Mark, Where
from labkit.model.witness import PAGE, TaskView

HUGE = Size.mib(2)
HUGE_PAGES = HUGE // PAGE


@dataclass(frozen=True)
class Home:
    """Where a tagged page lies: its frame, the leaf that maps it, and the 2 MiB of addresses around it."""

    frame: int
    leaf: Extent
    area: int

    @property
    def huge(self) -> bool:
        return self.leaf.size == HUGE


Homes = Mapping[int, Home]  # by the index in a page's tag


def homes(seen: Seen, task: TaskView) -> Homes:
    """The tagged pages that a process maps: its page tables joined with the tags found in RAM."""
    tagged = {
        run.place + at: run.index + at
        for run in seen.tags.runs
        if run.store is Store.RAM
        for at in range(run.pages)
    }
    found = {}
    for extent in leaves(seen, task):
        for at in range(extent.size // PAGE):
            if extent.pfn + at in tagged:
                address = extent.first + at * PAGE
                found[tagged[extent.pfn + at]] = Home(extent.pfn + at, extent, address // HUGE)
    return found


def leaves(seen: Seen, task: TaskView) -> tuple[Extent, ...]:
    """The leaves of a process' page tables."""
    return next((each.extents for each in seen.reading.page_tables if each.pid == task.pid), ())


def huge_leaves(found: Homes, indices: Iterable[int]) -> int:
    """How many huge leaves some pages lie in."""
    return len({found[at].leaf.first for at in indices if at in found and found[at].huge})


def look(evidence: Evidence, scene: str, step: str) -> Seen:
    """What the host read when a step of a scene had ended."""
    return require_reading(require_completed(evidence, scene), after_step(step))


def own_program(evidence: Evidence, scene: str, step: str, *names: str) -> tuple[Seen, dict[str, TaskView]]:
    """The same, and processes by name, where the step is labkit's own: that one is missing is broken."""
    result = require_step(require_completed(evidence, scene), step)
    if result.status != 0:
        raise Decided(broken(f"labkit's own step '{step}' ends with 0", ending(result)))
    seen = look(evidence, scene, step)
    tasks = {name: task for name in names for task in seen.named(name)}
    if tasks.keys() != set(names):
        raise Decided(broken(f"processes {', '.join(names)}", ", ".join(tasks) or "none of them"))
    return seen, tasks


def counter(seen: Seen, name: str) -> int:
    """A counter of /proc/vmstat, as the host read it."""
    counters = seen.reading.vmstat or {}
    if name not in counters:
        raise Decided(broken(f"a counter {name} in {seen.witnessed.where}", "there is none"))
    return counters[name]


def told(seen: Seen, *lines: str, good: bool) -> Where:
    """Sentences about a reading's page tables, which are too long to be shown themselves."""
    mark = Mark.GOOD if good else Mark.BAD
    first = seen.witnessed.lines.get("page_tables")
    excerpt = tuple(ExcerptLine(number=None, mark=mark, text=line) for line in lines)
    return Where(path=seen.witnessed.where, line=first, excerpt=excerpt)

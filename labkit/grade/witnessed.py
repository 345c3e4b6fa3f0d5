"""What a check says of the host's own readings: require them, find in them, point at them.

seen = require_reading(scene, "after-limit")
group = seen.memcg("/bakery")
kills = seen.oom().kills
return passed(expected, actual, seen.show(good=[group]))
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from typing_extensions import assert_never

from labkit.grade.conservation import changes, nonsense, violations
from labkit.grade.judging import Decided, broken, failed, fell
from labkit.grade.parse.oom import OomLog, parse_oom
from labkit.grade.source import Source, source_of_records
from labkit.model.evidence import AFTER, BEFORE, SceneEnd, SceneEvidence, Witnessed
from labkit.model.kernel_log import LogRecord
from labkit.model.mapped import Contents
from labkit.model.tags import Tags
from labkit.model.units import Size
from labkit.model.verdict import ExcerptLine, Mark, Where
from labkit.model.witness import SEALING, MemcgView, Reading, SlabView, TaskView, Totals, ZoneView

_TABLES = ("tasks", "memcgs", "dmesg", "contents", "zones", "slabs")
_T = TypeVar("_T")
Row = TaskView | MemcgView | LogRecord | Contents | ZoneView | SlabView


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One reading, and where in the run directory a person finds each line of it."""

    witnessed: Witnessed

    @property
    def reading(self) -> Reading:
        return self.witnessed.reading

    @property
    def tasks(self) -> tuple[TaskView, ...]:
        return _asked(self.reading.tasks, self.witnessed, "tasks")

    @property
    def memcgs(self) -> tuple[MemcgView, ...]:
        return _asked(self.reading.memcgs, self.witnessed, "memcgs")

    @property
    def zones(self) -> tuple[ZoneView, ...]:
        return _asked(self.reading.zones, self.witnessed, "zones")

    @property
    def slabs(self) -> tuple[SlabView, ...]:
        return _asked(self.reading.slabs, self.witnessed, "slabs")

    @property
    def vmstat(self) -> Mapping[str, int]:
        return _asked(self.reading.vmstat, self.witnessed, "vmstat")

    @property
    def totals(self) -> Totals:
        return _asked(self.reading.totals, self.witnessed, "totals")

    @property
    def tags(self) -> Tags:
        """Where the tagged pages of this run lie: class physical."""
        return _asked(self.reading.tags, self.witnessed, "tags")

    @property
    def contents(self) -> tuple[Contents, ...]:
        return self.reading.contents

    def named(self, comm: str) -> tuple[TaskView, ...]:
        """The living processes of a name, in the kernel's order: the last was started last."""
        return tuple(task for task in self.tasks if task.comm == comm and not task.dying)

    def memcg(self, path: str) -> MemcgView | None:
        return next((memcg for memcg in self.memcgs if memcg.path == path), None)

    @property
    def kernel_log(self) -> tuple[LogRecord, ...]:
        """What the kernel itself logged: what a program writes to /dev/kmsg has another facility."""
        log = _asked(self.reading.dmesg, self.witnessed, "dmesg")
        return tuple(record for record in log if record.from_kernel)

    def oom(self) -> OomLog:
        return parse_oom(self.kernel_log)

    def log_source(self) -> Source:
        """The kernel's log as lines that can be pointed at."""
        return source_of_records(self.witnessed.where, self.kernel_log)

    def show(
        self, *, good: Iterable[Row] = (), bad: Iterable[Row] = (), missing: Iterable[str] = ()
    ) -> Where:
        """Point at rows of the reading, each in a few words and under its line in the file."""
        marked = [(row, Mark.GOOD) for row in good] + [(row, Mark.BAD) for row in bad]
        lines = [
            ExcerptLine(number=self._line_of(row), mark=mark, text=describe(row)) for row, mark in marked
        ]
        lines += [ExcerptLine(number=None, mark=Mark.MISSING, text=text) for text in missing]
        first = next((line.number for line in lines if line.number), None)
        return Where(path=self.witnessed.where, line=first, excerpt=tuple(lines))

    def _line_of(self, row: Row) -> int | None:
        for table in _TABLES:
            rows = getattr(self.reading, table) or ()
            for index, each in enumerate(rows):
                if each is row:
                    return self.witnessed.lines.get(table, 0) + 1 + index
        return None


def require_reading(scene: SceneEvidence, moment: str = AFTER) -> Seen:
    """What the host read at a moment.

    There is none: failed if the guest fell before, else broken. What made no sense is broken, for at the
    tiers where a reading alone is enough nobody could have made it so.
    """
    expected = f"the host's reading '{moment}' of scene '{scene.name}'"
    found = scene.witness(moment)
    if found is None:
        if scene.end is not SceneEnd.COMPLETED:
            raise Decided(fell(scene, expected))
        raise Decided(broken(expected, "there is none in the run directory"))
    if odd := next(iter(nonsense(found.reading)), None):
        raise Decided(
            broken(f"{expected} makes sense", f"{odd.probe.value}: {odd.found}", Where(path=found.where))
        )
    return Seen(witnessed=found)


def require_sealed(scene: SceneEvidence) -> Seen:
    """What the host read at the end, if the kernel's memory was coherent then, and its code the same.

    Failed otherwise: whose code was in the kernel changed it. The scene must have looked before and after.
    """
    expected = "a kernel whose code is its own and whose books agree"
    pair = [scene.witness(moment) for moment in (BEFORE, AFTER)]
    first, last = pair
    if first is None or last is None:
        if scene.end is not SceneEnd.COMPLETED:
            raise Decided(fell(scene, expected))
        raise Decided(broken(expected, f"scene '{scene.name}' was not read before and after"))
    for probe in SEALING:
        if getattr(last.reading, probe.value) is None and not last.reading.incoherent:
            raise Decided(
                broken(f"{probe.value} in {last.where}", "a seal holds by them, and the lab did not ask")
            )
    broken_laws = (*changes(first.reading, last.reading), *violations(last.reading))
    if broken_laws:
        where = Where(
            path=last.where,
            excerpt=tuple(ExcerptLine(number=None, mark=Mark.BAD, text=law) for law in broken_laws[:12]),
        )
        raise Decided(failed(expected, broken_laws[0], where))
    return Seen(witnessed=last)


def describe(row: Row) -> str:
    """A row in a few words."""
    match row:
        case TaskView():
            faults = f"{row.minor_faults:,} minor faults, " if row.minor_faults else ""
            return (
                f"pid {row.pid} {row.comm}: uid {row.uid}, oom_score_adj {row.oom_score_adj}, "
                f"rss {_kib(row.rss)}, swap {_kib(row.swap)}, {faults}cgroup {row.cgroup}"
            )
        case MemcgView():
            events = ", ".join(f"{name} {count}" for name, count in row.events.items() if count)
            return (
                f"{row.path}: max {_limit(row.max)}, swap.max {_limit(row.swap_max)}, "
                f"oom.group {int(row.oom_group)}, events: {events or 'none'}"
            )
        case LogRecord():
            return row.text.split("\n", 1)[0]
        case Contents():
            zero = f", {_kib(row.zero)} lead to the zero page" if row.zero else ""
            return f"pid {row.pid} {row.comm}: {_kib(row.mapped)} mapped, {_kib(row.filled)} hold data{zero}"
        case ZoneView():
            blocks = " ".join(map(str, row.nr_free))
            return f"node {row.node}, zone {row.name}: free blocks by order {blocks}"
        case SlabView():
            return (
                f"{row.name}: {row.objects_a_slab} objects of {row.stride_bytes} bytes in a slab of order "
                f"{row.order}; {row.slabs} slabs, {row.active} of {row.objects} objects in use"
            )
    assert_never(row)


def _asked(rows: _T | None, witnessed: Witnessed, name: str) -> _T:
    if rows is None:
        raise Decided(broken(f"{name} in {witnessed.where}", "the lab did not ask for them"))
    return rows


def _kib(size: Size) -> str:
    return f"{size >> 10:,} KiB"


def _limit(size: Size | None) -> str:
    return "max" if size is None else str(int(size))

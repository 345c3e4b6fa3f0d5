"""A glance at a running guest: cheap enough for ten a second, and the guest is not stopped for it.

What is read may be in the middle of a change: a glance is for eyes. A part that makes no sense stands as it
was read last, until it is its time again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from drgn import Object

from labkit.model.glance import Candidate, Glance, Level, Notable, SlabUse
from labkit.model.kernel_log import LogRecord, notable
from labkit.model.units import Size
from labkit.model.witness import PAGE, TaskView
from labkit.witness.attach import unlike
from labkit.witness.counters import read_totals, read_vmstat
from labkit.witness.log import log_head, read_dmesg
from labkit.witness.memory import MAX_STEPS, NONSENSE, Memory
from labkit.witness.slabs import read_slabs
from labkit.witness.survey import Surveyor
from labkit.witness.tasks import read_tasks
from labkit.witness.zones import populated_zones

# Measured, of one core, on a guest of 512 MiB: levels 0.5 ms, vmstat 4, log 5, tasks 31, slabs 103,
# a slice of the RAM map 3 ms.
EVERY_TASKS, EVERY_LOG, EVERY_SLABS = 1.0, 0.5, 4.0  # seconds
MOST = 12  # rows of a list
LINES = 6
NOTABLE = 12  # of the log's records
_T = TypeVar("_T")


@dataclass(slots=True, kw_only=True)
class Glancer:
    """Reads frames of one guest, and remembers of each part when it was read."""

    memory: Memory
    _surveyor: Surveyor = field(init=False)
    _log: tuple[tuple[str, ...], tuple[Notable, ...]] = ((), ())
    _heads: tuple[int, int] = (-1, -1)  # the log's, when it was looked at before
    _last: Glance = field(default_factory=lambda: Glance(at=0.0, levels=(), vmstat={}))
    _read_at: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._surveyor = Surveyor(memory=self.memory)

    def glance(self) -> Glance:
        """The next frame. Raises OSError when QEMU is gone, Broken for a kernel that is not laid out so."""
        last, now = self._last, time.time()
        self._log = self._part("log", EVERY_LOG, self._read_log, self._log)
        self._last = replace(
            last,
            at=now,
            levels=self._part("levels", 0.0, lambda: tuple(_levels(self.memory)), last.levels),
            vmstat=self._part("vmstat", 0.0, lambda: read_vmstat(self.memory), last.vmstat),
            candidates=self._part("tasks", EVERY_TASKS, lambda: _candidates(self.memory), last.candidates),
            said=self._log[0],
            notable=self._log[1],
            ram=self._part("ram", 0.0, self._surveyor.survey, last.ram),
            slabs=self._part("slabs", EVERY_SLABS, lambda: _slabs(self.memory), last.slabs),
        )
        return self._last

    def _read_log(self) -> tuple[tuple[str, ...], tuple[Notable, ...]]:
        """What of the log is shown. A record is looked for twice: the first time it may be half written."""
        head = log_head(self.memory)
        if self._heads == (head, head):
            return self._log
        self._heads = (self._heads[1], head)
        records = read_dmesg(self.memory)
        return _said(records), _notable(records)

    def _part(self, name: str, every: float, read: Callable[[], _T], last: _T) -> _T:
        """Read it if it is its time, else as it was."""
        now = time.monotonic()
        if now - self._read_at.get(name, -every) < every:
            return last
        self._read_at[name] = now
        self.memory.steps_left = MAX_STEPS
        try:
            return read()
        except NONSENSE:
            return last
        except (LookupError, AttributeError) as error:
            raise unlike(error) from error


def _levels(memory: Memory) -> Iterator[Level]:
    for node, _, address in populated_zones(memory):
        zone = Object(memory.prog, memory.type("struct zone"), address=address).read_()
        boost = zone.watermark_boost.value_()
        marks = [zone._watermark[number].value_() + boost for number in range(3)]
        nr_free = tuple(each.nr_free.value_() for each in zone.free_area)
        yield Level(
            node=node,
            zone=memory.string(zone.name.value_()),
            managed_pages=zone.managed_pages.counter.value_(),
            free_pages=sum(count << order for order, count in enumerate(nr_free)),
            min_pages=marks[0],
            low_pages=marks[1],
            high_pages=marks[2],
            nr_free=nr_free,
        )


def _candidates(memory: Memory) -> tuple[Candidate, ...]:
    """The processes that the OOM killer would look at, the likeliest first."""
    totals = read_totals(memory)
    pages = (totals.ram + totals.swap) // PAGE
    found = [_candidate(task, pages) for task in read_tasks(memory) if not task.kernel_thread]
    return tuple(sorted(found, key=_rank)[:MOST])


def _candidate(task: TaskView, total_pages: int) -> Candidate:
    """mm/oom_kill.c, oom_badness() of v6.1 and v6.12, for an OOM of the whole machine."""
    used = (task.rss + task.swap + task.page_tables) // PAGE
    points = None if task.oom_score_adj == -1000 else used + task.oom_score_adj * (total_pages // 1000)
    return Candidate(
        pid=task.pid, comm=task.comm, rss=task.rss, swap=task.swap, adj=task.oom_score_adj, points=points
    )


def _rank(candidate: Candidate) -> tuple[bool, int]:
    return candidate.points is None, -(candidate.points or 0)


def _slabs(memory: Memory) -> tuple[SlabUse, ...]:
    found = [
        SlabUse(
            name=cache.name,
            taken=Size(cache.slabs * (PAGE << cache.order)),
            objects=cache.objects,
            active=cache.active,
        )
        for cache in read_slabs(memory)
    ]
    return tuple(sorted(found, key=lambda cache: -cache.taken)[:MOST])


def _said(log: tuple[LogRecord, ...]) -> tuple[str, ...]:
    """The last lines of the kernel's log."""
    return tuple(f"[{record.time_us / 1e6:10.3f}] {record.text}" for record in log[-LINES:])


def _notable(log: tuple[LogRecord, ...]) -> tuple[Notable, ...]:
    told = ((record, notable(record.text)) for record in log if record.from_kernel)
    found = [Notable(time_us=record.time_us, kind=it[0], text=it[1]) for record, it in told if it]
    return tuple(found[-NOTABLE:])

"""What the host read in a guest's memory at one instant: zones, tasks, memcgs and the rest, as values.

Units are in the names: pages are of 4096 bytes, sizes are Size (bytes). What was not asked for is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from labkit.model.kernel_log import LogRecord
from labkit.model.kernel_text import KernelText, ModuleView
from labkit.model.mapped import Contents, PageTables
from labkit.model.page_map import PageMap
from labkit.model.ram_map import RamMap
from labkit.model.tags import Tags
from labkit.model.units import Size

PAGE = 4096


class Probe(Enum):
    """What can be asked for, by the names that lab.toml uses."""

    ZONES = "zones"
    TASKS = "tasks"
    MEMCGS = "memcgs"
    SLABS = "slabs"
    HUGEPAGES = "hugepages"
    VMSTAT = "vmstat"
    TOTALS = "totals"
    THP = "thp"
    MODULES = "modules"
    DMESG = "dmesg"
    RAM = "ram"
    MAP = "map"
    TEXT = "text"
    TAGS = "tags"


# What the laws are about by which a kernel is held to be whole (grade/conservation.py).
SEALING = (Probe.ZONES, Probe.TASKS, Probe.MODULES, Probe.TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeList:
    """One free list. `blocks` were counted by walking it; `faults` of them are no free block of this list."""

    order: int
    migratetype: str
    blocks: int
    faults: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PerCpuPages:
    """What one CPU keeps of a zone. `count` is the kernel's own, `walked` was counted on its lists."""

    cpu: int
    count_pages: int
    walked_pages: int
    high_pages: int
    batch_pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneView:
    """One populated zone, everything in pages.

    `nr_free` is the kernel's count of blocks by order; `counter_pages` its NR_FREE_PAGES with what the CPUs
    have not yet added; `tagged_pages` belong to pages of the zone that say of themselves that they are free.
    `protection_pages` are kept from requests that could be served by a higher zone, by that zone's index
    (zone->lowmem_reserve, the protection of /proc/zoneinfo). `unmerged_blocks` are free and have a free buddy
    of their order, which the allocator never leaves behind. `locked` tells that somebody was changing the
    lists at this instant.
    """

    node: int
    name: str
    start_pfn: int
    spanned_pages: int
    present_pages: int
    managed_pages: int
    min_pages: int
    low_pages: int
    high_pages: int
    nr_free: tuple[int, ...]
    free_lists: tuple[FreeList, ...]
    counter_pages: int
    tagged_pages: int
    stats: Mapping[str, int]
    per_cpu: tuple[PerCpuPages, ...]
    locked: bool
    protection_pages: tuple[int, ...] = ()
    unmerged_blocks: int = 0

    @property
    def listed_pages(self) -> int:
        """Pages on the free lists, as walked."""
        return sum(each.blocks << each.order for each in self.free_lists)

    def listed_blocks(self, order: int) -> int:
        return sum(each.blocks for each in self.free_lists if each.order == order)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskView:
    """One process (a thread group). `state` is the letter of /proc/PID/stat; `cgroup` its path from the root.

    The resident sizes are exact: they hold what the CPUs or threads have not yet added to the mm. `dying`:
    its leader is past PF_EXITING, or a SIGKILL is pending. `busy`: somebody holds its mmap_lock, so its pages
    may be between two states (khugepaged takes a table out while it fills a huge page). A kernel thread has
    no memory of its own. Faults are those of all its threads, living and ended, as in /proc/PID/stat.
    """

    pid: int
    comm: str
    uid: int
    parent: int
    threads: int
    state: str
    flags: int
    oom_score_adj: int
    cgroup: str
    kernel_thread: bool
    dying: bool
    busy: bool
    rss_anon: Size
    rss_file: Size
    rss_shmem: Size
    swap: Size
    page_tables: Size
    minor_faults: int = 0
    major_faults: int = 0

    @property
    def rss(self) -> Size:
        return Size(self.rss_anon + self.rss_file + self.rss_shmem)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemcgView:
    """One memory cgroup by its path ('/' is the root, whose pages nobody counts). A limit of None is `max`.

    `events` counts this group and those below it, `events_local` this group alone, by the names of
    memory.events.
    """

    path: str
    usage: Size
    peak: Size
    max: Size | None
    high: Size | None
    low: Size
    min: Size
    swap_usage: Size
    swap_max: Size | None
    oom_group: bool
    events: Mapping[str, int]
    events_local: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlabView:
    """One slab cache of all nodes. As in /proc/slabinfo, what CPUs hold back counts as active."""

    name: str
    object_bytes: Size
    stride_bytes: Size
    objects_a_slab: int
    order: int
    slabs: int
    objects: int
    active: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HugepagesView:
    """The pool of one size on one node, in huge pages.

    `reserved` is what mappings have been promised and not yet touched. The kernel counts it for all nodes
    together: each node's view of a size says the same.
    """

    node: int
    size: Size
    total: int
    free: int
    surplus: int
    reserved: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """All memory that the kernel manages, and all swap: what an OOM of the whole machine divides by."""

    ram: Size
    swap: Size


@dataclass(frozen=True, slots=True, kw_only=True)
class ThpView:
    """The modes of /sys/kernel/mm/transparent_hugepage/{enabled,defrag}."""

    enabled: str
    defrag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the host is to read at one moment: `probes`; contents and page tables of processes by name; with
    `tags` where the pages lie that a lab's program has tagged in this run (images/include/labkit_tags.h).
    """

    probes: tuple[Probe, ...] = ()
    contents_of: tuple[str, ...] = ()
    tables_of: tuple[str, ...] = ()
    tags: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoherent:
    """What a probe could not make sense of: the guest's memory does not hold what a kernel would hold."""

    probe: Probe
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Everything that was read while the guest stood still once.

    `taken_at` is the host's clock in seconds since the epoch, `paused_seconds` how long the guest stood,
    `stops` how often it was stopped until nobody was in the middle of changing a zone.
    """

    taken_at: float
    paused_seconds: float
    stops: int
    zones: tuple[ZoneView, ...] | None = None
    tasks: tuple[TaskView, ...] | None = None
    memcgs: tuple[MemcgView, ...] | None = None
    slabs: tuple[SlabView, ...] | None = None
    hugepages: tuple[HugepagesView, ...] | None = None
    vmstat: Mapping[str, int] | None = None
    totals: Totals | None = None
    thp: ThpView | None = None
    modules: tuple[ModuleView, ...] | None = None
    dmesg: tuple[LogRecord, ...] | None = None
    ram: RamMap | None = None
    map: PageMap | None = None
    text: KernelText | None = None
    page_tables: tuple[PageTables, ...] = ()
    contents: tuple[Contents, ...] = ()
    tags: Tags | None = None
    incoherent: tuple[Incoherent, ...] = ()

    @property
    def marked_map(self) -> PageMap | None:
        """The map of RAM, with the tagged pages marked where these were looked for too."""
        return self.map.tagged(self.tags) if self.map is not None and self.tags is not None else self.map

    def task(self, comm: str) -> TaskView | None:
        """The first process of this name."""
        return next((task for task in self.tasks or () if task.comm == comm), None)

    def memcg(self, path: str) -> MemcgView | None:
        return next((memcg for memcg in self.memcgs or () if memcg.path == path), None)

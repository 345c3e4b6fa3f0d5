"""A walk of a process' page tables, table by table: what its rss must be, found without its counters.

Intel SDM vol. 3, 4.5; software bits: arch/x86/include/asm/pgtable_types.h.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from drgn import FaultError
from numpy.typing import NDArray

from labkit.model.mapped import Extent, PageTables
from labkit.model.ram_map import Kind, RamMap
from labkit.model.units import Size
from labkit.model.witness import PAGE
from labkit.witness.memory import Memory, NonsenseError, TooMuchError
from labkit.witness.tasks import mm_of, process_addresses

MAX_PROCESSES = 16  # looked at together: who starts more of one name gains nothing but a longer stop
MAX_TABLES = 1 << 16  # 256 MiB of tables map half a terabyte
_ENTRIES = 512
PMD = PAGE * _ENTRIES  # what an entry of the second level maps
_PRESENT, _WRITE, _LEAF, _SPECIAL = 1 << 0, 1 << 1, 1 << 7, 1 << 9
_PROTNONE = 1 << 8  # without _PRESENT: NUMA balancing or PROT_NONE; the page is there
_FRAME = ((1 << 52) - 1) & ~(PAGE - 1)
_SWAP_TYPE_SHIFT = 59  # pgtable_64.h: type in bits 59 to 63, offset inverted below


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Leaves:
    """Leaves of one level: their virtual addresses and their entries, each mapping `size` bytes."""

    at: NDArray[np.uint64]
    entry: NDArray[np.uint64]
    size: int

    def frames(self) -> NDArray[np.uint64]:
        """The frames that the entries name; one without _PRESENT stands inverted (pgtable-invert.h)."""
        present = (self.entry & np.uint64(_PRESENT)) != 0
        named = np.where(present, self.entry, ~self.entry) & np.uint64(_FRAME)
        return np.asarray(named // np.uint64(PAGE), dtype=np.uint64)

    def special(self) -> NDArray[np.bool_]:
        """Those that map the shared zero page or no page of RAM."""
        return np.asarray((self.entry & np.uint64(_SPECIAL)) != 0, dtype=np.bool_)

    def zero(self, memory: Memory) -> NDArray[np.bool_]:
        """Those that map the shared zero page, the small one or the huge one."""
        name = "zero_pfn" if self.size == PAGE else "huge_zero_pfn"
        return np.asarray(self.frames() == np.uint64(memory.number(name)), dtype=np.bool_)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Walk:
    """All that hangs on a top table: leaves, entries that are not present, and how many tables below it.

    `absent` are those of the lowest level, `absent_huge` those of the one above, each standing for PMD bytes.
    """

    leaves: tuple[Leaves, ...]
    absent: NDArray[np.uint64]
    absent_huge: NDArray[np.uint64]
    tables: int
    levels: int


def read_page_tables(
    memory: Memory, ram: RamMap, *, pids: tuple[int, ...] = (), comms: tuple[str, ...] = ()
) -> tuple[PageTables, ...]:
    """The tables of the processes with these ids or names, MAX_PROCESSES of them at most.

    One that is gone or has no memory is left out.
    """
    found: list[PageTables] = []
    for address in process_addresses(memory):
        task = memory.at("struct task_struct", address)
        pid, comm = task.pid.value_(), task.comm.string_().decode("utf-8", "replace")
        mm = mm_of(memory, task) if pid in pids or comm in comms else None
        if mm is not None and len(found) < MAX_PROCESSES:
            found.append(_summed(memory, ram, walk(memory, pid, mm.pgd.value_()), pid))
    return tuple(found)


def walk(memory: Memory, pid: int, pgd: int) -> Walk:
    """The user's half of the tables below `pgd`, a virtual address. Raises NonsenseError."""
    top = 4 + _five_levels(memory)
    tables = np.array([pgd - memory.number("page_offset_base")], dtype=np.uint64)
    bases = np.zeros(1, dtype=np.uint64)
    leaves: list[Leaves] = []
    absent = absent_huge = np.zeros(0, dtype=np.uint64)
    count = 0
    for level in range(top, 0, -1):
        span = PAGE << 9 * (level - 1)
        entries, at = _entries(memory, tables, bases, span, user_half=level == top)
        present = (entries & np.uint64(_PRESENT | _PROTNONE)) != 0
        leaf = present & ((entries & np.uint64(_LEAF)) != 0) if 1 < level <= 3 else present & (level == 1)
        leaves.append(Leaves(at=at[leaf], entry=entries[leaf], size=span))
        if level == 1:
            absent = entries[~present & (entries != 0)]
            break
        if level == 2:
            absent_huge = entries[~present & (entries != 0)]
        down = present & ~leaf
        tables, bases = entries[down] & np.uint64(_FRAME), at[down]
        count += len(tables) if level < 5 else 0  # no mm counts its p4ds (mm_inc_nr_puds() and below, mm.h)
        if count > MAX_TABLES:
            raise TooMuchError(f"process {pid} has more than {MAX_TABLES} page tables")
    return Walk(leaves=tuple(leaves), absent=absent, absent_huge=absent_huge, tables=count, levels=top)


def _entries(
    memory: Memory, tables: NDArray[np.uint64], bases: NDArray[np.uint64], span: int, *, user_half: bool
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """All entries of some tables that are not empty, and the address that each begins at."""
    raw = [_table(memory, int(table)) for table in tables]
    entries = np.concatenate(raw) if raw else np.zeros(0, dtype=np.uint64)
    at = (bases[:, None] + np.arange(_ENTRIES, dtype=np.uint64) * np.uint64(span)).ravel()
    if user_half:  # the upper half of the top table is the kernel's
        entries, at = entries[: _ENTRIES // 2], at[: _ENTRIES // 2]
    used = entries != 0
    return entries[used], at[used]


def _table(memory: Memory, physical: int) -> NDArray[np.uint64]:
    try:
        data = memory.prog.read(physical, PAGE, physical=True)
    except FaultError as error:
        raise NonsenseError(f"a page table at {physical:#x}, where no memory is") from error
    return np.frombuffer(data, dtype=np.uint64)


def _summed(memory: Memory, ram: RamMap, walked: Walk, pid: int) -> PageTables:
    first = int(ram.pfn[0])
    resident = hugetlb = kept = 0
    extents: list[Extent] = []
    zero: list[Extent] = []
    kinds = _by_frame(ram)
    for each in walked.leaves:
        frames = each.frames()
        inside = (frames >= first) & (frames < first + len(kinds))
        kind = np.where(
            inside, kinds[np.where(inside, frames - np.uint64(first), 0).astype(np.int64)], Kind.HOLE
        )
        huge = kind == Kind.HUGETLB
        zeros = each.zero(memory)
        counted = inside & ~each.special() & ~huge & ~zeros & (kind != Kind.HOLE)
        resident += each.size * int(counted.sum())
        # A table is kept for each huge page that may be split (pgtable_trans_huge_deposit()).
        kept += int(((kind == Kind.ANON) | zeros).sum()) if each.size == PMD else 0
        hugetlb += each.size * int((huge & inside).sum())
        extents += _extents(each, counted | huge)
        zero += _extents(each, zeros)
    places = len(memory.prog["swap_info"])
    moving = places + memory.has("num_poisoned_pages")  # a kernel with MEMORY_FAILURE has a type for those
    migrating = PAGE * migration_entries(walked.absent, moving)
    migrating += PMD * migration_entries(walked.absent_huge, moving)
    return PageTables(
        pid=pid,
        extents=tuple(sorted(extents, key=lambda extent: extent.first)),
        resident=Size(resident + migrating),
        migrating=Size(migrating),
        swapped=Size(PAGE * swap_entries(walked.absent, places)),
        hugetlb=Size(hugetlb),
        tables=Size(PAGE * (walked.tables + kept)),
        levels=walked.levels,
        zero=tuple(sorted(zero, key=lambda extent: extent.first)),
    )


def _extents(leaves: Leaves, chosen: NDArray[np.bool_]) -> Iterator[Extent]:
    named = (leaves.at[chosen], leaves.frames()[chosen], leaves.entry[chosen])
    for at, pfn, entry in zip(*(each.tolist() for each in named), strict=True):
        yield Extent(first=at, pfn=pfn, size=Size(leaves.size), writable=bool(entry & _WRITE), entry=entry)


def _by_frame(ram: RamMap) -> NDArray[Any]:
    """Kinds indexed by frame, from the map's first."""
    kinds = np.zeros(int(ram.pfn[-1] - ram.pfn[0]) + 1, dtype=np.uint8)
    kinds[ram.pfn - ram.pfn[0]] = ram.kind
    return kinds


def swap_entries(entries: NDArray[np.uint64], places: int) -> int:
    """How many entries name a place in swap; `places` is MAX_SWAPFILES, the length of swap_info."""
    return int((_types(entries) < places).sum())


def migration_entries(entries: NDArray[np.uint64], first: int) -> int:
    """How many stand for pages that are just being moved, which rss goes on to count.

    include/linux/swap.h: three types from SWP_MIGRATION_READ on, which is `first`: MAX_SWAPFILES, and one
    more where there are poisoned pages.
    """
    types = _types(entries)
    return int(((types >= first) & (types < first + 3)).sum())


def _types(entries: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return np.asarray(entries >> np.uint64(_SWAP_TYPE_SHIFT), dtype=np.uint64)


def _five_levels(memory: Memory) -> int:
    return memory.number("__pgtable_l5_enabled") & 1 if memory.has("__pgtable_l5_enabled") else 0

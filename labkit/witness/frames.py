"""The struct page of every page frame, read in one go and judged with numpy.

Layout: include/linux/mm_types.h, include/linux/page-flags.h. In v6.12 a page's type is the top byte of
page_type (Linux commit 4ffca5a96678 "mm: support only one page_type per page" (in v6.12)); before, page_type
is all ones but for the type's bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labkit.model.ram_map import Kind, RamMap
from labkit.model.units import Size
from labkit.witness.memory import Memory, NonsenseError

SECTION_PAGES = 1 << (27 - 12)  # include/asm/sparsemem.h: SECTION_SIZE_BITS 27 on x86-64
MAX_PAGES = Size.gib(512) // 4096
_ONLINE = 1 << 2  # mmzone.h SECTION_IS_ONLINE_BIT
_ROOT = 256  # mem_section structures in one page, 16 bytes each
_ANON = 1  # page-flags.h PAGE_MAPPING_ANON

# Offsets in struct page that no kernel since v4.18 has changed: flags, lru/compound_head, mapping, private,
# _mapcount or page_type, _refcount. test_witness_ram.py holds them against the debug data.
PAGE = np.dtype(
    {
        "names": ["flags", "next", "mapping", "private", "type", "refcount", "byte16", "byte17", "entire"],
        "formats": ["<u8", "<u8", "<u8", "<u8", "<u4", "<i4", "u1", "u1", "<i4"],
        "offsets": [0, 8, 24, 40, 48, 52, 16, 17, 20],
        "itemsize": 64,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frames:
    """Every struct page. `start` is the address of frame 0's; frames that have none are all zero."""

    start: int
    first: int
    pages: NDArray[Any]
    present: NDArray[np.bool_]
    buddy: NDArray[np.bool_]
    node: NDArray[np.uint16]
    zone: NDArray[np.uint8]


def load_frames(memory: Memory) -> Frames:
    """Read the memory map of every section that is online. Raises NonsenseError."""
    sections = online_sections(memory)
    start = memory.number("vmemmap_base")
    if not sections:
        raise NonsenseError("no memory section is online")
    first = sections[0] * SECTION_PAGES
    count = (sections[-1] + 1) * SECTION_PAGES - first
    if count > MAX_PAGES:
        raise NonsenseError(f"memory sections span {count} pages")
    pages = np.zeros(count, dtype=PAGE)
    present = np.zeros(count, dtype=np.bool_)
    for begin, end in _runs(sections):
        low, high = begin * SECTION_PAGES - first, end * SECTION_PAGES - first
        data = memory.read(start + 64 * (first + low), 64 * (high - low))
        pages[low:high] = np.frombuffer(data, dtype=PAGE)
        present[low:high] = True
    return _framed(memory, start, first, pages, present)


def load_span(memory: Memory, first: int, count: int) -> Frames:
    """Read the struct pages of `count` frames from `first` on, all of online sections."""
    start = memory.number("vmemmap_base")
    pages = np.frombuffer(memory.read(start + 64 * first, 64 * count), dtype=PAGE).copy()
    return _framed(memory, start, first, pages, np.ones(count, dtype=np.bool_))


def draw_ram(memory: Memory, frames: Frames) -> RamMap:
    """Kind, order, node and counts of every frame."""
    pages, where = frames.pages, np.arange(len(frames.pages))
    order = np.zeros(len(pages), dtype=np.uint8)
    free = np.zeros(len(pages), dtype=np.bool_)
    _spread(order, free, where[frames.buddy], pages["private"][frames.buddy])
    is_head = _flag(memory, pages, "PG_head") & ~frames.buddy & frames.present
    is_tail = (pages["next"] & 1).astype(np.bool_) & frames.present & ~frames.buddy
    head = np.where(is_tail, (pages["next"].astype(np.int64) - 1 - _signed(frames.start)) // 64, 0)
    head = np.where(is_tail, head - frames.first, where)
    if bool(((head < 0) | (head >= len(pages))).any()):
        raise NonsenseError("a compound page's head lies outside of memory")
    heads = where[is_head & (where + 1 < len(pages))]
    order[heads] = np.minimum(_compound_order(memory, pages[heads + 1]), 18)
    order = np.where(is_tail, order[head], order)
    refcount = np.where(is_tail, pages["refcount"][head], pages["refcount"])
    kind = _kinds(memory, frames, free=free, head=head)
    return RamMap(
        pfn=np.flatnonzero(frames.present) + frames.first,
        kind=kind[frames.present],
        order=order[frames.present],
        node=frames.node[frames.present],
        zone=frames.zone[frames.present],
        refcount=refcount[frames.present],
        mapcount=_mapcounts(pages, heads, head, is_tail)[frames.present],
    )


def _framed(
    memory: Memory, start: int, first: int, pages: NDArray[Any], present: NDArray[np.bool_]
) -> Frames:
    flags = pages["flags"]
    node_bits = (len(memory.prog["node_data"]) - 1).bit_length()
    zone_bits = 3  # include/linux/page-flags-layout.h: five zones
    return Frames(
        start=start,
        first=first,
        pages=pages,
        present=present,
        buddy=_of_type(memory, pages, "buddy", 0x80) & present,
        node=(flags >> np.uint64(64 - node_bits)).astype(np.uint16),
        zone=(flags >> np.uint64(64 - node_bits - zone_bits)).astype(np.uint8) & np.uint8(7),
    )


def _kinds(
    memory: Memory, frames: Frames, *, free: NDArray[np.bool_], head: NDArray[np.int64]
) -> NDArray[np.uint8]:
    pages = frames.pages
    mapping = pages["mapping"]
    count = pages["refcount"]
    user = (mapping != 0) & (pages["type"] < 0x80000000) | (mapping != 0) & (pages["type"] == 0xFFFFFFFF)
    anon = user & ((mapping & _ANON) != 0)
    # Low bits that are not 1 are movable drivers' pages (2); a file's pages are on an LRU or mapped.
    cached = user & ((mapping & 3) == 0) & (mapping >= 1 << 63)
    swapbacked = _flag(memory, pages, "PG_swapbacked")
    slab = _of_type(memory, pages, "slab", 0) if memory.has("PGTY_slab") else _flag(memory, pages, "PG_slab")
    kind = np.select(
        [
            _flag(memory, pages, "PG_reserved"),
            slab,
            _of_type(memory, pages, "table", 0x200),
            _hugetlb(memory, pages),
            anon,
            cached & swapbacked,
            cached,
            count > 0,
        ],
        [Kind.RESERVED, Kind.SLAB, Kind.TABLE, Kind.HUGETLB, Kind.ANON, Kind.SHMEM, Kind.FILE, Kind.KERNEL],
        Kind.IDLE,
    ).astype(np.uint8)
    kind = kind[head]
    kind[free] = Kind.FREE
    return kind


def _mapcounts(
    pages: NDArray[Any], heads: NDArray[np.int64], head: NDArray[np.int64], is_tail: NDArray[np.bool_]
) -> NDArray[np.int32]:
    """A page's own mappings and those of the whole compound page (its first tail counts them from -1)."""
    own = pages["type"].view(np.uint32).astype(np.int64)
    own = np.where(own >= 1 << 31, own - (1 << 32), own)
    own = np.where(own < -1, 0, own + 1)
    entire = np.zeros(len(pages), dtype=np.int64)
    entire[heads] = np.maximum(pages["entire"][heads + 1] + 1, 0)
    return np.where(is_tail, own + entire[head], own + entire).astype(np.int32)


def _spread(
    order: NDArray[np.uint8], free: NDArray[np.bool_], starts: NDArray[np.int64], orders: NDArray[np.uint64]
) -> None:
    """Mark whole free blocks. Raises NonsenseError for an order that no kernel has."""
    if bool((orders > 18).any()):
        raise NonsenseError(f"a free block of order {int(orders.max())}")
    for value in np.unique(orders):
        at = starts[orders == value]
        every = (at[:, None] + np.arange(1 << int(value))).ravel()
        every = every[every < len(order)]
        order[every] = value
        free[every] = True


def _compound_order(memory: Memory, tails: NDArray[Any]) -> NDArray[np.uint8]:
    """v6.1: struct page.compound_order, byte 17 of the first tail; v6.12: low byte of folio._flags_1."""
    if memory.has("HUGETLB_PAGE_DTOR"):
        return np.asarray(tails["byte17"], dtype=np.uint8)
    return np.asarray(tails["flags"] & np.uint64(0xFF), dtype=np.uint8)


def _hugetlb(memory: Memory, pages: NDArray[Any]) -> NDArray[np.bool_]:
    if not memory.has("HUGETLB_PAGE_DTOR"):
        return _of_type(memory, pages, "hugetlb", 0)
    found = np.zeros(len(pages), dtype=np.bool_)
    dtor = memory.number("HUGETLB_PAGE_DTOR")
    found[:-1] = _flag(memory, pages, "PG_head")[:-1] & (pages["byte16"][1:] == dtor)
    return found


def _of_type(memory: Memory, pages: NDArray[Any], name: str, bit: int) -> NDArray[np.bool_]:
    """Pages of a page type; `bit` is its bit before v6.12 (0 where it had none)."""
    kind = pages["type"]
    if memory.has(f"PGTY_{name}"):
        return np.asarray((kind >> np.uint32(24)) == memory.number(f"PGTY_{name}"), dtype=np.bool_)
    return np.asarray((kind & np.uint32(0xF0000000 | bit)) == 0xF0000000, dtype=np.bool_)


def _flag(memory: Memory, pages: NDArray[Any], name: str) -> NDArray[np.bool_]:
    return np.asarray(pages["flags"] >> np.uint64(memory.number(name)) & np.uint64(1), dtype=np.bool_)


def online_sections(memory: Memory) -> list[int]:
    """The numbers of the memory sections that are online, ascending (mm/sparse.c)."""
    found: list[int] = []
    roots = memory.number("mem_section")
    for root in range(MAX_PAGES // SECTION_PAGES // _ROOT + 1):
        table = memory.word(roots + 8 * root)
        if not table:
            continue
        words = np.frombuffer(memory.read(table, 16 * _ROOT), dtype="<u8")[::2]
        found += [root * _ROOT + int(index) for index in np.flatnonzero(words & np.uint64(_ONLINE))]
    return found


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """Ranges of numbers that follow each other, each as begin and end."""
    cuts = [0, *(i for i in range(1, len(numbers)) if numbers[i] != numbers[i - 1] + 1), len(numbers)]
    return [(numbers[a], numbers[b - 1] + 1) for a, b in pairwise(cuts)]


def _signed(address: int) -> int:
    return address - (1 << 64) if address >> 63 else address

"""The RAM map: what every page frame of a guest is, one element a frame."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_FREE_ORDER = 10  # include/linux/mmzone.h, MAX_PAGE_ORDER


class Kind(IntEnum):
    """What a page frame is used for. The numbers stand in run directories: a new kind gets a new one."""

    HOLE = 0  # no RAM, or never handed to the page allocator's zones
    FREE = 1  # on a free list
    RESERVED = 2
    SLAB = 3
    TABLE = 4  # a page table
    HUGETLB = 5
    ANON = 6
    FILE = 7
    SHMEM = 8  # tmpfs, shared anonymous
    KERNEL = 9  # allocated, of none of these kinds
    IDLE = 10  # on a CPU's own list; in a RamMap also the tails of blocks that are no compound pages
    # Only PageMap (model/page_map.py) tells these apart:
    THP = 11  # anonymous or a file's, in a block as large as a PMD maps
    STACK = 12  # a task's kernel stack
    TAGGED = 13  # in use, and bears a tag of the run's (images/include/labkit_tags.h)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RamMap:
    """Every struct page of a guest; element i of each array is of frame `pfn[i]`, ascending.

    `kind` holds Kind, `order` the log2 of the pages of the block that the frame belongs to, `mapcount` how
    many page tables map it.
    """

    pfn: NDArray[np.int64]
    kind: NDArray[np.uint8]
    order: NDArray[np.uint8]
    node: NDArray[np.uint16]
    zone: NDArray[np.uint8]
    refcount: NDArray[np.int32]
    mapcount: NDArray[np.int32]

    def pages(self, kind: Kind, node: int | None = None) -> int:
        """How many frames are of a kind, on one node or on all."""
        chosen = self.kind == kind
        return int((chosen if node is None else chosen & (self.node == node)).sum())

"""What a process has mapped, as the host reads it: leaves of its page tables, and what is in its pages."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.model.units import Size

NOTHING = Size(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Pages of a process that lie in one leaf: `first` is the virtual address, `pfn` the frame, `entry` what
    stands in the table.
    """

    first: int
    pfn: int
    size: Size
    writable: bool
    entry: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTables:
    """A walk of one process' page tables. `resident` is what its rss must be; huge zero and special pages
    (the zero page, device memory) and hugetlbfs count nowhere in rss. `migrating` is the part of it that is
    just being moved: its entries name no frame for as long. `swapped` are swap entries, `tables` the tables
    below the top one and those kept to split huge pages with, as the mm counts them. `levels` is 4, or 5 with
    LA57; `zero` are the leaves that map the shared zero page, which are no extents.
    """

    pid: int
    extents: tuple[Extent, ...]
    resident: Size
    swapped: Size
    hugetlb: Size
    tables: Size
    migrating: Size = NOTHING
    levels: int = 4
    zero: tuple[Extent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What is in the pages of a process: `mapped` has a page of its own there (not the shared zero page),
    `filled` of them hold something other than zero. Of files and huge pages too. `zero` are the addresses
    that lead to the shared zero page, small or huge.
    """

    pid: int
    comm: str
    mapped: Size
    filled: Size
    zero: Size = NOTHING

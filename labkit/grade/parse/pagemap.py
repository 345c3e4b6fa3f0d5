"""/proc/PID/pagemap: eight bytes a page (Documentation/admin-guide/mm/pagemap.rst).

Without CAP_SYS_ADMIN the kernel says 0 for the frame; of a page that is nowhere only soft_dirty may be set.
"""

from __future__ import annotations

from dataclasses import dataclass

from labkit.grade.parse.error import ParseError

ENTRY = 8  # bytes
_PFN = (1 << 55) - 1
_SWAP_TYPE = (1 << 5) - 1
_SOFT_DIRTY, _EXCLUSIVE, _UFFD_WP = 1 << 55, 1 << 56, 1 << 57
_FILE, _SWAPPED, _PRESENT = 1 << 61, 1 << 62, 1 << 63


@dataclass(frozen=True, slots=True, kw_only=True)
class PagemapEntry:
    """One page of a process. `pfn` is None unless present, `swap` (type, offset) None unless swapped.

    `file`: of a file or shared. `exclusive`: mapped by nobody else.
    """

    present: bool
    swapped: bool
    file: bool
    exclusive: bool
    soft_dirty: bool
    uffd_wp: bool
    pfn: int | None
    swap: tuple[int, int] | None


def parse_pagemap(data: bytes) -> tuple[PagemapEntry, ...]:
    """Whole entries, little endian; the line of a ParseError is the entry's number, from 1."""
    return tuple(
        _entry(number, int.from_bytes(data[at : at + ENTRY], "little"), data[at : at + ENTRY])
        for number, at in enumerate(range(0, len(data), ENTRY), start=1)
    )


def _entry(number: int, value: int, data: bytes) -> PagemapEntry:
    present, swapped = bool(value & _PRESENT), bool(value & _SWAPPED)
    if len(data) != ENTRY or (present and swapped):
        raise ParseError("pagemap", number, data.hex())
    return PagemapEntry(
        present=present,
        swapped=swapped,
        file=bool(value & _FILE),
        exclusive=bool(value & _EXCLUSIVE),
        soft_dirty=bool(value & _SOFT_DIRTY),
        uffd_wp=bool(value & _UFFD_WP),
        pfn=value & _PFN if present else None,
        swap=(value & _SWAP_TYPE, (value & _PFN) >> 5) if swapped else None,
    )

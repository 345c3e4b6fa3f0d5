"""/proc/kpageflags: eight bytes a page frame, a bit a flag (include/uapi/linux/kernel-page-flags.h).

The low flags are fixed; those from `reserved` on are "subject to change"
(include/linux/kernel-page-flags.h): bit 34 is mappedtodisk in v6.1 and owner_2 in v6.12, and on an
anonymous page both mean that one process alone maps it.

v6.12 sets `ksm` for every anonymous page: fs/proc/page.c stable_page_flags() tests one bit of
PAGE_MAPPING_KSM, which is two, and shares that bit with PAGE_MAPPING_ANON. Believe it there only where KSM
runs.
"""

from __future__ import annotations

from labkit.grade.parse.error import ParseError

ENTRY = 8  # bytes
_STABLE = (
    *("locked", "error", "referenced", "uptodate", "dirty", "lru", "active", "slab", "writeback", "reclaim"),
    *("buddy", "mmap", "anon", "swapcache", "swapbacked", "compound_head", "compound_tail", "huge"),
    *("unevictable", "hwpoison", "nopage", "ksm", "thp", "offline", "zero_page", "idle", "pgtable"),
)
_INTERNAL = (
    *("reserved", "mlocked", "owner_2", "private", "private_2", "owner_private", "arch", "uncached"),
    *("softdirty", "arch_2", "arch_3"),
)
NAMES = {**dict(enumerate(_STABLE)), **dict(enumerate(_INTERNAL, start=32))}


def parse_kpageflags(data: bytes) -> tuple[frozenset[str], ...]:
    """Each frame's flags by name. A bit without a name raises: this is another kernel's table."""
    return tuple(
        _flags(number, data[at : at + ENTRY]) for number, at in enumerate(range(0, len(data), ENTRY), start=1)
    )


def _flags(number: int, data: bytes) -> frozenset[str]:
    value = int.from_bytes(data, "little")
    bits = [bit for bit in range(64) if value >> bit & 1]
    if len(data) != ENTRY or not NAMES.keys() >= set(bits):
        raise ParseError("kpageflags", number, data.hex())
    return frozenset(NAMES[bit] for bit in bits)

"""Where the pc machine puts each node's memory in the guest's physical address space.

Source: QEMU 7.2 hw/i386/pc_piix.c, pc_init1(): nodes follow each other; what does not fit below the PCI hole
continues at 4 GiB.
"""

from __future__ import annotations

from labkit.model.units import Size

Range = tuple[int, int]  # first address, address after the last

_FOUR_GIB = Size.gib(4)
_GIB = Size.gib(1)
_HOLE_WHEN_SMALL = Size(0xE0000000)  # a guest that fits below 3.5 GiB lies there in one piece
_HOLE_WHEN_LARGE = Size.gib(3)

# What early boot takes from the top of a range: the initramfs, ACPI tables, struct pages, page tables
# (QEMU hw/i386/x86.c puts the initramfs at the top of low memory; Linux mm/memblock.c allocates top down).
_EARLY_BOOT = Size.mib(128)


def ram_ranges(memories: tuple[Size, ...], max_ram_below_4g: Size | None) -> tuple[tuple[Range, ...], ...]:
    """The physical ranges of each node's memory, none for a node without.

    >>> [(hex(a), hex(b)) for a, b in ram_ranges((Size.mib(768),), Size.mib(512))[0]]
    [('0x0', '0x20000000'), ('0x100000000', '0x110000000')]
    """
    low = _low_memory(sum(memories), max_ram_below_4g)
    found = []
    start = 0
    for memory in memories:
        end = start + memory
        pieces = ((start, min(end, low)), (max(start, low), end))
        found.append(tuple(_placed(piece, low) for piece in pieces if piece[0] < piece[1]))
        start = end
    return tuple(found)


def whole_gibs(ranges: tuple[Range, ...]) -> int:
    """How many aligned GiB of a node early boot leaves whole: a 1 GiB page needs one each."""
    return sum(_aligned(start, end) for start, end in ranges)


def _low_memory(total: int, limit: Size | None) -> int:
    limit = limit or _HOLE_WHEN_SMALL
    return total if total < limit else min(limit, _HOLE_WHEN_LARGE)


def _placed(piece: Range, low: int) -> Range:
    shift = _FOUR_GIB - low if piece[0] >= low else 0
    return piece[0] + shift, piece[1] + shift


def _aligned(start: int, end: int) -> int:
    first = max(-(-start // _GIB), 1)  # the kernel itself lies in the first GiB
    struct_pages = (end - start) // 64
    return max(0, (end - _EARLY_BOOT - struct_pages) // _GIB - first)

"""What SLUB makes of a cache: the stride of its objects, the order of its slabs, how many go into one.

mm/slub.c of Linux v6.1 and v6.12, calculate_sizes() and calculate_order(); without slub_debug, on x86-64.
"""

from __future__ import annotations

from typing import NamedTuple

from labkit.grade.drawn import number
from labkit.model.lab import Parameters

PAGE = 4096
WORD = 8
LINE = 64
MAX_ORDER = 3  # slub_max_order is PAGE_ALLOC_COSTLY_ORDER
MIN_OBJECTS = 8  # 4 * (fls(CPUs) + 1) of the guest's one CPU


class Layout(NamedTuple):
    """Bytes from one object to the next, order of a slab, objects in it."""

    stride: int
    order: int
    objects: int


def layout(size: int, *, line: bool = False, keeps_content: bool = False) -> Layout:
    """A cache of objects of `size`; `line`: SLAB_HWCACHE_ALIGN; `keeps_content`: a constructor.

    What is free holds the pointer to the next free one. Where a free object's content must stay as it is, the
    pointer gets a word of its own behind it.
    """
    align = WORD
    if line:
        align = LINE
        while size <= align // 2:
            align //= 2
    stride = -(-size // WORD) * WORD + (WORD if keeps_content else 0)
    stride = -(-stride // align) * align
    order = _order(stride)
    return Layout(stride=stride, order=order, objects=(PAGE << order) // stride)


def _order(stride: int) -> int:
    """The smallest order that holds MIN_OBJECTS and wastes a sixteenth at most; else an eighth, and so on."""
    least = min(MIN_OBJECTS, (PAGE << MAX_ORDER) // stride)
    for fraction in (16, 8, 4, 2):
        for order in range(MAX_ORDER + 1):
            slab = PAGE << order
            if slab >= least * stride and slab % stride <= slab // fraction:
                return order
    raise ValueError(f"objects of {stride} bytes have slabs of their own kind")


def expected(parameters: Parameters) -> dict[str, Layout]:
    """The four caches that are asked about, by name."""
    size, big = number(parameters, "size"), number(parameters, "big")
    return {
        "lab_plain": layout(size),
        "lab_ctor": layout(size, keeps_content=True),
        "lab_line": layout(size, line=True, keeps_content=True),
        "lab_big": layout(big),
    }


def key(parameters: Parameters) -> dict[str, object]:
    """What the solution's templates fill in."""
    count = number(parameters, "count")
    objects = layout(number(parameters, "small"), keeps_content=True).objects
    return {"layout": expected(parameters), "slow": -(-count // objects), "quarter": count // 4}

"""What the RAM map is drawn with: a colour and a letter for each use of a page frame, and for each change.

The colours start from Okabe and Ito's and were moved until every two of them, and each and a dark or white
background, lie apart for normal eyes and for eyes without red, green or blue cones (Machado et al. 2009).
Free memory is one ramp from dark to light: the larger the block, the lighter. test_report_map_inks.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labkit.model.ram_map import MAX_FREE_ORDER, Kind

Rgb = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ink:
    """One colour: `letter` stands for it where there are none."""

    name: str
    letter: str
    rgb: Rgb


def _ink(name: str, letter: str, rgb: str) -> Ink:
    red, green, blue = bytes.fromhex(rgb)
    return Ink(name=name, letter=letter, rgb=(red, green, blue))


def _free_ramp() -> tuple[Ink, ...]:
    """From order 0, the dust, to order 10, the largest block."""
    dark, middle, light = (np.array(list(bytes.fromhex(rgb))) for rgb in ("0B4F8A", "56B4E9", "A9DBF7"))
    found = []
    for order in range(MAX_FREE_ORDER + 1):
        share = order / (MAX_FREE_ORDER - 1)
        mixed = light if order == MAX_FREE_ORDER else dark + (middle - dark) * share
        letter = "+" if order == MAX_FREE_ORDER else str(order)
        found.append(_ink(f"free, order {order}", letter, bytes(mixed.astype(np.uint8)).hex()))
    return tuple(found)


NOTHING = _ink("no memory", " ", "000000")  # never painted
FREE = _free_ramp()
KINDS = {
    Kind.IDLE: _ink("free, on a CPU's list", "c", "CED8B1"),
    Kind.ANON: _ink("anonymous", "a", "E69F00"),
    Kind.THP: _ink("transparent huge page", "T", "D81E05"),
    Kind.TAGGED: _ink("tagged by this lab", "#", "D26072"),
    Kind.FILE: _ink("file", "f", "0F902E"),
    Kind.SHMEM: _ink("shared, tmpfs", "m", "8EBD68"),
    Kind.HUGETLB: _ink("hugetlb", "H", "506039"),
    Kind.TABLE: _ink("page table", "p", "FFDF00"),
    Kind.SLAB: _ink("slab", "s", "89688E"),
    Kind.STACK: _ink("kernel stack", "t", "53054A"),
    Kind.KERNEL: _ink("other kernel", "k", "D69CB2"),
    Kind.RESERVED: _ink("reserved", "r", "3B3229"),
}
FREED = _ink("free now", "f", "56B4E9")
TAKEN = _ink("in use now", "u", "E69F00")
MERGED = _ink("free, in a larger block", "+", "0F902E")
SPLIT = _ink("free, in a smaller block", "/", "53054A")
OTHER = _ink("of another use", "x", "FFDF00")
STILL_FREE = _ink("free as before", ".", "B4B9C0")
STILL_USED = _ink("in use as before", "-", "73787F")
CHANGES = (FREED, TAKEN, MERGED, SPLIT, OTHER, STILL_FREE, STILL_USED)

INKS = (NOTHING, *FREE, *KINDS.values(), *CHANGES)
INDEX = {ink: number for number, ink in enumerate(INKS)}
PALETTE: NDArray[np.uint8] = np.array([ink.rgb for ink in INKS], dtype=np.uint8)


def inks_of(kinds: NDArray[np.uint8], orders: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The number of each frame's ink."""
    by_kind = np.zeros(max(Kind) + 1, dtype=np.uint8)
    for kind, ink in KINDS.items():
        by_kind[kind] = INDEX[ink]
    free = INDEX[FREE[0]] + np.minimum(orders, MAX_FREE_ORDER)
    found: NDArray[np.uint8] = np.where(kinds == Kind.FREE, free, by_kind[kinds]).astype(np.uint8)
    return found

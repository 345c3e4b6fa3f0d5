"""/proc/pagetypeinfo: free blocks of every order and pageblocks, by zone and migrate type.

Node    0, zone    DMA32, type      Movable      1      0      1      0      1      0      1 …
Number of blocks type     Unmovable      Movable  Reclaimable   HighAtomic      Isolate
Node 0, zone    DMA32            8           46            2            0            0

Linux mm/vmstat.c pagetypeinfo_show(): everything is said again for each node with memory, and a type is
there only if the kernel was built with it (CMA). No list is walked further than 100,000 blocks; such a
count reads `>100000`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from labkit.grade.parse.error import ParseError

_ORDER = re.compile(r"Page block order: (\d+)")
_PAGES = re.compile(r"Pages per block:  (\d+)")
_ORDERS = re.compile(r"Free pages count per migrate type at order ((?: +\d+)+) *")
_FREE = re.compile(r"Node +(\d+), zone +(\S+), type +(\S+)((?: *>?\d+)+) *")
_TYPES = re.compile(r"Number of blocks type ((?: +\S+)+) *")
_BLOCKS = re.compile(r"Node (\d+), zone +(\S+)((?: +\d+)+) *")


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedFreeArea:
    """One zone's free lists of one migrate type: `free_blocks[order]` blocks of 2**order pages.

    Orders in `capped` have at least that many blocks: the kernel stopped counting.
    """

    node: int
    zone: str
    migratetype: str
    free_blocks: tuple[int, ...]
    capped: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pageblocks:
    """How many of a zone's pageblocks are of each migrate type; one with a page of the zone counts."""

    node: int
    zone: str
    blocks: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pagetypeinfo:
    pageblock_order: int
    free: tuple[TypedFreeArea, ...]
    pageblocks: tuple[Pageblocks, ...]


def parse_pagetypeinfo(text: str) -> Pagetypeinfo:
    free: list[TypedFreeArea] = []
    pageblocks: list[Pageblocks] = []
    types: list[str] = []
    order: int | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if (found := _FREE.fullmatch(line)) is not None:
            free.append(_free(found))
        elif (found := _TYPES.fullmatch(line)) is not None:
            types = found[1].split()
        elif (found := _BLOCKS.fullmatch(line)) is not None and len(found[3].split()) == len(types):
            blocks = dict(zip(types, map(int, found[3].split()), strict=True))
            pageblocks.append(Pageblocks(node=int(found[1]), zone=found[2], blocks=blocks))
        elif (found := _ORDER.fullmatch(line)) is not None:
            order = int(found[1])
        elif line and _PAGES.fullmatch(line) is None and _ORDERS.fullmatch(line) is None:
            raise ParseError("pagetypeinfo", number, line)
    if order is None:
        raise ParseError("pagetypeinfo", 1, text[:80])
    return Pagetypeinfo(pageblock_order=order, free=tuple(free), pageblocks=tuple(pageblocks))


def _free(found: re.Match[str]) -> TypedFreeArea:
    counts = re.findall(r"(>?)(\d+)", found[4])
    return TypedFreeArea(
        node=int(found[1]),
        zone=found[2],
        migratetype=found[3],
        free_blocks=tuple(int(count) for _, count in counts),
        capped=frozenset(order for order, (more, _) in enumerate(counts) if more),
    )

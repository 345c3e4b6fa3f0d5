"""Maps of RAM for tests: small machines with what is wanted in their frames."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from hypothesis import strategies as st

from labkit.model.page_map import PageMap, Part, Stretch, packed
from labkit.model.ram_map import Kind

USED = tuple(kind for kind in Kind if kind not in (Kind.HOLE, Kind.FREE))


def page_map(*runs: tuple[Kind, int, int], first: int = 4096, node: int = 0, zone: str = "DMA32") -> PageMap:
    """One zone's frames from runs of a kind, an order and a number of pages."""
    kinds = np.concatenate([np.full(pages, kind, np.uint8) for kind, _, pages in runs])
    orders = np.concatenate([np.full(pages, order, np.uint8) for _, order, pages in runs])
    stretch = Stretch(node=node, zone=zone, first=first, pages=len(kinds))
    return packed([Part(stretch=stretch, kinds=kinds, orders=orders)])


def joined(*maps: PageMap) -> PageMap:
    return packed([part for each in maps for part in each.parts()])


@st.composite
def page_maps(draw: st.DrawFn, most: int = 3000) -> PageMap:
    """Zones with gaps between them, each filled with buddies of any order and whatever else."""
    parts = []
    sizes: Sequence[int] = draw(st.lists(st.integers(1, most), min_size=1, max_size=4))
    ends = list(accumulate(size + draw(st.integers(0, 2000)) for size in sizes))
    for number, (size, end) in enumerate(zip(sizes, ends, strict=True)):
        source = np.random.default_rng(draw(st.integers(0, 1 << 32)))
        kinds, orders = filled(end - size, size, source)
        stretch = Stretch(node=number // 2, zone=("DMA", "Normal")[number % 2], first=end - size, pages=size)
        parts.append(Part(stretch=stretch, kinds=kinds, orders=orders))
    return packed(parts)


def filled(first: int, size: int, source: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Aligned blocks one after the other: every second free, the others of some use."""
    kinds, orders = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
    at = 0
    while at < size:
        order = int(source.integers(0, 11))
        while (first + at) % (1 << order) or at + (1 << order) > size:
            order -= 1
        free = bool(source.integers(0, 2))
        kinds[at : at + (1 << order)] = Kind.FREE if free else USED[source.integers(0, len(USED))]
        orders[at : at + (1 << order)] = order
        at += 1 << order
    return kinds, orders

"""The RAM map for a live view: read a slice at a time while the guest runs on, a cell for many frames.

Two uses of `draw_map` are not told apart here, for they take walks over lists that change meanwhile: kernel
stacks count as other kernel memory, and so do the tails of larger blocks on a CPU's own list.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from labkit.model.coarse_map import FREE_CODE, LETTERS, CoarseMap, Strip
from labkit.model.ram_map import MAX_FREE_ORDER, Kind
from labkit.witness.frames import SECTION_PAGES, Frames, draw_ram, load_span, online_sections
from labkit.witness.memory import NONSENSE, Memory
from labkit.witness.page_map import PMD_ORDER
from labkit.witness.zones import populated_zones

SLICE = 1 << 13  # frames, 32 MiB of memory, a multiple of any free block
MAX_CELLS = 2048
FIRST_SECONDS = 1.0
_CODES = FREE_CODE + MAX_FREE_ORDER + 1
_LETTERS = np.array(list(LETTERS))


@dataclass(slots=True, kw_only=True)
class _Slice:
    """Frames `first` to `end` of a zone, and what was seen of them: codes of cells, pages by code, when."""

    node: int
    zone: str
    first: int
    end: int
    codes: NDArray[np.int64]
    pages: NDArray[np.int64] = field(default_factory=lambda: np.zeros(_CODES, np.int64))
    read_at: float = 0.0


@dataclass(slots=True, kw_only=True)
class Surveyor:
    """Reads one guest's memory map again and again."""

    memory: Memory
    _slices: list[_Slice] = field(default_factory=list)
    _grain: int = 1
    _next: int = 0

    def survey(self) -> CoarseMap:
        """The map with one slice read anew; the first time as many as a second bears."""
        if not self._slices:
            self._plan()
            until = time.monotonic() + FIRST_SECONDS
            while self._next < len(self._slices) - 1 and time.monotonic() < until:
                self._read_next()
        self._read_next()
        pages = sum((each.pages for each in self._slices), np.zeros(_CODES, np.int64))
        return CoarseMap(
            grain=self._grain,
            strips=tuple(_strips(self._slices)),
            pages={LETTERS[code]: int(pages[code]) for code in np.flatnonzero(pages)},
            oldest=min(each.read_at for each in self._slices if each.read_at),
        )

    def _plan(self) -> None:
        spans = tuple(_spans(self.memory))
        total = sum(end - first for *_, first, end in spans)
        self._grain = min(1 << max(0, -(-total // MAX_CELLS) - 1).bit_length(), SLICE)
        for node, zone, first, end in spans:
            cells = (end - 1) // self._grain - first // self._grain + 1
            codes = np.zeros(cells, np.int64)
            self._slices.append(_Slice(node=node, zone=zone, first=first, end=end, codes=codes))

    def _read_next(self) -> None:
        self._read(self._slices[self._next])
        self._next = (self._next + 1) % len(self._slices)

    def _read(self, part: _Slice) -> None:
        """What makes no sense stands as it was: a block was just being split or freed."""
        part.read_at = time.time()
        try:
            codes = codes_of(self.memory, load_span(self.memory, part.first, part.end - part.first))
        except NONSENSE:
            return
        part.pages = np.bincount(codes, minlength=_CODES)
        cells = np.arange(part.first // self._grain, part.first // self._grain + len(part.codes))
        # Knuth's multiplicative hash, as in a map that is drawn coarsely from all frames.
        chance = (cells.astype(np.uint64) * np.uint64(2654435761) >> np.uint64(7)) % np.uint64(self._grain)
        drawn = np.clip(cells * self._grain + chance.astype(np.int64), part.first, part.end - 1)
        part.codes = codes[drawn - part.first]


def _spans(memory: Memory) -> Iterator[tuple[int, str, int, int]]:
    """Node, zone, first frame and the one after the last of each slice."""
    online = frozenset(online_sections(memory))
    for node, _, address in populated_zones(memory):
        zone = memory.at("struct zone", address)
        start = zone.zone_start_pfn.value_()
        end = start + zone.spanned_pages.value_()
        name = memory.string(zone.name.value_())
        for low in range(start // SLICE * SLICE, end, SLICE):
            if low // SECTION_PAGES in online:
                yield node, name, max(low, start), min(low + SLICE, end)


def codes_of(memory: Memory, frames: Frames) -> NDArray[np.int64]:
    """The code of each frame's use."""
    pages = frames.pages
    tails = (pages["next"] & 1).astype(np.bool_) & ~frames.buddy
    low = np.uint64(frames.start + 64 * frames.first + 1)
    # Only a gigantic page of hugetlb reaches beyond a slice: its tails point to a head that is not here.
    gigantic = tails & ((pages["next"] < low) | (pages["next"] >= low + np.uint64(64 * len(pages))))
    pages["next"][gigantic] = 0
    ram = draw_ram(memory, frames)
    kind = ram.kind
    # What is on a CPU's list points to its neighbours. Tails of a block that is no compound page are on no
    # list: they point to themselves since boot (__init_single_page(), mm/mm_init.c; mm/page_alloc.c
    # before v6.4), or nowhere since list_del() (include/linux/poison.h).
    own = np.uint64(frames.start + 64 * frames.first + 8) + np.arange(
        len(pages), dtype=np.uint64
    ) * np.uint64(64)
    listed = (pages["next"] >= np.uint64(0xFFFF800000000000)) & (pages["next"] != own)
    kind[(kind == Kind.IDLE) & ~listed] = Kind.KERNEL
    kind[(ram.order == PMD_ORDER) & np.isin(kind, (Kind.ANON, Kind.FILE, Kind.SHMEM))] = Kind.THP
    kind[gigantic] = Kind.HUGETLB
    free = FREE_CODE + np.minimum(ram.order, MAX_FREE_ORDER).astype(np.int64)
    return np.where(kind == Kind.FREE, free, kind.astype(np.int64))


def _strips(slices: list[_Slice]) -> Iterator[Strip]:
    """Slices of one zone that follow each other, as one strip."""
    begun: list[_Slice] = []
    for each in slices:
        if begun and (begun[-1].node, begun[-1].zone, begun[-1].end) != (each.node, each.zone, each.first):
            yield _strip(begun)
            begun = []
        begun.append(each)
    if begun:
        yield _strip(begun)


def _strip(slices: list[_Slice]) -> Strip:
    first = slices[0]
    codes = np.concatenate([each.codes for each in slices])
    return Strip(node=first.node, zone=first.zone, first=first.first, cells="".join(_LETTERS[codes]))

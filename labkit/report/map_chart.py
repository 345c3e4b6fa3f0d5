"""A RAM map as a chart: fields of frames in inks, and a legend with numbers. The change of two maps, too.

Frames lie in a tile of 1024 along a Z (Morton order): frame bits 0, 2, 4 … go right, 1, 3, 5 … go down. So
every aligned block of 2^n frames is one rectangle: a block of order 10 the whole tile, its two halves the
blocks of order 9 that it falls into, and so on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labkit.model.page_map import PageMap, Part
from labkit.model.ram_map import Kind
from labkit.model.units import Size
from labkit.report.map_inks import (
    FREE,
    FREED,
    INDEX,
    INKS,
    KINDS,
    MERGED,
    OTHER,
    SPLIT,
    STILL_FREE,
    STILL_USED,
    TAKEN,
    Ink,
    inks_of,
)

TILE_BITS = 10
_PAGE = 4096
_FREE_KINDS = (Kind.FREE, Kind.IDLE)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Field:
    """Frames from `first` on, in one piece. Frames of one block have the same number in `blocks`.

    A single frame that is not free is in none and has -1.
    """

    heading: str
    first: int
    inks: NDArray[np.uint8]
    blocks: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the legend."""

    ink: Ink
    pages: int

    @property
    def amount(self) -> str:
        """As people read it: '1,024 pages, 4.0 MiB'."""
        return f"{self.pages:,} {'page' if self.pages == 1 else 'pages'}, {mebibytes(self.pages)}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chart:
    title: str
    fields: tuple[Field, ...]
    legend: tuple[Row, ...]

    @property
    def pages(self) -> int:
        return sum(len(field.inks) for field in self.fields)


def chart_of(page_map: PageMap, title: str) -> Chart:
    """Every frame in the ink of its use, free ones in that of their order."""
    parts = tuple(page_map.parts())
    return _chart(title, [(part, inks_of(part.kinds, part.orders)) for part in parts])


def chart_of_change(before: PageMap, after: PageMap, title: str) -> Chart:
    """What became of each frame. Raises ValueError for maps of two machines, whose frames differ."""
    if before.stretches != after.stretches:
        raise ValueError("the two maps are not of the same frames")
    pairs = zip(before.parts(), after.parts(), strict=True)
    return _chart(title, [(new, _changes(old, new)) for old, new in pairs])


def grid(
    values: NDArray[Any], first: int, tiles_a_row: int, frames_a_cell: int = 1, nothing: int = 0
) -> NDArray[Any]:
    """The values of frames `first`… as rows of cells; `nothing` fills the rest of the outermost tiles.

    A cell of several frames (a power of two) shows one of them, drawn by chance but always the same: torn
    memory then looks torn, and colours keep their shares.
    """
    bits = max(TILE_BITS, frames_a_cell.bit_length() - 1)
    start = first >> bits << bits
    tiles = -(-(first + len(values) - start) >> bits)
    rows = -(-tiles // tiles_a_row)
    padded = np.full((rows * tiles_a_row) << bits, nothing, dtype=values.dtype)
    padded[first - start : first - start + len(values)] = values
    cells = padded if frames_a_cell == 1 else _sampled(padded, start, frames_a_cell)
    wide, tall = tile_shape(frames_a_cell)
    in_tiles = cells.reshape(rows, tiles_a_row, tall * wide)[:, :, _z_order(wide, tall).ravel()]
    in_rows = in_tiles.reshape(rows, tiles_a_row, tall, wide).swapaxes(1, 2)
    whole: NDArray[Any] = in_rows.reshape(rows * tall, tiles_a_row * wide)
    return whole


def tile_shape(frames_a_cell: int) -> tuple[int, int]:
    """Cells in a tile, across and down: as many, or twice as many across."""
    bits = max(0, TILE_BITS + 1 - frames_a_cell.bit_length())
    return 1 << (bits + 1) // 2, 1 << bits // 2


def tiles_of(field: Field, frames_a_cell: int = 1) -> int:
    """How many tiles a field touches."""
    bits = max(TILE_BITS, frames_a_cell.bit_length() - 1)
    return ((field.first + len(field.inks) - 1) >> bits) - (field.first >> bits) + 1


def mebibytes(pages: int) -> str:
    """'0.1 MiB' or more as such, less in KiB."""
    size = pages * _PAGE
    return f"{size / Size.mib(1):,.1f} MiB" if size * 10 >= Size.mib(1) else f"{size // Size.kib(1)} KiB"


def _chart(title: str, drawn: Iterable[tuple[Part, NDArray[np.uint8]]]) -> Chart:
    fields = tuple(_field(part, inks) for part, inks in drawn)
    counts = np.zeros(len(INKS), dtype=np.int64)
    for field in fields:
        counts += np.bincount(field.inks, minlength=len(INKS))
    order = chain(reversed(FREE), KINDS.values(), INKS)
    shown = {ink: int(counts[INDEX[ink]]) for ink in order if counts[INDEX[ink]] and INDEX[ink]}
    legend = tuple(Row(ink=ink, pages=pages) for ink, pages in shown.items())
    return Chart(title=title, fields=fields, legend=legend)


def _field(part: Part, inks: NDArray[np.uint8]) -> Field:
    stretch = part.stretch
    frames = np.arange(stretch.first, stretch.end)
    orders = part.orders.astype(np.int64)
    blocks = (frames >> orders << 5) | orders
    blocks[(part.orders == 0) & (part.kinds != Kind.FREE)] = -1
    heading = (
        f"node {stretch.node}, zone {stretch.zone}: {mebibytes(stretch.pages)}, "
        f"frames {stretch.first} to {stretch.end - 1}"
    )
    return Field(heading=heading, first=stretch.first, inks=inks, blocks=blocks)


def _changes(old: Part, new: Part) -> NDArray[np.uint8]:
    was, now = np.isin(old.kinds, _FREE_KINDS), np.isin(new.kinds, _FREE_KINDS)
    listed = (old.kinds == Kind.FREE) & (new.kinds == Kind.FREE)
    chosen = (
        (~was & now, FREED),
        (was & ~now, TAKEN),
        (listed & (new.orders > old.orders), MERGED),
        (listed & (new.orders < old.orders), SPLIT),
        (~was & ~now & (old.kinds != new.kinds), OTHER),
        (was & now, STILL_FREE),
    )
    conditions, inks = zip(*chosen, strict=True)
    found: NDArray[np.uint8] = np.select(conditions, [INDEX[ink] for ink in inks], INDEX[STILL_USED]).astype(
        np.uint8
    )
    return found


def _sampled(padded: NDArray[Any], start: int, frames_a_cell: int) -> NDArray[Any]:
    cells = np.arange(len(padded) // frames_a_cell, dtype=np.uint64) + np.uint64(start // frames_a_cell)
    # Knuth's multiplicative hash: the golden ratio spreads what follows each other.
    chance = (cells * np.uint64(2654435761) >> np.uint64(7)) % np.uint64(frames_a_cell)
    sampled: NDArray[Any] = padded.reshape(-1, frames_a_cell)[np.arange(len(cells)), chance.astype(np.int64)]
    return sampled


def _z_order(wide: int, tall: int) -> NDArray[np.int64]:
    """Which cell of a tile stands in each row and column."""
    column, row = np.arange(wide), np.arange(tall)
    return _spread(row)[:, None] << 1 | _spread(column)[None, :]


def _spread(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Bit n of each number at bit 2n."""
    found = np.zeros_like(numbers)
    for bit in range((TILE_BITS + 1) // 2):
        found |= (numbers >> bit & 1) << 2 * bit
    return found

"""A RAM map on a terminal: two dots a character where it has colours, else a letter for each use."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from labkit.report.map_chart import Chart, Field, Row, grid, tile_shape, tiles_of
from labkit.report.map_inks import FREE, INKS, NOTHING, Ink
from labkit.report.map_sheet import explanation
from labkit.report.text import oneline

_LINES = 40  # of fields, of all charts together
_MOST_COLUMNS = 160
_HALF = "▀"  # upper half block: its colour is the upper dot, its background's the lower


class MapDrawing:
    """Charts below each other, each with its legend; drawn as finely as their lines allow.

    Half blocks want a terminal of 256 colours or more that knows them. Every other gets letters: NO_COLOR, a
    pipe, an ASCII locale.
    """

    def __init__(self, charts: Sequence[Chart], title: str) -> None:
        self.charts = charts
        self.title = title

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        colours = console.color_system in ("256", "truecolor") and not console.no_color
        halves = colours and not options.ascii_only
        width = min(options.max_width, _MOST_COLUMNS)
        frames_a_cell = _frames_a_cell(self.charts, width, halves=halves)
        yield oneline(self.title, style="bold")
        yield oneline(explanation(frames_a_cell, "dot" if halves else "character"))
        for chart in self.charts:
            yield Text()
            yield oneline(chart.title, style="bold")
            for field in chart.fields:
                yield oneline(field.heading)
                yield from _drawn(field, width, frames_a_cell, halves=halves)
            yield from _legend(chart, width, colours=colours, letters=not halves)


def _frames_a_cell(charts: Sequence[Chart], width: int, *, halves: bool) -> int:
    """The finest scale at which all charts take no more than _LINES lines."""
    most = max(_LINES // len(charts), 4)
    bits = 0 if halves else 1
    while True:
        wide, tall = tile_shape(1 << bits)
        across = width // wide
        if across and sum(_rows(field, 1 << bits, across) for field in charts[0].fields) * tall <= most * (
            2 if halves else 1
        ):
            return 1 << bits
        bits += 2


def _rows(field: Field, frames_a_cell: int, across: int) -> int:
    return -(-tiles_of(field, frames_a_cell) // across)


def _drawn(field: Field, width: int, frames_a_cell: int, *, halves: bool) -> RenderResult:
    wide, _ = tile_shape(frames_a_cell)
    across = min(width // wide, tiles_of(field, frames_a_cell))
    cells = grid(field.inks, field.first, across, frames_a_cell)
    if not halves:
        letters = np.array([ink.letter for ink in INKS])
        for row in letters[cells]:
            yield Text("".join(row).rstrip())
        return
    if cells.shape[0] % 2:
        cells = np.vstack((cells, np.zeros((1, cells.shape[1]), cells.dtype)))
    for upper, lower in zip(cells[::2], cells[1::2], strict=True):
        yield from _half_blocks(upper, lower)
        yield Segment.line()


def _half_blocks(upper: NDArray[np.uint8], lower: NDArray[np.uint8]) -> RenderResult:
    """A line, a segment for each run of equal pairs."""
    pairs = upper.astype(np.int64) << 8 | lower
    starts = np.flatnonzero(np.concatenate(([True], pairs[1:] != pairs[:-1])))
    lengths = np.diff(np.append(starts, len(pairs))).tolist()
    for start, length in zip(starts.tolist(), lengths, strict=True):
        above, below = INKS[upper[start]], INKS[lower[start]]
        if above is NOTHING and below is NOTHING:
            yield Segment(" " * length)
        elif above is NOTHING:
            yield Segment("▄" * length, Style(color=_colour(below)))
        else:
            background = None if below is NOTHING else _colour(below)
            yield Segment(_HALF * length, Style(color=_colour(above), bgcolor=background))


def _legend(chart: Chart, width: int, *, colours: bool, letters: bool) -> RenderResult:
    """Name and amount of each ink, in as many columns as fit; free blocks of all orders in a row."""

    def mark(ink: Ink) -> Text:
        style = Style(color=_colour(ink)) if colours else Style.null()
        return Text(ink.letter if letters else "■", style)

    free = [row for row in reversed(chart.legend) if row.ink in FREE]
    others = [row for row in chart.legend if row.ink not in FREE]
    if free:
        total = Row(ink=FREE[0], pages=sum(row.pages for row in free))
        yield Text(f"free: {total.amount}; of it by the order of their blocks, in pages:")
        orders = [(row, row.ink.name.rpartition(" ")[2]) for row in free]
        marks = [Text.assemble(mark(row.ink), f" {order}: {row.pages:,}") for row, order in orders]
        yield from _flowing(marks, width)
    names = max((len(row.ink.name) for row in others), default=0)
    amounts = max((len(row.amount) for row in others), default=0)
    columns = max(1, (width + 3) // (names + amounts + 7))
    rows = -(-len(others) // columns)
    for number in range(rows):
        line = Text()
        for row in others[number::rows]:
            line.append_text(mark(row.ink))
            line.append(f" {row.ink.name:<{names}}  {row.amount:>{amounts}}   ")
        line.rstrip()
        yield line


def _flowing(items: list[Text], width: int) -> RenderResult:
    """Items one after the other, as many on a line as fit."""
    line = Text()
    for item in items:
        if line and len(line) + 3 + len(item) > width:
            yield line
            line = Text()
        line = Text.assemble(line, "   ", item) if line else item
    yield line


def _colour(ink: Ink) -> Color:
    return Color.from_rgb(*ink.rgb)

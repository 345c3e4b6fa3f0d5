"""Boxes of text for a view that is drawn ten times a second: lines of exactly so many cells, drawn by hand.

rich's tables and panels measure everything they hold, 40 ms a frame; these lines take a tenth of that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.segment import Segment

from labkit.report.watch.bars import Ink

Line = tuple[tuple[str, str], ...]  # pieces of a line and their styles
EDGES = 4  # cells of a box's two sides


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a list: its head, its cells, and whether it is what shrinks where there is no room."""

    head: str
    cells: Sequence[str]
    left: bool = False

    @property
    def width(self) -> int:
        return max(map(cell_len, (self.head, *self.cells)))


def box(name: str, lines: Sequence[Line], width: int, ink: Ink) -> list[Line]:
    """The lines with a frame around them and a name on it, `width` cells wide."""
    corner, bar, side = ink.frame
    title = set_cell_size(f" {name} ", min(cell_len(name) + 2, width - EDGES))
    top = corner[0] + bar + title + bar * (width - 3 - cell_len(title)) + corner[1]
    inner = width - EDGES
    framed: list[Line] = [((top, "dim"),)]
    framed += [((side + " ", "dim"), *fitted(line, inner), (" " + side, "dim")) for line in lines]
    framed.append(((corner[2] + bar * (width - 2) + corner[3], "dim"),))
    return framed


def fitted(line: Line, width: int) -> Line:
    """The line cut or filled to `width` cells."""
    left, pieces = width, []
    for text, style in line:
        taken = min(cell_len(text), left)
        if taken:
            pieces.append((text if taken == cell_len(text) else set_cell_size(text, taken), style))
            left -= taken
    if left:
        pieces.append((" " * left, ""))
    return tuple(pieces)


def listed(columns: Sequence[Column], width: int) -> list[Line]:
    """A head and a row for each of the cells; the first column takes what the others leave."""
    others = sum(column.width + 1 for column in columns[1:])
    first = max(min(max(columns[0].width, width - others), width - others), 4)
    widths = [first, *(column.width for column in columns[1:])]
    heads = [_cell(column.head, size, column) for column, size in zip(columns, widths, strict=True)]
    lines: list[Line] = [((" ".join(heads), "dim"),)]
    for row in zip(*(column.cells for column in columns), strict=True):
        cells = [_cell(text, size, column) for text, size, column in zip(row, widths, columns, strict=True)]
        lines.append(((" ".join(cells), ""),))
    return lines


def beside(boxes: Sequence[Sequence[Line]], widths: Sequence[int]) -> list[Line]:
    """Boxes next to each other, as high as the highest."""
    height = max(map(len, boxes), default=0)
    blank = [((" " * width, ""),) for width in widths]
    return [
        tuple(
            piece
            for number, lines in enumerate(boxes)
            for piece in (lines[row] if row < len(lines) else blank[number])
        )
        for row in range(height)
    ]


def segments(lines: Sequence[Line], console: Console) -> Iterator[Segment]:
    """What rich writes."""
    styles = {style: console.get_style(style) for line in lines for _, style in line if style}
    for line in lines:
        for text, style in line:
            yield Segment(text, styles.get(style))
        yield Segment.line()


def _cell(text: str, width: int, column: Column) -> str:
    short = set_cell_size(text, width) if cell_len(text) > width else text
    space = " " * (width - cell_len(short))
    return short + space if column.left else space + short

"""Where everything of a drawn RAM map stands on its sheet: charts side by side, headings, fields, legends.

Value to value; map_png.py and map_svg.py paint the same sheet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field

from labkit.report.map_chart import Chart, Field, tile_shape, tiles_of
from labkit.report.map_inks import Ink

MARGIN = 24
GAP = 32  # between charts
TITLE, HEADING, SMALL = 20, 16, 13  # of letters, in pixels
_LINE = 19
_SWATCH = 12
_LEGEND_WIDTH = 350
_WIDTHS = {1: 1056, 2: 704, 3: 544}  # of a chart, by how many there are
_TALL = 1.3  # times its width: the fields of a chart at most
_LARGEST_CELL = 24
OUTLINED_FROM = 5  # pixels of a cell that blocks are outlined from


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A line of text whose upper left corner, or upper right one with `ends`, stands at x, y."""

    x: int
    y: int
    size: int
    text: str
    bold: bool = False
    ends: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Swatch:
    x: int
    y: int
    size: int
    ink: Ink


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placed:
    """A field on the sheet: a cell of `cell` pixels stands for `frames_a_cell` frames."""

    x: int
    y: int
    field: Field
    tiles_a_row: int
    frames_a_cell: int
    cell: int

    @property
    def outlined(self) -> bool:
        return self.frames_a_cell == 1 and self.cell >= OUTLINED_FROM


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sheet:
    width: int
    height: int
    title: str
    labels: tuple[Label, ...]
    swatches: tuple[Swatch, ...]
    fields: tuple[Placed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """How all charts of a sheet are drawn."""

    tiles_a_row: int
    frames_a_cell: int
    cell: int

    def size(self, field: Field) -> tuple[int, int]:
        """Pixels across and down."""
        wide, tall = tile_shape(self.frames_a_cell)
        tiles = tiles_of(field, self.frames_a_cell)
        across = min(tiles, self.tiles_a_row)
        return across * wide * self.cell, -(-tiles // self.tiles_a_row) * tall * self.cell


@dataclass(slots=True, kw_only=True)
class _Column:
    """A chart as it is laid out."""

    labels: list[Label] = dataclass_field(default_factory=list)
    swatches: list[Swatch] = dataclass_field(default_factory=list)
    fields: list[Placed] = dataclass_field(default_factory=list)
    bottom: int = 0


def laid_out(charts: Sequence[Chart], title: str) -> Sheet:
    """The sheet of one chart, or of up to three side by side."""
    width = _WIDTHS[min(len(charts), 3)]
    scale = _scale(charts[0].fields, width)
    columns = [
        _column(chart, scale, MARGIN + number * (width + GAP), width) for number, chart in enumerate(charts)
    ]
    head = (
        Label(x=MARGIN, y=MARGIN, size=TITLE, text=title, bold=True),
        Label(x=MARGIN, y=MARGIN + 28, size=SMALL, text=explanation(scale.frames_a_cell)),
    )
    return Sheet(
        width=2 * MARGIN + len(charts) * width + (len(charts) - 1) * GAP,
        height=max(column.bottom for column in columns) + MARGIN,
        title=title,
        labels=(*head, *(label for column in columns for label in column.labels)),
        swatches=tuple(swatch for column in columns for swatch in column.swatches),
        fields=tuple(placed for column in columns for placed in column.fields),
    )


def explanation(frames_a_cell: int, cell: str = "dot") -> str:
    """What a cell is, and how the frames lie."""
    what = f"A {cell} is a page frame of 4 KiB"
    if frames_a_cell > 1:
        what = f"A {cell} stands for {frames_a_cell:,} page frames of 4 KiB and shows one of them"
    return f"{what}; a square tile is 4 MiB, and every free block of 2^n frames one rectangle in it."


def _scale(fields: Sequence[Field], width: int) -> _Scale:
    """The largest cells with which the fields are hardly taller than wide."""
    for frames_a_cell in (1 << bits for bits in range(0, 64, 2)):
        wide, _ = tile_shape(frames_a_cell)
        for cell in range(_LARGEST_CELL, 0, -1):
            across = width // (wide * cell)
            scale = _Scale(tiles_a_row=across, frames_a_cell=frames_a_cell, cell=cell)
            if across and sum(scale.size(field)[1] for field in fields) <= width * _TALL:
                return scale
    raise AssertionError("unreachable: a cell of enough frames fits")


def _column(chart: Chart, scale: _Scale, left: int, width: int) -> _Column:
    """A chart from below the sheet's title on: its own, its fields, its legend."""
    column = _Column()
    column.labels.append(Label(x=left, y=MARGIN + 60, size=HEADING, text=chart.title, bold=True))
    y = MARGIN + 90
    for field in chart.fields:
        column.labels.append(Label(x=left, y=y, size=SMALL, text=field.heading))
        y += _LINE + 3
        across = min(scale.tiles_a_row, tiles_of(field, scale.frames_a_cell))
        column.fields.append(
            Placed(
                x=left,
                y=y,
                field=field,
                tiles_a_row=across,
                frames_a_cell=scale.frames_a_cell,
                cell=scale.cell,
            )
        )
        y += scale.size(field)[1] + 14
    columns = max(1, width // _LEGEND_WIDTH)
    rows = -(-len(chart.legend) // columns)
    for number, row in enumerate(chart.legend):
        x, top = left + number // rows * _LEGEND_WIDTH, y + number % rows * _LINE
        column.swatches.append(Swatch(x=x, y=top + 1, size=_SWATCH, ink=row.ink))
        column.labels.append(Label(x=x + 20, y=top, size=SMALL, text=row.ink.name))
        column.labels.append(Label(x=x + _LEGEND_WIDTH - 20, y=top, size=SMALL, text=row.amount, ends=True))
    column.bottom = y + rows * _LINE
    return column

"""A RAM map as SVG: the sheet as text, in the reader's own choice of dark or light."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from labkit.report.map_chart import Chart, grid
from labkit.report.map_inks import INKS, NOTHING, Ink
from labkit.report.map_sheet import Label, Placed, Sheet, Swatch, laid_out

_STYLE = """
svg { --paper: #ffffff; --ink: #202124; font-family: system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { svg { --paper: #14161a; --ink: #e8eaed; } }
.paper { fill: var(--paper); }
text { fill: var(--ink); dominant-baseline: hanging; }
.frame { fill: none; stroke: var(--ink); }
.cells path { fill: none; stroke-width: 1; shape-rendering: crispEdges; }
.cells .blocks { stroke: var(--paper); stroke-width: 1; vector-effect: non-scaling-stroke; }
"""


def render_map_svg(charts: Sequence[Chart], title: str) -> str:
    """One chart, or up to three side by side."""
    sheet = laid_out(charts, title)
    return "\n".join(_lines(sheet)) + "\n"


def _lines(sheet: Sheet) -> Iterator[str]:
    size = f'width="{sheet.width}" height="{sheet.height}" viewBox="0 0 {sheet.width} {sheet.height}"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title words" {size}>'
    yield f'<title id="title">{escape(sheet.title)}</title>'
    words = ". ".join(label.text for label in sheet.labels)
    yield f'<desc id="words">{escape(words)}</desc>'
    yield f"<style>{_STYLE}</style>"
    yield f'<rect class="paper" width="{sheet.width}" height="{sheet.height}"/>'
    for placed in sheet.fields:
        yield from _field(placed)
    yield from map(_swatch, sheet.swatches)
    yield from map(_label, sheet.labels)
    yield "</svg>"


def _label(label: Label) -> str:
    more = ' text-anchor="end"' if label.ends else ""
    more += ' font-weight="bold"' if label.bold else ""
    return f'<text x="{label.x}" y="{label.y}" font-size="{label.size}"{more}>{escape(label.text)}</text>'


def _swatch(swatch: Swatch) -> str:
    place = f'x="{swatch.x}" y="{swatch.y}" width="{swatch.size}" height="{swatch.size}"'
    return f'<rect {place} fill="{_colour(swatch.ink)}" stroke="var(--ink)"/>'


def _field(placed: Placed) -> Iterator[str]:
    field = placed.field
    cells = grid(field.inks, field.first, placed.tiles_a_row, placed.frames_a_cell)
    height, width = (side * placed.cell for side in cells.shape)
    place = f'x="{placed.x - 0.5}" y="{placed.y - 0.5}" width="{width + 1}" height="{height + 1}"'
    yield f'<rect class="frame" {place}/>'
    yield f'<g class="cells" transform="translate({placed.x} {placed.y}) scale({placed.cell})">'
    yield f"<title>{escape(field.heading)}</title>"
    for number, path in _strokes(cells):
        if INKS[number] is not NOTHING:
            yield f'<path stroke="{_colour(INKS[number])}" transform="translate(0 .5)" d="{path}"/>'
    if placed.outlined:
        blocks = grid(field.blocks, field.first, placed.tiles_a_row, nothing=-1)
        yield f'<path class="blocks" d="{_edges(blocks)}"/>'
    yield "</g>"


def _strokes(cells: NDArray[np.uint8]) -> Iterator[tuple[int, str]]:
    """Each ink's runs of cells along the rows, as one path of strokes as thick as a cell."""
    width = cells.shape[1]
    flat = cells.ravel()
    starts = np.flatnonzero(np.concatenate(([True], flat[1:] != flat[:-1])))
    starts = np.union1d(starts, np.arange(0, flat.size, width))
    lengths = np.diff(np.append(starts, flat.size))
    inks = flat[starts]
    for number in np.unique(inks).tolist():
        chosen = inks == number
        rows, columns = np.divmod(starts[chosen], width)
        runs = zip(columns.tolist(), rows.tolist(), lengths[chosen].tolist(), strict=True)
        yield number, "".join(f"M{x} {y}h{run}" for x, y, run in runs)


def _edges(blocks: NDArray[np.int64]) -> str:
    """The lines between two blocks."""
    rows, columns = np.nonzero(blocks[:, 1:] != blocks[:, :-1])
    right = "".join(f"M{x + 1} {y}v1" for x, y in zip(columns.tolist(), rows.tolist(), strict=True))
    rows, columns = np.nonzero(blocks[1:] != blocks[:-1])
    return right + "".join(f"M{x} {y + 1}h1" for x, y in zip(columns.tolist(), rows.tolist(), strict=True))


def _colour(ink: Ink) -> str:
    return "#" + bytes(ink.rgb).hex()

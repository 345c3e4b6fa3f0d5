"""A RAM map as PNG: the sheet painted with numpy and Pillow."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from labkit.report.map_chart import Chart, grid
from labkit.report.map_inks import INDEX, NOTHING, PALETTE, Rgb
from labkit.report.map_sheet import Placed, Sheet, laid_out

_DARK: tuple[Rgb, Rgb] = ((20, 22, 26), (232, 234, 237))  # paper and ink
_LIGHT: tuple[Rgb, Rgb] = ((255, 255, 255), (32, 33, 36))
# Pixels are numbers of a palette: inks, then the shades between paper and ink that text is smooth by.
_PAPER, _SHADES = 64, 64
_TEXT = _PAPER + _SHADES - 1
_LEVEL = 4  # of zlib

Pixels = NDArray[np.uint8]


def render_map_png(charts: Sequence[Chart], title: str, *, light: bool = False) -> bytes:
    """One chart, or up to three side by side, on dark or light paper."""
    sheet = laid_out(charts, title)
    pixels = _written(sheet)
    for placed in sheet.fields:
        _frame(pixels, placed.x, placed.y, _field(placed))
    for swatch in sheet.swatches:
        _frame(pixels, swatch.x, swatch.y, np.full((swatch.size, swatch.size), INDEX[swatch.ink], np.uint8))
    image = Image.frombytes("P", (sheet.width, sheet.height), pixels.tobytes())
    image.putpalette(_palette(*(_LIGHT if light else _DARK)).tobytes())
    file = io.BytesIO()
    image.save(file, "png", compress_level=_LEVEL)
    return file.getvalue()


def _palette(paper: Rgb, ink: Rgb) -> Pixels:
    palette = np.zeros((256, 3), np.uint8)
    palette[: len(PALETTE)] = PALETTE
    palette[_PAPER : _PAPER + _SHADES] = np.linspace(paper, ink, _SHADES).round()
    return palette


def _written(sheet: Sheet) -> Pixels:
    """The sheet with nothing but its text."""
    image = Image.new("L", (sheet.width, sheet.height))
    draw = ImageDraw.Draw(image)
    fonts = {size: ImageFont.load_default(size) for size in {label.size for label in sheet.labels}}
    for label in sheet.labels:
        for shift in (0.0, 0.6) if label.bold else (0.0,):  # the font that comes with Pillow is not bold
            draw.text(
                (label.x + shift, label.y),
                label.text,
                fill=255,
                font=fonts[label.size],
                anchor="ra" if label.ends else "la",
            )
    shades: Pixels = np.asarray(image) // np.uint8(256 // _SHADES)
    shades += np.uint8(_PAPER)
    return shades


def _field(placed: Placed) -> Pixels:
    field = placed.field
    inks = grid(field.inks, field.first, placed.tiles_a_row, placed.frames_a_cell)
    shown = np.where(inks == INDEX[NOTHING], _PAPER, inks).astype(np.uint8)
    large: Pixels = shown.repeat(placed.cell, axis=0).repeat(placed.cell, axis=1)
    if placed.outlined:
        large[_borders(placed)] = _PAPER
    return large


def _borders(placed: Placed) -> NDArray[np.bool_]:
    """The pixels between two blocks: the last column or row of a cell whose neighbour is of another."""
    field, cell = placed.field, placed.cell
    blocks = grid(field.blocks, field.first, placed.tiles_a_row, nothing=-1)
    found = np.zeros((blocks.shape[0] * cell, blocks.shape[1] * cell), dtype=np.bool_)
    right = blocks[:, 1:] != blocks[:, :-1]
    below = blocks[1:] != blocks[:-1]
    found[:, cell - 1 : -1 : cell] = right.repeat(cell, axis=0)
    found[cell - 1 : -1 : cell] |= below.repeat(cell, axis=1)
    return found


def _frame(pixels: Pixels, x: int, y: int, field: Pixels) -> None:
    """Put a field onto the sheet with a line around it, which is the border of its zone."""
    height, width = field.shape
    pixels[y - 1 : y + height + 1, x - 1 : x + width + 1] = _TEXT
    pixels[y : y + height, x : x + width] = field

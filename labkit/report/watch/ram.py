"""The RAM map in a frame of the live view: half blocks in colours, or a letter for each cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby, zip_longest

from rich.cells import cell_len

from labkit.model.coarse_map import CoarseMap, Strip, use_of
from labkit.model.ram_map import Kind
from labkit.model.units import Size
from labkit.report.map_chart import mebibytes
from labkit.report.map_inks import FREE, KINDS, NOTHING, Ink
from labkit.report.text import human_seconds, tame_line
from labkit.report.watch.bars import Ink as Means
from labkit.report.watch.panes import Line

PAGE = 4096
_HALF = "▀"  # its colour is the upper cell, its background's the lower


@dataclass(frozen=True, slots=True, kw_only=True)
class RamPane:
    """The map as lines, and what its frame says of it."""

    name: str
    lines: tuple[Line, ...]


def ram_pane(ram: CoarseMap, at: float, width: int, rows: int, means: Means) -> RamPane | None:
    """The map in at most `rows` lines, as finely as they allow; None where they do not."""
    halves = means.blocks and means.colours
    legend_rows = 1 if width > 100 or rows < 6 else 2
    labels = [f"node {strip.node} {tame_line(strip.zone)} " for strip in ram.strips]
    across = width - max(map(cell_len, labels), default=0)
    if across < 8 or rows - legend_rows < len(labels):
        return None
    a_row = across * (2 if halves else 1)
    step = 1
    while sum(_rows(strip, step, a_row) for strip in ram.strips) > rows - legend_rows:
        step += 1
    lines: list[Line] = []
    for strip, label in zip(ram.strips, labels, strict=True):
        drawn = _halves(strip, step, across) if halves else _letters(strip, step, across)
        for number, line in enumerate(drawn):
            space = label if not number else ""
            lines.append(((f"{space:<{width - across}}", ""), *line))
    lines += _legend(ram, width, legend_rows, colours=means.colours)
    age = human_seconds(max(at - ram.oldest, 0.0))
    cell = "half block" if halves else "letter"
    name = f"RAM, a {cell} for {mebibytes(ram.grain * step)}, at most {age} old; below in MiB"
    return RamPane(name=name, lines=tuple(lines))


def _rows(strip: Strip, step: int, a_row: int) -> int:
    return -(-len(strip.cells) // (step * a_row))


def _halves(strip: Strip, step: int, across: int) -> list[Line]:
    """Cells from left to right, row below row; two rows a line."""
    cells = strip.cells[::step]
    wide = -(-len(cells) // (2 * _rows(strip, step, 2 * across)))
    rows = [cells[at : at + wide] for at in range(0, len(cells), wide)]
    rows += [""] * (len(rows) % 2)
    return [_pairs(upper, lower) for upper, lower in zip(rows[::2], rows[1::2], strict=True)]


def _pairs(upper: str, lower: str) -> Line:
    """A piece for each run of equal pairs."""
    runs = groupby(zip_longest(upper, lower, fillvalue=""))
    return tuple((_HALF * len(list(run)), _style(*pair)) for pair, run in runs)


@cache
def _style(upper: str, lower: str) -> str:
    below = _colour(_ink(lower)) if lower else ""
    return f"{_colour(_ink(upper))} on {below}" if below else _colour(_ink(upper))


def _letters(strip: Strip, step: int, across: int) -> list[Line]:
    text = "".join(_ink(letter).letter for letter in strip.cells[::step])
    wide = -(-len(text) // _rows(strip, step, across))
    return [((text[at : at + wide], ""),) for at in range(0, len(text), wide)]


def _legend(ram: CoarseMap, width: int, rows: int, *, colours: bool) -> list[Line]:
    """What there is most of, first; free memory is one entry. What does not fit in is left out."""
    amounts: Counter[Ink] = Counter()
    for letter, pages in ram.pages.items():
        kind, _ = use_of(letter)
        amounts[FREE[0] if kind is Kind.FREE else _ink(letter)] += pages
    lines: list[list[tuple[str, str]]] = [[]]
    left = width
    for ink, pages in amounts.most_common():
        text = f"{_name(ink, colours=colours)} {pages * PAGE / Size.mib(1):,.1f}  "
        mark = _mark(ink, colours=colours)
        taken = cell_len(text) + sum(cell_len(part) for part, _ in mark)
        if taken - 2 > left:
            if len(lines) == rows:
                break
            lines.append([])
            left = width
        lines[-1] += [*mark, (text, "")]
        left -= taken
    return [tuple(line) for line in lines]


def _mark(ink: Ink, *, colours: bool) -> Sequence[tuple[str, str]]:
    if not colours:
        return [(f"{FREE[0].letter}-{FREE[-1].letter} " if ink is FREE[0] else f"{ink.letter} ", "")]
    shown = FREE[::5] if ink is FREE[0] else (ink,)
    return [*(("■", _colour(each)) for each in shown), (" ", "")]


def _name(ink: Ink, *, colours: bool) -> str:
    if ink is FREE[0]:
        return "free (lighter: larger)" if colours else "free (by order)"
    return ink.name


@cache
def _ink(letter: str) -> Ink:
    kind, order = use_of(letter)
    return FREE[order] if kind is Kind.FREE else KINDS.get(kind, NOTHING)


def _colour(ink: Ink) -> str:
    red, green, blue = ink.rgb
    return f"#{red:02x}{green:02x}{blue:02x}"

"""Numbers to bars of characters, for terminals that have block characters and for those that have not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labkit.model.glance import Level

EIGHTHS = " ▁▂▃▄▅▆▇█"
PLAIN_EIGHTHS = " .:-=+*#%"
MARKS = ("min", "low", "high")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ink:
    """What may be drawn with: `blocks` where the terminal has Unicode's block characters, `colours` where it
    has 256 of them or more.
    """

    blocks: bool = True
    colours: bool = True

    @property
    def levels(self) -> str:
        return EIGHTHS if self.blocks else PLAIN_EIGHTHS

    @property
    def full(self) -> str:
        return "█" if self.blocks else "#"

    @property
    def empty(self) -> str:
        return "░" if self.blocks else "."

    @property
    def mark(self) -> str:
        return "│" if self.blocks else "|"

    @property
    def cut(self) -> str:
        return "…" if self.blocks else "~"

    @property
    def frame(self) -> tuple[str, str, str]:
        """Four corners, what is between them, and the sides."""
        return ("╭╮╰╯", "─", "│") if self.blocks else ("++++", "-", "|")


def spark(values: Sequence[float], width: int, ink: Ink) -> str:
    """The last `width` values as a row of heights, against the largest of them."""
    shown = values[-width:]
    top = max(shown, default=0.0)
    if top <= 0:
        return ink.levels[0] * len(shown)
    steps = len(ink.levels) - 1
    return "".join(ink.levels[max(round(value / top * steps), 1 if value else 0)] for value in shown)


def watermark_bar(level: Level, width: int, ink: Ink) -> str:
    """A zone's free memory as a bar: all of the zone, or, near the watermarks, four times the high one.

    The three marks stand where the watermarks are.
    """
    top = max(scale_of(level), 1)
    filled = min(round(level.free_pages / top * width), width)
    cells = [ink.full] * filled + [ink.empty] * (width - filled)
    for mark in (level.min_pages, level.low_pages, level.high_pages):
        cells[min(round(mark / top * width), width - 1)] = ink.mark
    return "".join(cells)


def scale_of(level: Level) -> int:
    """Pages at the bar's end: near the watermarks these must be told apart, far from them the zone counts."""
    near = 4 * level.high_pages
    return near if level.free_pages < near else level.managed_pages


def style_of(level: Level) -> str:
    """The colour says below which watermark free memory is."""
    if level.free_pages < level.min_pages:
        return "bold red"
    if level.free_pages < level.low_pages:
        return "yellow"
    return "cyan" if level.free_pages < level.high_pages else "green"


def standing_of(level: Level) -> str:
    """In words, for who sees no colours."""
    for mark, name in zip((level.min_pages, level.low_pages, level.high_pages), MARKS, strict=True):
        if level.free_pages < mark:
            return f"below {name}"
    return ""

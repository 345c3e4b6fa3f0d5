"""A glance → a frame of the live view: watermarks, free blocks, the RAM map, lists, what happened.

A frame is as wide as the terminal and no higher: what does not fit is left out from the end of each list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult

from labkit.model.glance import PAGE, Glance, Level
from labkit.report.text import human_seconds, tame_line
from labkit.report.watch.bars import Ink, spark, standing_of, style_of, watermark_bar
from labkit.report.watch.happened import Chronicle, Happening
from labkit.report.watch.lists import lists_of
from labkit.report.watch.panes import EDGES, Column, Line, beside, box, fitted, listed, segments
from labkit.report.watch.ram import ram_pane

WIDE = 120  # columns from which lists stand side by side
HISTORY = 240  # frames of which free memory is remembered
FEW = 6  # lines of the log, and of what happened
RATE_SECONDS = 0.5  # over which a rate is taken


@dataclass(slots=True, kw_only=True)
class Reel:
    """The frames so far, as far as the next one needs them: free MiB of each, earlier glances for rates."""

    title: str
    ink: Ink
    free: list[float] = field(default_factory=list)
    first: float = 0.0
    _past: list[Glance] = field(default_factory=list)
    _chronicle: Chronicle = field(default_factory=Chronicle)

    def take(self, glance: Glance) -> Frame:
        """The frame that shows this glance."""
        self.first = self.first or glance.at
        self.free.append(sum(level.free_pages for level in glance.levels) * PAGE / (1 << 20))
        del self.free[:-HISTORY]
        while len(self._past) > 1 and glance.at - self._past[1].at >= RATE_SECONDS:
            del self._past[0]
        before = self._past[0] if self._past else None
        self._past.append(glance)
        return Frame(
            title=self.title,
            glance=glance,
            before=before,
            free=tuple(self.free),
            ink=self.ink,
            seconds=glance.at - self.first,
            happened=self._chronicle.take(glance),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One picture of the live view. `before` is a glance of half a second ago, None in the beginning."""

    title: str
    glance: Glance
    before: Glance | None
    free: Sequence[float]
    ink: Ink
    seconds: float
    happened: tuple[Happening, ...] = ()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = self.lines(options.max_width, options.height or options.max_height)
        yield from segments(lines, console)

    def lines(self, width: int, height: int) -> list[Line]:
        """The frame, line by line."""
        glance, ink = self.glance, self.ink
        above = [
            fitted(_head(self, width), width),
            *box("free memory against the watermarks", _levels(glance, width - EDGES, ink), width, ink),
            *box("free blocks by order", _orders(glance, ink), width, ink),
        ]
        across = width >= WIDE
        ram = _ram(glance, width, height - 1 - len(above), ink)
        rest = height - 1 - len(above) - len(ram)
        last = _last(self, width, rest)
        size = (width, rest - len(last))
        lists = lists_of(glance, self.before, size, ink, across=across)
        return [*above, *ram, *lists, *last][: height - 1]


def _ram(glance: Glance, width: int, rest: int, ink: Ink) -> list[Line]:
    """The map in a quarter of the lines that are left, or as few as it takes."""
    if glance.ram is None:
        return []
    for rows in (rest // 4, len(glance.ram.strips) + 2, len(glance.ram.strips) + 1):
        if rows + 2 <= rest and (pane := ram_pane(glance.ram, glance.at, width - EDGES, rows, ink)):
            return box(pane.name, pane.lines, width, ink)
    return []


def _last(frame: Frame, width: int, rest: int) -> list[Line]:
    """What happened, and beside it what the kernel said, if there is room beside it."""
    ink = frame.ink
    across = width >= WIDE
    rows = min(FEW, rest - 2 if across else max(rest // 4, min(rest - 2, 3)))
    if rows < 1:
        return []
    shown = frame.happened[-rows:]
    when = max((len(each.when) for each in shown), default=0)
    widths = [width * 3 // 5, width - width * 3 // 5] if across else [width]
    room = widths[0] - EDGES - when - 2
    lines: list[Line] = [
        ((f"{each.when:>{when}}  ", "dim"), (_shortened(each.text, room, ink), "")) for each in shown
    ]
    lines = lines or [(("nothing yet", "dim"),)]
    lines += [()] * (rows - len(lines))
    name = "what happened, by the kernel's counters and log"
    if not across:
        return box(name, lines, width, ink)
    said: list[Line] = [((tame_line(line), ""),) for line in frame.glance.said[-rows:]]
    boxes = [box(name, lines, widths[0], ink), box("the kernel said", said, widths[1], ink)]
    return beside(boxes, widths)


def _shortened(text: str, room: int, ink: Ink) -> str:
    """What is cut says so: half a number would be another one."""
    return text if cell_len(text) <= room else set_cell_size(text, room - 1) + ink.cut


def _head(frame: Frame, width: int) -> Line:
    now = frame.free[-1] if frame.free else 0.0
    title = tame_line(frame.title)
    told = f"  {human_seconds(frame.seconds)}  free {now:,.1f} MiB "
    row = spark(frame.free, max(width - cell_len(title + told) - 1, 0), frame.ink)
    return ((title, "bold"), (told, ""), (row, "cyan"))


def _levels(glance: Glance, width: int, ink: Ink) -> list[Line]:
    lines: list[Line] = []
    zones = [_zone(level) for level in glance.levels]
    sizes = [f"{_mib(level.free_pages)} of {_mib(level.managed_pages)} MiB" for level in glance.levels]
    first, second = max(map(len, zones), default=0), max(map(len, sizes), default=0)
    length = max(width - first - second - len("below high") - 3, 8)
    for level, zone, size in zip(glance.levels, zones, sizes, strict=True):
        style = style_of(level)
        bar = watermark_bar(level, length, ink)
        lines.append(
            (
                (f"{zone:<{first}} ", ""),
                (bar, style),
                (f" {size:>{second}} ", ""),
                (standing_of(level), style),
            )
        )
    return lines


def _orders(glance: Glance, ink: Ink) -> list[Line]:
    """A column an order: how many blocks, and before it how much of the zone's free memory they are."""
    orders = max((len(level.nr_free) for level in glance.levels), default=0)
    zones = [_zone(level) for level in glance.levels]
    columns = [Column(head="order", cells=zones, left=True)]
    for order in range(orders):
        cells = [_blocks(level, order, ink) for level in glance.levels]
        columns.append(Column(head=str(order), cells=cells))
    return listed(columns, max(map(len, zones), default=5) + sum(column.width + 1 for column in columns[1:]))


def _blocks(level: Level, order: int, ink: Ink) -> str:
    count = level.nr_free[order] if order < len(level.nr_free) else 0
    if not count:
        return "-"
    whole = sum(number << each for each, number in enumerate(level.nr_free))
    steps = len(ink.levels) - 1
    return ink.levels[max(round((count << order) / whole * steps), 1)] + _short(count)


def _zone(level: Level) -> str:
    return f"node {level.node} {tame_line(level.zone)}"


def _mib(pages: int) -> str:
    return f"{pages * PAGE / (1 << 20):,.1f}"


def _short(count: int) -> str:
    return str(count) if count < 10_000 else f"{count / 1000:.0f}k"

"""A glance → a frame of the live view: watermarks, free blocks, who would be killed, slabs, what moves.

A frame is as wide as the terminal and no higher: what does not fit is left out from the end of each list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult

from labkit.model.glance import PAGE, Glance, Level
from labkit.report.text import human_seconds, tame_line
from labkit.report.watch.bars import Ink, spark, standing_of, style_of, watermark_bar
from labkit.report.watch.panes import EDGES, Column, Line, beside, box, fitted, listed, segments

WIDE = 120  # columns from which lists stand side by side
HISTORY = 240  # frames of which free memory is remembered
FEW = 6  # lines of the log
BOX_ROWS = 3  # of a list: its frame and its head
RATE_SECONDS = 0.5  # over which a rate is taken
# Whose movement tells what the kernel is at, and in which words.
MOVING = (
    ("pgfault", "faults"),
    ("pgmajfault", "major faults"),
    ("pgalloc_normal", "pages allocated, Normal"),
    ("pgalloc_dma32", "pages allocated, DMA32"),
    ("pgscan_kswapd", "pages scanned by kswapd"),
    ("pgscan_direct", "pages scanned by who waits"),
    ("pgsteal_kswapd", "pages reclaimed by kswapd"),
    ("pgsteal_direct", "pages reclaimed by who waits"),
    ("allocstall_normal", "allocations that waited, Normal"),
    ("allocstall_movable", "allocations that waited, movable"),
    ("pswpout", "pages to swap"),
    ("pswpin", "pages from swap"),
    ("compact_stall", "allocations that waited for compaction"),
    ("pgmigrate_success", "pages moved"),
    ("thp_fault_alloc", "huge pages at a fault"),
    ("thp_collapse_alloc", "huge pages by khugepaged"),
    ("numa_pages_migrated", "pages moved between nodes"),
    ("oom_kill", "processes killed"),
)


@dataclass(slots=True, kw_only=True)
class Reel:
    """The frames so far, as far as the next one needs them: free MiB of each, earlier glances for rates."""

    title: str
    ink: Ink
    free: list[float] = field(default_factory=list)
    first: float = 0.0
    _past: list[Glance] = field(default_factory=list)

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
        rest = height - 1 - len(above)
        few = min(FEW, len(glance.said), rest - 2)
        said: list[Line] = [((tame_line(line), ""),) for line in glance.said[-few:]] if few > 0 else []
        below = box("the kernel said", said, width, ink) if said else []
        return [*above, *_lists(self, width, rest - len(below)), *below][: height - 1]


def _lists(frame: Frame, width: int, rest: int) -> list[Line]:
    """Three lists: side by side where there is room, else one below the other, as many as fit."""
    glance, ink = frame.glance, frame.ink
    across = width >= WIDE
    widths = [width // 3, width // 3, width - 2 * (width // 3)] if across else [width] * 3
    rows = max(rest - BOX_ROWS if across else rest // 3 - BOX_ROWS, 1)
    lists = (
        ("whom the OOM killer would take", _candidates(glance, rows)),
        ("slab caches by size", _slabs(glance, rows)),
        ("what moved", _moving(frame, rows)),
    )
    boxes = [
        box(name, listed(columns, size - EDGES), size, ink)
        for (name, columns), size in zip(lists, widths, strict=True)
    ]
    if across:
        return beside(boxes, widths) if rest > BOX_ROWS else []
    return [line for lines in boxes[: max(rest, 0) // (BOX_ROWS + 1)] for line in lines]


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


def _candidates(glance: Glance, rows: int) -> list[Column]:
    shown = glance.candidates[:rows]
    return [
        Column(head="process", cells=[tame_line(it.comm) for it in shown], left=True),
        Column(head="pid", cells=[str(it.pid) for it in shown]),
        Column(head="MiB", cells=[f"{it.rss / (1 << 20):,.1f}" for it in shown]),
        Column(head="swap", cells=[f"{it.swap / (1 << 20):,.1f}" for it in shown]),
        Column(head="adj", cells=[str(it.adj) for it in shown]),
        Column(head="pages", cells=["never" if it.points is None else f"{it.points:,}" for it in shown]),
    ]


def _slabs(glance: Glance, rows: int) -> list[Column]:
    shown = glance.slabs[:rows]
    return [
        Column(head="cache", cells=[tame_line(it.name) for it in shown], left=True),
        Column(head="MiB", cells=[f"{it.taken / (1 << 20):,.1f}" for it in shown]),
        Column(head="objects", cells=[f"{it.objects:,}" for it in shown]),
        Column(head="active", cells=[f"{it.active:,}" for it in shown]),
    ]


def _moving(frame: Frame, rows: int) -> list[Column]:
    now, before = frame.glance, frame.before
    shown = [(name, words) for name, words in MOVING if now.vmstat.get(name)][:rows]
    rates = []
    for name, _ in shown:
        moved = now.vmstat[name] - before.vmstat.get(name, now.vmstat[name]) if before else 0
        rates.append(f"{moved / (now.at - before.at):,.0f}" if before and moved else "")
    return [
        Column(head="counter", cells=[words for _, words in shown], left=True),
        Column(head="a second", cells=rates),
        Column(head="in all", cells=[f"{now.vmstat[name]:,}" for name, _ in shown]),
    ]


def _zone(level: Level) -> str:
    return f"node {level.node} {tame_line(level.zone)}"


def _mib(pages: int) -> str:
    return f"{pages * PAGE / (1 << 20):,.1f}"


def _short(count: int) -> str:
    return str(count) if count < 10_000 else f"{count / 1000:.0f}k"

"""Numbers to shapes: what the page's template draws, in percent of whatever width there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labkit.model.exhibit import Curve, FreeBlocks, Moved, Reclaim, Timeline

PAGE_KIB = 4
HUES = 6  # colours of curves, by CSS class c0 to c5


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A bar on a track, in percent of its width."""

    left: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A curve as points of an SVG polyline in a 100 by 100 box, with what its ends mean."""

    name: str
    hue: str
    points: str
    first: str
    last: str
    peak: str
    dots: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """Free blocks of one order at each moment: how many, and their share of the zone's free memory then."""

    order: int
    block: str
    cells: tuple[tuple[int, float], ...]


def timeline_figure(line: Timeline) -> tuple[list[Bar], list[float], list[tuple[float, str]]]:
    """A bar a step, a place an event, and marks of the axis: (percent, text)."""
    whole = line.seconds
    bars = [
        Bar(left=_percent(span.start, whole), width=max(_percent(span.seconds, whole), 0.4))
        for span in line.spans
    ]
    places = [_percent(event.at, whole) for event in line.events]
    return bars, places, _ticks(whole)


def reclaims_figure(line: Timeline) -> list[tuple[Reclaim, Bar]]:
    """Where anything was reclaimed: a bar from one reading of the counters to the next."""
    whole = line.seconds
    return [
        (each, Bar(left=_percent(each.start, whole), width=max(_percent(each.seconds, whole), 0.4)))
        for each in line.reclaims
        if each.any
    ]


def curves_figure(line: Timeline) -> tuple[list[Line], str]:
    """The curves, and what the top of the box stands for."""
    top = max((size for curve in line.curves for _, size in curve.points), default=1) or 1
    lines = [_line(curve, number, line.seconds, top) for number, curve in enumerate(line.curves)]
    return lines, _mib(top)


def blocks_figure(free: FreeBlocks) -> tuple[list[OrderRow], list[str]]:
    """A row an order, and the free memory of the zone at each moment."""
    totals = [sum(count << order for order, count in enumerate(cut)) for cut in free.blocks]
    rows = []
    for order in range(max(map(len, free.blocks), default=0)):
        cells = []
        for cut, total in zip(free.blocks, totals, strict=True):
            count = cut[order] if order < len(cut) else 0
            cells.append((count, _percent(count << order, total)))
        rows.append(OrderRow(order=order, block=_kib(PAGE_KIB << order), cells=tuple(cells)))
    return rows, [_mib(total * PAGE_KIB << 10) for total in totals]


def moved_figure(rows: Sequence[Moved]) -> list[tuple[Moved, Bar]]:
    """Each row with a bar from what was to what is, against the larger of the two."""
    drawn = []
    for row in rows:
        top = max(row.before, row.after)
        low = min(row.before, row.after)
        left = _percent(low, top)
        drawn.append((row, Bar(left=left, width=max(100 - left, 0.5))))
    return drawn


def _line(curve: Curve, number: int, seconds: float, top: int) -> Line:
    dots = tuple((_percent(at, seconds), 100 - _percent(size, top)) for at, size in curve.points)
    sizes = [size for _, size in curve.points]
    return Line(
        name=curve.name,
        hue=f"c{number % HUES}",
        points=" ".join(f"{x:g},{y:g}" for x, y in dots),
        first=_mib(sizes[0]),
        last=_mib(sizes[-1]),
        peak=_mib(max(sizes)),
        dots=dots,
    )


def _ticks(seconds: float) -> list[tuple[float, str]]:
    """Four to eight round numbers of seconds."""
    for step in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600):
        if seconds / step <= 8:
            count = int(seconds / step)
            return [(_percent(number * step, seconds), f"{number * step:g} s") for number in range(count + 1)]
    return [(0.0, "0 s"), (100.0, f"{seconds:.0f} s")]


def _percent(part: float, whole: float) -> float:
    return round(min(max(100 * part / whole, 0.0), 100.0), 2) if whole else 0.0


def _mib(size: int) -> str:
    return f"{size / (1 << 20):,.1f} MiB"


def _kib(kib: int) -> str:
    return f"{kib} KiB" if kib < 1024 else f"{kib >> 10} MiB"

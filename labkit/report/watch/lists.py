"""The lists of a frame: whom the OOM killer would take, slab caches by size, what moved."""

from __future__ import annotations

from labkit.model.glance import Glance
from labkit.report.text import tame_line
from labkit.report.watch.bars import Ink
from labkit.report.watch.panes import EDGES, Column, Line, beside, box, listed

BOX_ROWS = 3  # of a list: its frame and its head
FEWEST_ROWS = 3  # of a list that others stand below
# Whose movement tells what the kernel is at, and in which words.
MOVING = (
    ("pgfault", "faults"),
    ("pgmajfault", "major faults"),
    ("pgalloc_normal", "pages allocated, Normal"),
    ("pgalloc_dma32", "pages allocated, DMA32"),
    ("pgscan_kswapd", "pages scanned by kswapd"),
    ("pgscan_direct", "pages scanned directly"),
    ("pgsteal_kswapd", "pages reclaimed by kswapd"),
    ("pgsteal_direct", "pages reclaimed directly"),
    ("allocstall_normal", "direct reclaims, Normal"),
    ("allocstall_movable", "direct reclaims, movable"),
    ("pswpout", "pages to swap"),
    ("pswpin", "pages from swap"),
    ("compact_stall", "direct compactions"),
    ("pgmigrate_success", "pages moved"),
    ("thp_fault_alloc", "huge pages at a fault"),
    ("thp_collapse_alloc", "huge pages by khugepaged"),
    ("numa_pages_migrated", "pages moved between nodes"),
    ("oom_kill", "processes killed"),
)


def lists_of(
    glance: Glance, before: Glance | None, size: tuple[int, int], ink: Ink, *, across: bool
) -> list[Line]:
    """Three lists in so many columns and lines: side by side, or one below the other, as many as fit.

    `before` is an earlier glance that rates are taken from.
    """
    width, rest = size
    widths = [width // 3, width // 3, width - 2 * (width // 3)] if across else [width] * 3
    shown = 3 if across else min(max(rest // (BOX_ROWS + FEWEST_ROWS), 1), 3)
    rows = (rest if across else rest // shown) - BOX_ROWS
    if rows < 1:
        return []
    lists = (
        ("whom the OOM killer would take", _candidates(glance, rows)),
        ("slab caches by size", _slabs(glance, rows)),
        ("what moved", _moving(glance, before, rows)),
    )
    boxes = [
        box(name, listed(columns, wide - EDGES), wide, ink)
        for (name, columns), wide in zip(lists[:shown], widths, strict=False)
    ]
    return beside(boxes, widths) if across else [line for lines in boxes for line in lines]


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


def _moving(now: Glance, before: Glance | None, rows: int) -> list[Column]:
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

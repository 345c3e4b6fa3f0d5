"""Every lab in one go → one line a lab, what it comes to, and the time it took."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from labkit.model.rows import Tour
from labkit.report.batch import NAME_COLUMNS, cells, counts, explained
from labkit.report.terminal import WIDE
from labkit.report.text import human_seconds, oneline

DEMONSTRATION = "a demonstration: the reference solutions, no work of yours"


@dataclass(frozen=True, slots=True)
class TourPage:
    """The table of a tour; it asks the console for its width when it is drawn."""

    tour: Tour

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        del console
        tour = self.tour
        yield _table(tour, wide=options.max_width >= WIDE)
        yield Text()
        yield Text(counts(tour.rows, "lab"), style="bold")
        if tour.demonstration:
            yield Text(f"This was {DEMONSTRATION}. `labkit start LAB` begins yours.")
        yield Text(_total(tour))
        yield from explained(tour.rows)
        if tour.untouched:
            yield Text(f"no working folder here, see labkit list: {', '.join(tour.untouched)}", style="dim")


def render_tour(tour: Tour) -> RenderableType:
    """The whole table, in the order given, and what it comes to."""
    return TourPage(tour)


def render_tour_summary(tour: Tour) -> RenderableType:
    """One line: what a script's log or a quiet run needs."""
    note = f", {DEMONSTRATION}" if tour.demonstration else ""
    return Text(f"{counts(tour.rows, 'lab')}, in {human_seconds(tour.seconds)}{note}")


def _table(tour: Tour, *, wide: bool) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", expand=True)
    table.add_column("lab", no_wrap=True, overflow="ellipsis", max_width=NAME_COLUMNS, style="bold")
    table.add_column("score", no_wrap=True, justify="right")
    table.add_column("took", no_wrap=True, justify="right")
    table.add_column("what failed", no_wrap=True, overflow="ellipsis", ratio=1)
    if wide:
        table.add_column("run", no_wrap=True, overflow="ellipsis", style="dim")
    for row in tour.rows:
        score, what, run = cells(row)
        took = "" if row.seconds is None else human_seconds(row.seconds)
        table.add_row(oneline(row.name), score, took, what, *([run] if wide else []))
    return table


def _total(tour: Tour) -> str:
    """How long one had to wait, beside what the guests took, which lived side by side."""
    guests = sum(row.seconds or 0.0 for row in tour.rows)
    total = f"total {human_seconds(tour.seconds)}"
    return f"{total}; guests took {human_seconds(guests)}, side by side" if guests else total

"""A study's plots as SVG: lines with intervals over numbers, bars with intervals over words, ends as a map.

Colours are after the Okabe-Ito palette; a marker's or a bar's shape says the same as its colour.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labkit.model.experiment import Experiment, Level, Plot
from labkit.model.study import CellSummary, Study
from labkit.model.trial import End

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
MARKERS = "os^DvP*"
HATCHES = ("", "//", "..", "xx", "\\\\", "--", "++")
TICKS = 8  # levels that are spelled out on an axis
PANELS = 6  # of one plot; more are not looked at
_INCHES = (4.2, 3.0)
_ENDS = {
    End.COMPLETED: "#009e73",
    End.OUT_OF_MEMORY: "#d55e00",
    End.ENOMEM: "#e69f00",
    End.PANICKED: "#000000",
    End.HUNG: "#cc79a7",
    End.TIMED_OUT: "#cc79a7",
    End.FAILED: "#56b4e9",
    End.LOST: "#56b4e9",
    End.INVALID: "#bbbbbb",
    End.BROKEN: "#dddddd",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An SVG of this document, what it shows in a sentence, and how many of its panels are left out."""

    title: str
    svg: str
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Series:
    """A line or a row of bars: medians with their intervals at the levels of the axis."""

    name: str
    levels: tuple[Level, ...]
    medians: tuple[float, ...]
    below: tuple[float, ...]
    above: tuple[float, ...]


def plots(study: Study) -> tuple[Picture, ...]:
    """The plots that the experiment asks for; else each ratio, or its first metric, over its first factor."""
    wanted = study.experiment.plots or _usual(study.experiment)
    return tuple(_plot(study, plot) for plot in wanted)


def ends_map(study: Study) -> Picture | None:
    """How the trials of each cell ended, if any did otherwise than well."""
    if set(study.ends) <= {End.COMPLETED}:
        return None
    cells = list(study.cells)
    figure, axes = _figure(1, (7.0, 0.5 + 0.22 * len(cells)))
    axis = axes[0]
    for row, cell in enumerate(cells):
        left = 0
        for end, number in cell.ends.items():
            axis.barh(row, number, left=left, color=_ENDS[end], edgecolor="white")
            left += number
    axis.set_yticks(range(len(cells)), [_spelled(cell.levels) for cell in cells], fontsize=7)
    axis.invert_yaxis()
    axis.set_xlabel("trials")
    from matplotlib.patches import Patch

    seen = [end for end in End if end in study.ends]
    axis.legend(
        handles=[Patch(color=_ENDS[end], label=end.value) for end in seen],
        fontsize=7,
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
    )
    return Picture(title="How the trials of each cell ended", svg=_svg(figure))


def _usual(experiment: Experiment) -> tuple[Plot, ...]:
    over = next((f for f in experiment.factors if f.is_numeric), experiment.factors[0])
    by = next((f.name for f in experiment.factors if f is not over), "")
    ratios = [metric.name for metric in experiment.metrics if metric.kind.value == "ratio"]
    names = ratios or [experiment.metrics[0].name]
    return tuple(Plot(metric=name, over=over.name, by=by) for name in names)


def _plot(study: Study, plot: Plot) -> Picture:
    experiment = study.experiment
    rest = [f for f in experiment.factors if f.name not in (plot.over, plot.by) and len(f.levels) > 1]
    every = [dict(zip([f.name for f in rest], levels, strict=True)) for levels in _product(rest)]
    # Where nothing has a value, an empty picture says so.
    panels = [(panel, found) for panel in every if (found := _series(study, plot, panel))] or [(every[0], [])]
    shown = panels[:PANELS]
    figure, axes = _figure(len(shown), _INCHES)
    for axis, (panel, series) in zip(axes, shown, strict=True):
        _draw(axis, experiment, plot, series)
        if panel:
            axis.set_title(_spelled(panel), fontsize=9)
    axes[0].set_ylabel(f"{plot.metric} ({experiment.metric(plot.metric).kind.value})", fontsize=9)
    if plot.by:
        handles = {
            name: it for axis in axes for it, name in zip(*axis.get_legend_handles_labels(), strict=True)
        }
        figure.legend(
            handles.values(),
            handles,
            title=plot.by,
            fontsize=8,
            title_fontsize=8,
            loc="outside right upper",
        )
    title = f"{plot.metric} over {plot.over}" + (f", by {plot.by}" if plot.by else "")
    return Picture(title=title, svg=_svg(figure), left_out=len(panels) - len(shown))


def _product(factors: Sequence[Any]) -> list[tuple[Level, ...]]:
    return list(itertools.product(*(factor.levels for factor in factors)))


def _series(study: Study, plot: Plot, panel: Mapping[str, Level]) -> list[_Series]:
    """One for each level of `by` that has a median in this panel."""
    by: tuple[Level, ...] = study.experiment.factor(plot.by).levels if plot.by else ("",)
    found = []
    for level in by:
        wanted = {**panel, **({plot.by: level} if plot.by else {})}
        cells = [
            cell for cell in study.cells if all(cell.levels.get(name) == its for name, its in wanted.items())
        ]
        if series := _one(cells, plot, str(level)):
            found.append(series)
    return found


def _one(cells: Sequence[CellSummary], plot: Plot, name: str) -> _Series | None:
    known = [(cell.levels[plot.over], found) for cell in cells if (found := cell.estimates.get(plot.metric))]
    if not known:
        return None
    return _Series(
        name=name,
        levels=tuple(level for level, _ in known),
        medians=tuple(it.median for _, it in known),
        below=tuple(it.median - it.low for _, it in known),
        above=tuple(it.high - it.median for _, it in known),
    )


def _draw(axis: Any, experiment: Experiment, plot: Plot, series: Sequence[_Series]) -> None:
    factor = experiment.factor(plot.over)
    for number, each in enumerate(series):
        colour = COLOURS[number % len(COLOURS)]
        spread = (each.below, each.above)
        if factor.is_numeric:
            marker = MARKERS[number % len(MARKERS)]
            axis.errorbar(
                each.levels, each.medians, spread, color=colour, marker=marker, capsize=3, label=each.name
            )
        else:
            width = 0.8 / len(series)
            at = [
                factor.levels.index(level) + (number - (len(series) - 1) / 2) * width for level in each.levels
            ]
            hatch = HATCHES[number % len(HATCHES)]
            axis.bar(
                at,
                each.medians,
                width,
                yerr=spread,
                color=colour,
                hatch=hatch,
                edgecolor="white",
                capsize=3,
                label=each.name,
            )
    if factor.is_numeric and len(factor.levels) <= TICKS:
        axis.set_xticks(factor.levels)
    elif not factor.is_numeric:
        axis.set_xticks(range(len(factor.levels)), [str(level) for level in factor.levels])
    axis.set_xlabel(plot.over, fontsize=9)
    axis.tick_params(labelsize=8)
    axis.grid(axis="y", color="#cccccc", linewidth=0.5)
    axis.set_axisbelow(True)


def _figure(panels: int, inches: tuple[float, float]) -> tuple[Any, list[Any]]:
    from matplotlib.figure import Figure

    across = max(1, min(panels, 2))
    down = max(1, -(-panels // across))
    figure = Figure(figsize=(inches[0] * across, inches[1] * down), layout="constrained")
    axes = figure.subplots(down, across, squeeze=False, sharey=True).flatten().tolist()
    for axis in axes[max(panels, 1) :]:
        axis.set_visible(False)
    return figure, axes[: max(panels, 1)]


def _svg(figure: Any) -> str:
    """Without what changes from one drawing to the next: a date, random ids."""
    import matplotlib as mpl

    sink = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "labkit", "svg.fonttype": "none"}):
        figure.savefig(sink, format="svg", metadata={"Date": None, "Creator": None})
    text = sink.getvalue()
    return text[text.index("<svg") :]


def _spelled(levels: Mapping[str, Level]) -> str:
    return " ".join(f"{name}={level}" for name, level in levels.items())

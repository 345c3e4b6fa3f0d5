"""Rows → what each cell comes to, and how two conditions differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labkit.design.measure import analyse
from labkit.design.plan import cells
from labkit.design.stats import difference, estimate
from labkit.model.experiment import Better, Experiment, Level, Metric
from labkit.model.study import CellSummary, Comparison, Contrast, Difference, Study
from labkit.model.trial import End, Row, Trial

# A trial that was killed or refused has no number that compares with one that went through.
COUNTED = (End.COMPLETED,)
Cell = tuple[tuple[str, Level], ...]


def study(experiment: Experiment, trials: Sequence[Trial]) -> Study:
    """All trials that may stand side by side; the others are stale.

    They are of the experiment as it is now, executed by what executed the newest, and of one repeat of a cell
    the newest: a kernel or a QEMU may have been updated.
    """
    every = {_cell(levels): levels for levels in cells(experiment)}
    alike = sorted((it for it in trials if it.experiment == experiment.digest), key=lambda it: it.made_at)
    newest = {
        (_cell(it.levels), it.repeat): it
        for it in alike
        if it.accel == alike[-1].accel and _cell(it.levels) in every
    }
    mine = sorted(newest.values(), key=lambda it: it.number)
    rows = tuple(analyse(experiment, trial) for trial in mine)
    by_cell: dict[Cell, list[Row]] = {}
    for row in rows:
        by_cell.setdefault(_cell(row.trial.levels), []).append(row)
    return Study(
        experiment=experiment,
        rows=rows,
        cells=tuple(
            _summary(experiment, levels, by_cell[cell]) for cell, levels in every.items() if cell in by_cell
        ),
        stale=len(trials) - len(mine),
    )


def _summary(experiment: Experiment, levels: Mapping[str, Level], rows: Sequence[Row]) -> CellSummary:
    ends = [row.end for row in rows]
    return CellSummary(
        levels=levels,
        ends={end: ends.count(end) for end in End if end in ends},
        estimates={metric.name: estimate(_values(rows, metric.name)) for metric in experiment.metrics},
    )


def compare(first: Study, second: Study, names: tuple[str, str], apart: str = "") -> Comparison:
    """Two studies of the same cells, or two levels of the factor `apart` within one."""
    one, other = _rows_by_cell(first, apart, names[0]), _rows_by_cell(second, apart, names[1])
    shared = [cell for cell in one if cell in other]
    found = [
        _contrast(metric, cell, one[cell], other[cell])
        for cell in shared
        for metric in first.experiment.metrics
        if any(metric.name == its.name for its in second.experiment.metrics)
    ]
    ends = ((cell, _told(one[cell]), _told(other[cell])) for cell in shared)
    return Comparison(
        first=names[0],
        second=names[1],
        contrasts=tuple(sorted(found, key=_worst_first)),
        ends=tuple((dict(cell), was, now) for cell, was, now in ends if was != now),
        alone=len(one) + len(other) - 2 * len(shared),
    )


def _rows_by_cell(of: Study, apart: str, level: str) -> dict[Cell, list[Row]]:
    found: dict[Cell, list[Row]] = {}
    for row in of.rows:
        if not apart or str(row.trial.levels[apart]) == level:
            own = {name: value for name, value in row.trial.levels.items() if name != apart}
            found.setdefault(_cell(own), []).append(row)
    return found


def _contrast(metric: Metric, cell: Cell, one: Sequence[Row], other: Sequence[Row]) -> Contrast:
    was, now = _values(one, metric.name), _values(other, metric.name)
    found = difference(now, was)
    return Contrast(
        levels=dict(cell),
        metric=metric.name,
        first=estimate(was),
        second=estimate(now),
        difference=found,
        worse=_is_worse(metric, found),
    )


def _is_worse(metric: Metric, found: Difference | None) -> bool | None:
    if metric.better is None or found is None or not found.is_sure:
        return None
    return (found.by > 0) is (metric.better is Better.LESS)


def _worst_first(contrast: Contrast) -> tuple[int, float]:
    """Worse, then different, then the same; within each by how much."""
    sure = contrast.difference is not None and contrast.difference.is_sure
    rank = 0 if contrast.worse else 1 if sure else 2
    return rank, -abs(contrast.share or 0.0)


def _told(rows: Sequence[Row]) -> str:
    ends = [row.end for row in rows]
    return ", ".join(f"{ends.count(end)} {end.value}" for end in End if end in ends)


def _values(rows: Sequence[Row], metric: str) -> list[float]:
    found = (row.values.get(metric) for row in rows if row.end in COUNTED)
    return [value for value in found if value is not None]


def _cell(levels: Mapping[str, Level]) -> Cell:
    return tuple(sorted(levels.items()))

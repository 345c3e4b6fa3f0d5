"""What stands in an experiment's folder: analysed, as tables, as a page."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from labkit.design.summary import compare as compared
from labkit.design.summary import study
from labkit.labfile.tuning import load_experiment
from labkit.model.errors import UsageError
from labkit.model.study import Comparison, Study
from labkit.model.trial import Row
from labkit.store.trials import CSV, PAGE, PARQUET, Trials
from labkit.tune.proof import load_proofs
from labkit.tune.tools import check_tools

Cell = str | int | float | None


def load_study(folder: Path) -> Study:
    """The trials in a folder, analysed by the experiment that lies with them.

    Raises UsageError, Broken, and HostError where what analyses is not installed.
    """
    check_tools()
    trials = Trials(folder=folder.expanduser().resolve())
    found = study(load_experiment(trials.experiment), trials.all())
    if any(row.trial.transcript for row in found.rows):
        found = replace(found, proofs=load_proofs(trials))
    if not found.rows:
        fix = "`labkit tune run … --out DIR` makes some"
        raise UsageError(where=str(folder), found="no trial in it", fix=fix)
    return found


def report(folder: Path) -> tuple[Study, Path]:
    """Analyse, and put results.csv, results.parquet and the page into the folder; the page's path.

    Raises UsageError, Broken, and HostError where what draws is not installed.
    """
    found = load_study(folder)
    trials = Trials(folder=folder.expanduser().resolve())
    names, rows = table(found)
    trials.keep(CSV, _csv(names, rows))
    trials.keep(PARQUET, _parquet(names, rows))
    from labkit.report.page.experiment import render_experiment

    return found, trials.keep(PAGE, render_experiment(found).encode("utf-8", "replace"))


def compare(first: Path, second: Path | None, apart: str) -> Comparison:
    """Two folders of the same experiment, or two levels of a factor within one. Raises UsageError."""
    one = load_study(first)
    if second is not None:
        if apart:
            fix = "give a second folder, or --by FACTOR"
            raise UsageError(where="labkit tune compare", found="a second folder and --by", fix=fix)
        return compared(one, load_study(second), (str(first), str(second)))
    factors = {factor.name: factor for factor in one.experiment.factors}
    if apart not in factors:
        raise UsageError(where=f"--by {apart}", found="no such factor", fix="it has: " + ", ".join(factors))
    levels = [str(level) for level in factors[apart].levels]
    if len(levels) != 2:
        found = f"{len(levels)} levels: {', '.join(levels)}"
        raise UsageError(where=f"--by {apart}", found=found, fix="compare a factor of two")
    return compared(one, one, (levels[0], levels[1]), apart)


def table(found: Study) -> tuple[list[str], list[list[Cell]]]:
    """A row a trial: its cell, its end, its metrics, what its knobs were, and on what it ran."""
    factors = [factor.name for factor in found.experiment.factors]
    metrics = [metric.name for metric in found.experiment.metrics]
    knobs = [knob.name for knob in found.experiment.knobs]
    names = [
        *("experiment", "trial", *factors, "repeat", "end", "why", *metrics),
        *(f"effective_{knob}" for knob in knobs),
        *("kernel_pack", "release", "qemu", "accel", "seed", "seconds", "made_at", "key"),
    ]
    return names, [_row(found.experiment.id, row, factors, metrics, knobs) for row in found.rows]


def _row(
    experiment: str, row: Row, factors: Sequence[str], metrics: Sequence[str], knobs: Sequence[str]
) -> list[Cell]:
    trial = row.trial
    return [
        *(experiment, trial.number, *(trial.levels[name] for name in factors), trial.repeat),
        *(row.end.value, row.why, *(row.values[name] for name in metrics)),
        *(row.effective.get(knob) for knob in knobs),
        *(trial.kernel, trial.release, trial.qemu, trial.accel, trial.seed, trial.seconds.get("all")),
        *(trial.made_at.isoformat(), trial.key),
    ]


def _csv(names: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([["" if cell is None else _plain(cell) for cell in row] for row in rows])
    return text.getvalue().encode("utf-8", "replace")


def _plain(cell: Cell) -> Cell:
    """Whole numbers as such: counts are, though they are worked out as floats."""
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell


def _parquet(names: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    columns = {name: _column([row[at] for row in rows]) for at, name in enumerate(names)}
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table(columns), sink)
    return bytes(sink.getvalue())


def _column(cells: Sequence[Cell]) -> list[Cell]:
    """One type a column: words, where any is one; else numbers."""
    if any(isinstance(cell, str) for cell in cells):
        return [None if cell is None else str(cell) for cell in cells]
    if any(isinstance(cell, float) for cell in cells):
        return [None if cell is None else float(cell) for cell in cells]
    return list(cells)

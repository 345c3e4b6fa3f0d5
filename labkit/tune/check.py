"""What `git bisect run` wants to know: whether a formula holds in every trial, or cannot be told."""

from __future__ import annotations

from collections.abc import Collection

from labkit.model.errors import ExitCode, UsageError
from labkit.model.formula import Formula
from labkit.model.study import Study
from labkit.model.trial import End

SKIP = ExitCode.NOT_THE_COMMAND  # git-bisect(1): 125 for a source that cannot be tested


def read_formula(text: str) -> Formula:
    """Raises UsageError for what is none."""
    try:
        return Formula(text=text)
    except ValueError as error:
        found, _, fix = str(error).partition(", ")
        raise UsageError(where="--check", found=found, fix=fix) from error


def holds(study: Study, formula: Formula, keys: Collection[str]) -> int:
    """0 it holds in all trials with these `keys`, 1 in one it does not; SKIP where that cannot be told.

    A panic, a hang, an OOM kill are told by the name `end`: "end == 'completed' and pgfault < 1000".
    """
    known = {"end", *(metric.name for metric in study.experiment.metrics)}
    known |= {factor.name for factor in study.experiment.factors}
    for name in sorted(formula.names - known):
        raise UsageError(
            where="--check", found=f"no metric {name!r}", fix="it has: " + ", ".join(sorted(known))
        )
    rows = [row for row in study.rows if row.trial.key in keys]
    found = [
        formula.value({**row.trial.levels, **row.values, "end": row.end.value})
        for row in rows
        if row.end not in (End.INVALID, End.BROKEN)
    ]
    if any(value is not None and not value for value in found):
        return ExitCode.NOT_ALL_PASSED
    if not rows or len(found) < len(rows) or any(value is None for value in found):
        return SKIP
    return ExitCode.PASSED

"""What `labkit tune` was asked for, and the experiment and the cells that are meant by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from labkit.design.plan import cells, only
from labkit.model.errors import UsageError
from labkit.model.experiment import Experiment, Levels
from labkit.places import Places
from labkit.tune.workshop import find_experiment


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneAsk:
    """What `labkit tune run` was asked for. `only` are levels, by factor, of the cells that are wanted.

    `shard` (i, n) makes the i-th of n parts of the trials; `pool` is the address of a cluster that does.
    `deterministic` guests are alone with their job, and count instructions.
    """

    experiment: str
    out: Path
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    repeats: int | None = None
    jobs: int | None = None
    accel: str = "auto"
    cold: bool = False
    shard: tuple[int, int] | None = None
    pool: str | None = None
    deterministic: bool = False
    allow_tcg_time: bool = False


def asked(here: Places, name: str, repeats: int | None) -> Experiment:
    """The experiment, with so many repeats if any are said. Raises BadInput."""
    experiment = find_experiment(here, name)
    return replace(experiment, repeats=repeats) if repeats else experiment


def wanted(experiment: Experiment, chosen: Mapping[str, tuple[str, ...]]) -> tuple[Levels, ...]:
    """The cells that are meant. Raises UsageError for a factor or a level that is not there."""
    by_name = {factor.name: factor for factor in experiment.factors}
    for name, levels in chosen.items():
        if name not in by_name:
            fix = "it has: " + ", ".join(by_name)
            raise UsageError(where=f"--only {name}=…", found="no such factor", fix=fix)
        known = [str(level) for level in by_name[name].levels]
        for level in levels:
            if level not in known:
                fix = "it has: " + ", ".join(known)
                raise UsageError(where=f"--only {name}={level}", found="no such level", fix=fix)
    try:
        found = only(cells(experiment), chosen)
    except ValueError as error:
        why, _, fix = str(error).partition(", ")
        raise UsageError(where=f"experiment {experiment.id}", found=why, fix=fix) from error
    if not found:
        raise UsageError(where="--only", found="no cell of the design has these levels", fix="leave one out")
    return found

"""Which trials an experiment has, and in which order they are made."""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Mapping, Sequence

from labkit.model.experiment import DesignKind, Experiment, Level, Levels
from labkit.model.trial import Planned

MOST_CELLS = 100_000  # of a full design that anything is drawn from


def cells(experiment: Experiment) -> tuple[Levels, ...]:
    """The cells of its design, in the order of the file; a factor that stands later varies faster.

    Raises ValueError for a design of more than MOST_CELLS cells.
    """
    names = [factor.name for factor in experiment.factors]
    total = 1
    for factor in experiment.factors:
        total *= len(factor.levels)
    if experiment.design.kind is DesignKind.ONE_AT_A_TIME:
        return _one_at_a_time(experiment)
    if total > MOST_CELLS:
        raise ValueError(f"{total:,} cells, leave levels out until there are {MOST_CELLS:,} at most")
    every = [
        dict(zip(names, levels, strict=True))
        for levels in itertools.product(*(factor.levels for factor in experiment.factors))
    ]
    if experiment.design.kind is DesignKind.RANDOM:
        drawn = _random(experiment.seed, "sample").sample(
            range(len(every)), min(len(every), experiment.design.sample)
        )
        return tuple(every[at] for at in sorted(drawn))
    return tuple(every)


def _one_at_a_time(experiment: Experiment) -> tuple[Levels, ...]:
    base = experiment.design.baseline
    moved = [
        {**base, factor.name: level}
        for factor in experiment.factors
        for level in factor.levels
        if level != base[factor.name]
    ]
    return (dict(base), *moved)


def plan(experiment: Experiment, chosen: Sequence[Levels] | None = None) -> tuple[Planned, ...]:
    """Its trials in the order in which they are made: the first repeat of all cells, then the second.

    So what changes slowly on a host meets every cell alike. Within a repeat those that share a boot stand
    together, in an order drawn from the seed, and so do the cells within a boot; of a pair both levels stand
    side by side, in a drawn order.
    """
    wanted = cells(experiment) if chosen is None else tuple(chosen)
    boots = sorted({_boot(experiment, cell) for cell in wanted})
    found: list[tuple[Levels, int]] = []
    for repeat in range(1, experiment.repeats + 1):
        draw = _random(experiment.seed, f"repeat {repeat}")
        for boot in draw.sample(boots, len(boots)):
            own = [cell for cell in wanted if _boot(experiment, cell) == boot]
            found += [(cell, repeat) for cell in _shuffled(experiment, own, draw)]
    return tuple(
        Planned(levels=cell, repeat=repeat, number=number)
        for number, (cell, repeat) in enumerate(found, start=1)
    )


def _shuffled(experiment: Experiment, own: Sequence[Levels], draw: random.Random) -> list[Levels]:
    pair = experiment.design.pair

    def block(cell: Levels) -> str:
        return repr([(name, level) for name, level in cell.items() if name != pair]) if pair else repr(cell)

    blocks = sorted({block(cell) for cell in own})
    found: list[Levels] = []
    for each in draw.sample(blocks, len(blocks)):
        inside = [cell for cell in own if block(cell) == each]
        found += draw.sample(inside, len(inside))
    return found


def _boot(experiment: Experiment, cell: Levels) -> str:
    """What of a cell takes a boot of its own."""
    return repr([(each.name, cell[each.name]) for each in experiment.factors if each.kind.needs_boot])


def boots(experiment: Experiment, wanted: Sequence[Levels]) -> int:
    """How many different guests are booted for these cells."""
    return len({_boot(experiment, cell) for cell in wanted})


def only(wanted: Sequence[Levels], chosen: Mapping[str, Sequence[str]]) -> tuple[Levels, ...]:
    """The cells that have one of the levels named, of every factor named."""

    def fits(name: str, level: Level) -> bool:
        return name not in chosen or str(level) in chosen[name]

    return tuple(cell for cell in wanted if all(fits(name, level) for name, level in cell.items()))


def shard(planned: Sequence[Planned], part: tuple[int, int] | None) -> tuple[Planned, ...]:
    """This part's trials; (1, n) is the first. Neighbours go to different parts, so all end together."""
    if part is None:
        return tuple(planned)
    return tuple(each for each in planned if each.number % part[1] == part[0] - 1)


def _random(seed: str, what: str) -> random.Random:
    return random.Random(hashlib.sha256(f"labkit-experiment\0{seed}\0{what}".encode()).digest())

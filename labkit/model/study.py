"""What an experiment's trials come to: of each cell how its repeats ended, and the median of each metric."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labkit.model.experiment import Experiment, Level
from labkit.model.trial import End, Row

SURE_FROM = 3  # repeats: what two say of a third is nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a run would be: `guests` are different ones that are booted, once each; `seconds` an estimate."""

    experiment: Experiment
    cells: int
    trials: int
    guests: int
    at_once: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The median of `n` repeats and the interval it is believed to lie in."""

    n: int
    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The median of the one minus that of the other, with its interval. `n`: repeats of who has fewer."""

    n: int
    by: float
    low: float
    high: float

    @property
    def is_sure(self) -> bool:
        """Whether the interval leaves no room for none; fewer than SURE_FROM repeats have no interval."""
        return self.n >= SURE_FROM and (self.low > 0 or self.high < 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellSummary:
    """A cell: how many of its repeats ended how, and what each metric was in those that count."""

    levels: Mapping[str, Level]
    ends: Mapping[End, int]
    estimates: Mapping[str, Estimate | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A deterministic trial that was made twice: the digests of all that its guests said."""

    levels: Mapping[str, Level]
    repeat: int
    first: str
    second: str

    @property
    def same(self) -> bool:
        return self.first == self.second


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """`stale` trials do not compare with the others, and are left out: see labkit.design.summary."""

    experiment: Experiment
    rows: tuple[Row, ...]
    cells: tuple[CellSummary, ...]
    stale: int = 0
    proofs: tuple[Proof, ...] = ()

    @property
    def ends(self) -> Mapping[End, int]:
        """How all trials ended."""
        every = [row.end for row in self.rows]
        return {end: every.count(end) for end in End if end in every}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """A metric of one cell under two conditions. `worse` says whether the second is.

    None where that may not be said: the metric has no better way, or the interval leaves room for no
    difference.
    """

    levels: Mapping[str, Level]
    metric: str
    first: Estimate | None
    second: Estimate | None
    difference: Difference | None
    worse: bool | None

    @property
    def share(self) -> float | None:
        """The difference as a share of the first."""
        if self.difference is None or self.first is None or not self.first.median:
            return None
        return self.difference.by / abs(self.first.median)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two conditions, cell by cell, what became worse first. `alone` counts cells that only one of them has;
    `ends` are cells whose repeats ended otherwise: (levels, first, second)."""

    first: str
    second: str
    contrasts: tuple[Contrast, ...]
    ends: tuple[tuple[Mapping[str, Level], str, str], ...] = ()
    alone: int = 0

"""Repeats of a cell → a median and how sure it is; two groups → their difference and whether it may be said.

Intervals are of the bootstrap (percentile, 95 %), drawn from a fixed seed: the same numbers give the same
interval. Of three repeats that interval is from the least to the greatest, which is all that three can say.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from labkit.model.study import Difference, Estimate

CONFIDENCE = 0.95
RESAMPLES = 2000
_SEED = 20261127


def estimate(values: Sequence[float]) -> Estimate | None:
    """None for no value at all."""
    if not values:
        return None
    middle = median(values)
    if len(set(values)) == 1:
        return Estimate(n=len(values), median=middle, low=middle, high=middle)
    low, high = _interval((values,))
    return Estimate(n=len(values), median=middle, low=low, high=high)


def difference(one: Sequence[float], other: Sequence[float]) -> Difference | None:
    """`one` minus `other`; None where either has no value."""
    if not one or not other:
        return None
    n, by = min(len(one), len(other)), median(one) - median(other)
    # Nothing to draw from: a side of one repeat, or of equal ones.
    if n == 1 or (len(set(one)) == 1 and len(set(other)) == 1):
        return Difference(n=n, by=by, low=by, high=by)
    low, high = _interval((one, other))
    return Difference(n=n, by=by, low=low, high=high)


def _interval(samples: Sequence[Sequence[float]]) -> tuple[float, float]:
    import numpy as np
    from scipy.stats import bootstrap

    def difference_of(*groups: Any, axis: int) -> Any:
        one, *others = (np.median(group, axis=axis) for group in groups)
        return one - others[0] if others else one

    found = bootstrap(
        [np.asarray(values, dtype=float) for values in samples],
        difference_of,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile",
        vectorized=True,
        rng=np.random.default_rng(_SEED),
    )
    return float(found.confidence_interval.low), float(found.confidence_interval.high)

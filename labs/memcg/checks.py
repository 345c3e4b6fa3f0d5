"""memcg: what the limits of cgroups did in this student's guests, compared with what was asked and predicted.

fates.py judges the predictions, limits.py the two scripts; contest.py knows the seed's contest, reading.py
what both share.
"""

from .contest import key
from .fates import low, minimum, no_swappiness, outcomes
from .limits import best_effort, high_exact, protected, released, stalls

__all__ = [
    "best_effort",
    "high_exact",
    "key",
    "low",
    "minimum",
    "no_swappiness",
    "outcomes",
    "protected",
    "released",
    "stalls",
]

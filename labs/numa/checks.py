"""numa: where this student's pages lay, and what the kernel did with those of processes under a policy.

cases.py knows the machine and the seed's cases, reading.py the evidence that the others share.
"""

from .books import elsewhere_free, fallback, remote_hit, slit, spill_books, strict_end
from .cases import key
from .placement import bound, spread, weighted
from .policies import interleaved, kernel_weights, local, nearest, region_wins, spill_node

__all__ = [
    "bound",
    "elsewhere_free",
    "fallback",
    "interleaved",
    "kernel_weights",
    "key",
    "local",
    "nearest",
    "region_wins",
    "remote_hit",
    "slit",
    "spill_books",
    "spill_node",
    "spread",
    "strict_end",
    "weighted",
]

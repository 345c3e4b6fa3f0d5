"""hugetlb: what the pool of huge pages held and owed, against what was asked and predicted.

pool.py knows the seed's numbers, reading.py the evidence that the others share.
"""

from .ledger import (
    all_back,
    beyond,
    boot_pools,
    costs,
    limits,
    mapped,
    noreserve,
    shrunk,
    surplus,
    touched,
    uncharged,
    unseen,
)
from .pool import key
from .taking import all_there, huge_first, on_nodes, promised

__all__ = [
    "all_back",
    "all_there",
    "beyond",
    "boot_pools",
    "costs",
    "huge_first",
    "key",
    "limits",
    "mapped",
    "noreserve",
    "on_nodes",
    "promised",
    "shrunk",
    "surplus",
    "touched",
    "uncharged",
    "unseen",
]

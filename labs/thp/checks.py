"""thp: which leaves of whose page tables are huge, as the host read them, and what was asked and said.

key.py knows the seed's numbers, reading.py the evidence; predicted.py and mixed.py judge.
"""

from .key import key
from .mixed import collapse, mix, split, thin
from .predicted import (
    bloat,
    collapsed,
    copied,
    faults_saved,
    khugepaged_copies,
    late,
    matrix,
    tables_saved,
    tables_stay,
)

__all__ = [
    "bloat",
    "collapse",
    "collapsed",
    "copied",
    "faults_saved",
    "key",
    "khugepaged_copies",
    "late",
    "matrix",
    "mix",
    "split",
    "tables_saved",
    "tables_stay",
    "thin",
]

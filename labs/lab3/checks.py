"""lab3: what page faults cost and leave in this student's guest, compared with what was asked and predicted.

stops.py judges the student's programs where they stood still, paces.py the predictions.
"""

from .paces import huge_faults, huge_memory, key, no_faults_yet, small_faults, small_memory, touch_every_page
from .stops import exact, ready_faults, ready_there, twice_read, twice_write

__all__ = [
    "exact",
    "huge_faults",
    "huge_memory",
    "key",
    "no_faults_yet",
    "ready_faults",
    "ready_there",
    "small_faults",
    "small_memory",
    "touch_every_page",
    "twice_read",
    "twice_write",
]

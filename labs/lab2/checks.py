"""lab2: what the OOM killer did in this student's guests, compared with what was asked and predicted.

One file a scene judges; herd.py knows the seed's processes, reading.py the evidence they share.
"""

from .choice import biggest_lives, formula_holds, order, plan_first, plan_lives, scores, twins_equal
from .exercise import hog_touches, idle_score, limit_exact, memcg_kill, swap_fenced, swap_predicted
from .herd import key
from .service import group_dies, journal_lives

__all__ = [
    "biggest_lives",
    "formula_holds",
    "group_dies",
    "hog_touches",
    "idle_score",
    "journal_lives",
    "key",
    "limit_exact",
    "memcg_kill",
    "order",
    "plan_first",
    "plan_lives",
    "scores",
    "swap_fenced",
    "swap_predicted",
    "twins_equal",
]

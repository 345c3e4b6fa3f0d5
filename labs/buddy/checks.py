"""buddy: a student's three functions, what a sequence did to the free lists, and what per-CPU lists hide.

functions.py judges the answers, sequence.py what the kernel did, lists.py the predictions; rules.py has the
allocator's rules, reading.py what they all read.
"""

from .functions import buddies, merges, splits
from .lists import quiet_orders, unmoved
from .sequence import (
    books_agree,
    chain,
    given_back,
    law_of_splitting,
    merged_back,
    neighbours,
    no_pair_is_left,
)

__all__ = [
    "books_agree",
    "buddies",
    "chain",
    "given_back",
    "law_of_splitting",
    "merged_back",
    "merges",
    "neighbours",
    "no_pair_is_left",
    "quiet_orders",
    "splits",
    "unmoved",
]

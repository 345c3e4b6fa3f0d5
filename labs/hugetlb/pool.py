"""The pool of the lab's machine and a seed's numbers: what is mapped, touched, asked for, what follows."""

from __future__ import annotations

from collections.abc import Mapping

from labkit.grade.drawn import number
from labkit.model.lab import Parameters

# As lab.toml declares the machine; a pure test holds the two together.
NODE_PAGES = (12, 8)
POOL = sum(NODE_PAGES)
HUGE_MIB = 2

Book = tuple[int, int, int, int]  # HugePages_Total, _Free, _Rsvd, _Surp


def left(parameters: Mapping[str, object], mapped: str = "mapped") -> int:
    """How many pages of the pool nobody has, and nobody was promised, while so many are mapped."""
    return POOL - number(parameters, mapped)


def key(parameters: Parameters) -> Mapping[str, object]:
    """What the handout tells of the numbers, and the answers that the solution's template fills in."""
    mapped, touched = number(parameters, "mapped"), number(parameters, "touched")
    promised = mapped - touched
    surplus = number(parameters, "surplus")
    whole = POOL + surplus
    return {
        "pool": POOL,
        "chunks": left(parameters, "others_mapped") + number(parameters, "too_many"),
        "left": left(parameters),
        "beyond": left(parameters) + number(parameters, "beyond"),
        "whole": whole,
        "mapped": [POOL, POOL, mapped, 0],
        "touched": [POOL, POOL - touched, promised, 0],
        # mm/hugetlb.c set_max_huge_pages(): what is in use or promised stays, above the new size as surplus.
        "shrunk": [mapped, promised, promised, mapped - number(parameters, "shrunk")],
        # hugetlb_acct_memory(): what the pool has too few of is allocated before the promise is given.
        "surplus": [whole, whole, whole, surplus],
    }

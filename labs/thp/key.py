"""A seed's numbers, and what they must lead to: which pages of which region are huge, and when."""

from __future__ import annotations

from collections.abc import Mapping

from labkit.grade.drawn import number
from labkit.model.lab import Parameters

HUGE_PAGES = 512  # small pages in a huge one
REGIONS = ("plain", "asking", "refusing")  # nothing said, MADV_HUGEPAGE, MADV_NOHUGEPAGE
MODES = ("always", "madvise", "never")


def region_pages(parameters: Mapping[str, object]) -> int:
    """How many pages each of the first three regions of src/fill.c has."""
    return number(parameters, "areas") * HUGE_PAGES + number(parameters, "rest")


def fills(parameters: Mapping[str, object]) -> tuple[int, ...]:
    """How many pages of each of its areas the patchy process has written."""
    drawn = parameters["fills"]
    assert isinstance(drawn, tuple)
    return drawn


def key(parameters: Parameters) -> Mapping[str, object]:
    """The answers that the solution's templates fill in."""
    offset, pages = number(parameters, "offset"), region_pages(parameters)
    whole = (offset + pages) // HUGE_PAGES - -(-offset // HUGE_PAGES)
    late, least = number(parameters, "late"), HUGE_PAGES - number(parameters, "most_none")
    return {
        "pages": pages,
        "huge": {"always": [whole, whole, 0], "madvise": [0, whole, 0], "never": [0, 0, 0]},
        "naive": pages // HUGE_PAGES,
        "faults_saved": 2 * whole * (HUGE_PAGES - 1),
        "sparse_pages": number(parameters, "sparse") * HUGE_PAGES,
        "late": late,
        "moved": late * HUGE_PAGES,
        "collapsed": [at for at, fill in enumerate(fills(parameters)) if fill >= least],
        "wanted": [letter == "H" for letter in str(parameters["pattern"])],
    }

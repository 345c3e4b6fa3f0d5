"""Free blocks that should have been merged, on maps of a few pages made by hand. No guest."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from labkit.witness.frames import PAGE, Frames
from labkit.witness.zones import unmerged

LARGEST = 3


def frames(blocks: Mapping[int, int], *, first: int = 0, other_zone: tuple[int, ...] = ()) -> Frames:
    """Sixteen frames with free blocks of {frame: order}, some of them in another zone."""
    pages = np.zeros(16, dtype=PAGE)
    buddy, zone = np.zeros(16, dtype=np.bool_), np.zeros(16, dtype=np.uint8)
    for frame, order in blocks.items():
        buddy[frame - first] = True
        pages["private"][frame - first] = order
        zone[frame - first] = frame in other_zone
    return Frames(
        start=0,
        first=first,
        pages=pages,
        present=np.ones(16, dtype=np.bool_),
        buddy=buddy,
        node=np.zeros(16, dtype=np.uint16),
        zone=zone,
    )


@pytest.mark.parametrize(
    ("blocks", "found"),
    [
        ({0: 1, 2: 1}, 2),  # 0-1 and 2-3 are halves of 0-3
        ({2: 1, 4: 1}, 0),  # neighbours, but halves of two blocks
        ({0: 1, 2: 0}, 0),  # of two orders
        ({0: 3, 8: 3}, 0),  # as large as blocks get
        ({5: 0}, 0),
    ],
)
def test_only_two_halves_of_one_block_should_have_been_merged(blocks: dict[int, int], found: int) -> None:
    map_of = frames(blocks)
    assert unmerged(map_of, np.flatnonzero(map_of.buddy), LARGEST) == found


def test_buddies_are_counted_in_frame_numbers_and_not_from_the_first_frame_that_exists() -> None:
    map_of = frames({18: 1, 20: 1}, first=18)  # as indices 0 and 2 they would look like halves of one block
    assert unmerged(map_of, np.flatnonzero(map_of.buddy), LARGEST) == 0


def test_a_block_is_not_merged_across_the_border_of_a_zone() -> None:
    map_of = frames({0: 1, 2: 1}, other_zone=(2,))
    assert unmerged(map_of, np.array([0]), LARGEST) == 0

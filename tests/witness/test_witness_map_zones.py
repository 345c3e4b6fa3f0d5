"""Frames that name a zone which there is not go to their neighbour's, as a 768 MiB guest of 6.12 had two."""

from __future__ import annotations

import numpy as np
import pytest

from labkit.model.ram_map import RamMap
from labkit.witness.memory import NonsenseError
from labkit.witness.page_map import _zones
from labkit.witness.zones import MAX_ZONES

KNOWN = (0, 1, MAX_ZONES + 1)  # node 0: DMA and DMA32; node 1: DMA32


def zones(*said: tuple[int, int]) -> list[int]:
    """The zones of frames that say these nodes and zones of themselves."""
    count = len(said)
    ram = RamMap(
        pfn=np.arange(count),
        kind=np.zeros(count, np.uint8),
        order=np.zeros(count, np.uint8),
        node=np.array([node for node, _ in said], np.uint16),
        zone=np.array([zone for _, zone in said], np.uint8),
        refcount=np.zeros(count, np.int32),
        mapcount=np.zeros(count, np.int32),
    )
    return [int(zone) for zone in _zones(ram, np.arange(count), KNOWN)]


def test_frames_are_where_they_say() -> None:
    assert zones((0, 0), (0, 1), (1, 1)) == [0, 1, MAX_ZONES + 1]


def test_what_no_zone_spans_goes_to_the_zone_before_it() -> None:
    assert zones((1, 1), (0, 5), (0, 5), (1, 1)) == [MAX_ZONES + 1] * 4


def test_at_the_beginning_it_goes_to_the_zone_after_it() -> None:
    assert zones((0, 4), (0, 0), (0, 1)) == [0, 0, 1]


def test_a_map_without_any_zone_is_nonsense() -> None:
    with pytest.raises(NonsenseError, match="no frame is in a zone"):
        zones((0, 5), (900, 7))

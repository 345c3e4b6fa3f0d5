"""The coarse RAM map: every use has its own letter, and what is no use is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from labkit.model.coarse_map import FREE_CODE, LETTERS, CoarseMap, Strip, use_of
from labkit.model.ram_map import MAX_FREE_ORDER, Kind

STRIP = Strip(node=0, zone="DMA32", first=4096, cells="6k")
MAP = CoarseMap(grain=64, strips=(STRIP,), pages={"6": 70, "k": 58}, oldest=100.0)


def test_every_use_has_a_letter_of_its_own() -> None:
    for kind in Kind:
        assert use_of(LETTERS[kind]) == (kind, 0)
    for order in range(MAX_FREE_ORDER + 1):
        assert use_of(LETTERS[FREE_CODE + order]) == (Kind.FREE, order)


@pytest.mark.parametrize("letter", ["z", "\x1b", "e"])
def test_what_stands_for_no_use_is_refused(letter: str) -> None:
    with pytest.raises(ValueError, match="no use of a page frame"):
        replace(STRIP, cells=f"6{letter}")
    with pytest.raises(ValueError, match="no use of a page frame"):
        replace(MAP, pages={letter: 1})
    with pytest.raises(ValueError, match="grain"):
        replace(MAP, grain=0)

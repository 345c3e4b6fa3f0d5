"""The RAM map of a live view: a cell for many page frames, small enough for ten a second."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass

from labkit.model.ram_map import MAX_FREE_ORDER, Kind

LETTERS = string.digits + string.ascii_letters
FREE_CODE = 20  # of a frame in a free block of order 0; larger blocks follow
_KNOWN = frozenset(LETTERS[: max(Kind) + 1] + LETTERS[FREE_CODE : FREE_CODE + MAX_FREE_ORDER + 1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """Page frames of one zone that follow each other, from frame `first` on: a letter a cell, in turn.

    A letter is the use of one frame of the cell's, drawn by chance but always the same: torn memory then
    looks torn, and uses keep their shares.
    """

    node: int
    zone: str
    first: int
    cells: str

    def __post_init__(self) -> None:
        if odd := set(self.cells) - _KNOWN:
            raise ValueError(f"cells: found {min(odd)!r}, which stands for no use of a page frame")


@dataclass(frozen=True, slots=True, kw_only=True)
class CoarseMap:
    """What a guest's page frames are used for, `grain` of them a cell, read in parts while it ran.

    `pages` counts all frames by letter. `oldest` is when the part was read that was read longest ago, in
    seconds since the epoch.
    """

    grain: int
    strips: tuple[Strip, ...]
    pages: Mapping[str, int]
    oldest: float

    def __post_init__(self) -> None:
        if self.grain < 1:
            raise ValueError(f"grain: found {self.grain} page frames a cell")
        if odd := set(self.pages) - _KNOWN:
            raise ValueError(f"pages: found {min(odd)!r}, which stands for no use of a page frame")


def use_of(letter: str) -> tuple[Kind, int]:
    """The use that a letter stands for, and of a free frame the order of its block.

    >>> use_of("6"), use_of("u")
    ((<Kind.ANON: 6>, 0), (<Kind.FREE: 1>, 10))
    """
    code = LETTERS.index(letter)
    return (Kind.FREE, code - FREE_CODE) if code >= FREE_CODE else (Kind(code), 0)

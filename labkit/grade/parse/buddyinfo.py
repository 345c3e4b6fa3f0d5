"""/proc/buddyinfo: free blocks of every order, zone by zone.

Node 0, zone    DMA32  30430     25     14     10      5      9      7      4      1      0      0
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from labkit.grade.parse.error import ParseError

_LINE = re.compile(r"Node (\d+), zone +(\S+)((?: +\d+)+) *")


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeArea:
    """One zone's free lists: `free_blocks[order]` blocks of 2**order pages."""

    node: int
    zone: str
    free_blocks: tuple[int, ...]

    @property
    def free_pages(self) -> int:
        """Pages on the free lists; those in per-CPU lists are not among them."""
        return sum(count << order for order, count in enumerate(self.free_blocks))


def parse_buddyinfo(text: str) -> tuple[FreeArea, ...]:
    return tuple(_area(number, line) for number, line in enumerate(text.splitlines(), start=1))


def _area(number: int, line: str) -> FreeArea:
    match = _LINE.fullmatch(line)
    if match is None:
        raise ParseError("buddyinfo", number, line)
    node, zone, counts = match.groups()
    return FreeArea(node=int(node), zone=zone, free_blocks=tuple(map(int, counts.split())))

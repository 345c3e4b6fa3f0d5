"""Lists and distances of /sys/devices/system/node and /sys/devices/system/cpu."""

from __future__ import annotations

import re

from labkit.grade.parse.error import ParseError

_LIST = re.compile(r"(\d+(-\d+)?(,\d+(-\d+)?)*)?")


def parse_cpulist(text: str) -> tuple[int, ...]:
    """The kernel's list format (CPUs or nodes), empty for a node without CPUs.

    >>> parse_cpulist("0-2,5\\n")
    (0, 1, 2, 5)
    """
    text = text.strip()
    if _LIST.fullmatch(text) is None:
        raise ParseError("cpulist", 1, text)
    members: list[int] = []
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        members.extend(range(int(first), int(last or first) + 1))
    return tuple(members)


def parse_distances(text: str) -> tuple[int, ...]:
    """One node's row of distances to the online nodes, in their order."""
    words = text.split()
    if not words or not all(word.isdecimal() for word in words):
        raise ParseError("distance", 1, text)
    return tuple(map(int, words))

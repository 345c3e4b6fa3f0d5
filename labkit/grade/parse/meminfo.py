"""/proc/meminfo and /sys/devices/system/node/nodeN/meminfo: `Key:  value kB`, counts without a unit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from labkit.grade.parse.error import ParseError

_LINE = re.compile(r"(?:Node (\d+) )?([A-Za-z0-9_()]+):\s+(\d+)( kB)?\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Meminfo:
    """`kib` holds sizes in KiB (the kernel writes kB and means KiB), `counts` what has no unit.

    `node` is None for /proc/meminfo.
    """

    node: int | None
    kib: Mapping[str, int]
    counts: Mapping[str, int]


def parse_meminfo(text: str) -> Meminfo:
    kib: dict[str, int] = {}
    counts: dict[str, int] = {}
    nodes: set[str | None] = set()
    for number, line in enumerate(text.splitlines(), start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise ParseError("meminfo", number, line)
        node, key, value, unit = match.groups()
        nodes.add(node)
        (kib if unit else counts)[key] = int(value)
    if len(nodes) != 1 or "MemTotal" not in kib:
        raise ParseError("meminfo", 1, text[:80])
    node = nodes.pop()
    return Meminfo(node=None if node is None else int(node), kib=kib, counts=counts)

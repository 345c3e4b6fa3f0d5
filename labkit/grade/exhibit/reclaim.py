"""What the kernel reclaimed between two readings of its counters: when in between, no evidence tells.

The log says nothing of kswapd and of direct reclaim, so a mark is as long as the time between two readings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from labkit.model.evidence import SceneEvidence
from labkit.model.exhibit import Reclaim

VMSTAT = "/proc/vmstat"
_LINE = re.compile(r"^(\w+) (\d+)$", re.MULTILINE)
_STALLS = tuple(f"allocstall_{zone}" for zone in ("dma", "dma32", "normal", "movable", "device"))
_Seen = tuple[float, str, str, Mapping[str, int]]  # at, moment, where, counters


def reclaims(scene: SceneEvidence, moments: Mapping[str, float]) -> tuple[Reclaim, ...]:
    """What moved between each reading and the next. The host's readings; /proc/vmstat where it has fewer.

    `moments` says where on the axis each moment lies at which somebody looked.
    """
    read, captured = (_in_order(found) for found in (_readings(scene, moments), _files(scene, moments)))
    return tuple(_between(*pair) for pair in pairwise(captured if len(captured) > len(read) else read))


def _readings(scene: SceneEvidence, moments: Mapping[str, float]) -> Iterator[_Seen]:
    for seen in scene.in_time:
        if seen.moment in moments and seen.reading.vmstat:
            yield moments[seen.moment], seen.moment, seen.where, seen.reading.vmstat


def _files(scene: SceneEvidence, moments: Mapping[str, float]) -> Iterator[_Seen]:
    for captured in scene.files:
        if captured.path == VMSTAT and captured.moment in moments and captured.text:
            counters = {match[1]: int(match[2]) for match in _LINE.finditer(captured.text)}
            yield moments[captured.moment], captured.moment, captured.where, counters


def _in_order(found: Iterator[_Seen]) -> list[_Seen]:
    """Along the axis; of two readings at one place the later one."""
    return sorted({seen[0]: seen for seen in found}.values(), key=lambda seen: seen[0])


def _between(old: _Seen, new: _Seen) -> Reclaim:
    start, first, _, before = old
    end, last, where, after = new

    def moved(*names: str) -> int:
        return sum(max(after.get(name, 0) - before.get(name, 0), 0) for name in names)

    return Reclaim(
        first=first,
        last=last,
        where=where,
        start=start,
        seconds=end - start,
        wakes=moved("pageoutrun"),
        kswapd_scanned=moved("pgscan_kswapd"),
        kswapd_pages=moved("pgsteal_kswapd"),
        stalls=moved(*_STALLS),
        direct_scanned=moved("pgscan_direct"),
        direct_pages=moved("pgsteal_direct"),
        compactions=moved("compact_stall"),
    )

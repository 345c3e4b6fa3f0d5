"""per_cpu/cpuN/stats of tracefs: what one CPU's ring buffer holds and what it lost.

entries: 246131
overrun: 214065
oldest event ts:   139.662604
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from labkit.grade.parse.error import ParseError

_LINE = re.compile(r"([a-z ]+): +(\d+)(?:\.\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceStats:
    """Events in the buffer, overwritten by later ones, and never written because a reader had the page."""

    entries: int
    overrun: int
    dropped: int


def parse_trace_stats(text: str) -> TraceStats:
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise ParseError("trace stats", number, line)
        found[match[1]] = int(match[2])
    try:
        return TraceStats(
            entries=found["entries"],
            overrun=found["overrun"] + found["commit overrun"],
            dropped=found["dropped events"],
        )
    except KeyError as missing:
        raise ParseError("trace stats", 1, f"no {missing}") from None

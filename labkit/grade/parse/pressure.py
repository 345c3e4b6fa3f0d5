"""Pressure stall information: memory.pressure, /proc/pressure/*.

some avg10=0.00 avg60=0.00 avg300=0.00 total=1804
full avg10=0.00 avg60=0.00 avg300=0.00 total=1804
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from labkit.grade.parse.error import ParseError

_LINE = re.compile(r"(some|full) avg10=(\d+\.\d\d) avg60=(\d+\.\d\d) avg300=(\d+\.\d\d) total=(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """Shares of the last 10, 60 and 300 s in percent, and all stalled time in microseconds."""

    avg10: float
    avg60: float
    avg300: float
    total_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressure:
    """`full` is None where the kernel has no such line (cpu before v5.13)."""

    some: Stall
    full: Stall | None


def parse_pressure(text: str) -> Pressure:
    stalls: dict[str, Stall] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        match = _LINE.fullmatch(line)
        if match is None or match[1] in stalls:
            raise ParseError("pressure", number, line)
        avg10, avg60, avg300 = map(float, match.group(2, 3, 4))
        stalls[match[1]] = Stall(avg10=avg10, avg60=avg60, avg300=avg300, total_us=int(match[5]))
    if "some" not in stalls:
        raise ParseError("pressure", 1, text[:80])
    return Pressure(some=stalls["some"], full=stalls.get("full"))

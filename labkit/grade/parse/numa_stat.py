"""memory.numa_stat of a cgroup: each counter's share on every node.

anon N0=0 N1=8388608
workingset_refault_anon N0=0 N1=0

Bytes, but for the workingset_ and pgdemote_ counters, which count pages.
/sys/devices/system/node/nodeN/numastat is another format: lines of a key and a number, read by
parse_key_values().
"""

from __future__ import annotations

import re

from labkit.grade.parse.error import ParseError

_LINE = re.compile(r"([a-z_0-9]+)((?: N\d+=\d+)+)")


def parse_numa_stat(text: str) -> dict[str, dict[int, int]]:
    """Every counter by node.

    >>> parse_numa_stat("anon N0=0 N1=8192\\n")
    {'anon': {0: 0, 1: 8192}}
    """
    found: dict[str, dict[int, int]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        match = _LINE.fullmatch(line)
        if match is None or match[1] in found:
            raise ParseError("memory.numa_stat", number, line)
        shares = re.findall(r"N(\d+)=(\d+)", match[2])
        found[match[1]] = {int(node): int(count) for node, count in shares}
    return found

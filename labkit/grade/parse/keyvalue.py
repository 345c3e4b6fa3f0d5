"""Files of `key value` lines: /proc/vmstat, memory.stat, memory.events, cgroup.events, a node's numastat.

memory.pressure is read by parse_pressure(), memory.numa_stat by parse_numa_stat().
"""

from __future__ import annotations

from labkit.grade.parse.error import ParseError


def parse_key_values(text: str) -> dict[str, int]:
    """Every key with its number, in the kernel's own unit. Keys differ between kernels: look them up by name.

    >>> parse_key_values("oom 1\\noom_kill 1\\n")
    {'oom': 1, 'oom_kill': 1}
    """
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if len(words) != 2 or words[0] in found or not words[1].lstrip("-").isdecimal():
            raise ParseError("key value", number, line)
        found[words[0]] = int(words[1])
    return found

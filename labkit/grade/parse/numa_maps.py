"""/proc/PID/numa_maps: each mapping's memory policy, and how many of its pages lie on each node.

7fc4f1812000 weighted interleave:0-1 anon=16 dirty=16 active=0 N0=8 N1=8 kernelpagesize_kB=4
7fc4f1400000 default file=/anon_hugepage\\040(deleted) huge anon=1 dirty=1 N0=1 kernelpagesize_kB=2048

Linux fs/proc/task_mmu.c show_numa_map(), mm/mempolicy.c mpol_to_str(). A policy's name may hold a space. Of
a file's name newline, tab, blank and '=' are escaped. Pages are of kernelpagesize_kB, but for huge pages of
THP, which count as the small pages that they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from labkit.grade.parse.error import ParseError
from labkit.grade.parse.lines import kernel_lines, unescaped
from labkit.grade.parse.numa import parse_cpulist

_POLICIES = ("default", "prefer", "bind", "interleave", "local", "prefer (many)", "weighted interleave")
_LINE = re.compile(
    rf"([0-9a-f]+) ({'|'.join(map(re.escape, sorted(_POLICIES, key=len, reverse=True)))})"
    r"(?:=([a-z|]+))?(?::(\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*))?((?: [^ ]+)*)"
)
_ESCAPED = "\n\t= "


@dataclass(frozen=True, slots=True, kw_only=True)
class NumaMap:
    """One mapping. `policy_nodes` is empty where the policy names none; `nodes` are pages by node.

    `words` are what has no number (heap, stack, huge), `counts` the rest by key; `page_kib` is None for a
    mapping of which no page is there.
    """

    address: int
    policy: str
    policy_flags: str
    policy_nodes: tuple[int, ...]
    file: str | None
    words: frozenset[str]
    counts: Mapping[str, int]
    nodes: Mapping[int, int]
    page_kib: int | None


def parse_numa_maps(text: str) -> tuple[NumaMap, ...]:
    return tuple(_map(number, line) for number, line in enumerate(kernel_lines(text), start=1))


def kib_by_node(maps: tuple[NumaMap, ...]) -> dict[int, int]:
    """KiB on each node over some mappings."""
    found: dict[int, int] = {}
    for each in maps:
        for node, pages in each.nodes.items():
            found[node] = found.get(node, 0) + pages * (each.page_kib or 0)
    return found


def _map(number: int, line: str) -> NumaMap:
    found = _LINE.fullmatch(line)
    if found is None:
        raise ParseError("numa_maps", number, line)
    file: str | None = None
    words: set[str] = set()
    counts: dict[str, int] = {}
    nodes: dict[int, int] = {}
    for word in found[5].split(" ")[1:]:
        key, _, value = word.partition("=")
        if key == "file":
            file = unescaped(value, _ESCAPED)
        elif not value:
            words.add(key)
        elif not value.isdecimal():
            raise ParseError("numa_maps", number, line)
        elif re.fullmatch(r"N\d+", key):
            nodes[int(key[1:])] = int(value)
        else:
            counts[key] = int(value)
    return NumaMap(
        address=int(found[1], 16),
        policy=found[2],
        policy_flags=found[3] or "",
        policy_nodes=parse_cpulist(found[4] or ""),
        file=file,
        words=frozenset(words),
        page_kib=counts.pop("kernelpagesize_kB", None),
        counts=counts,
        nodes=nodes,
    )

"""Nodes as one word of a command line: `2x256M`, `256M,512M:2`, `256M,128M:0`.

    nodes  = group {"," group}
    group  = [count "x"] memory [":" cpus]
    memory = number ("M" | "G"), with or without "iB" behind it, or 0 for none

A node has one CPU unless it is told otherwise. `:0` makes it memory alone, memory 0 makes it CPUs alone.
"""

from __future__ import annotations

import re

from labkit.model.errors import UsageError
from labkit.model.machine import MAX_NODES, MachineSpec, Node
from labkit.model.rules import SpecError
from labkit.model.units import Size

OPTION = "--nodes"
EXAMPLE = "256M, 2x256M, 256M,512M:2 or 256M,128M:0"
_GROUP = re.compile(r"(?:(?P<count>\d{1,9})x)?(?P<memory>[^x:]+)(?::(?P<cpus>\d{1,9}))?")
_MEMORY = re.compile(r"(\d{1,12})([MG])(?:iB)?", re.IGNORECASE)


def parse_nodes(text: str) -> tuple[Node, ...]:
    """The nodes that `text` names. Raises UsageError that names the group.

    >>> [(node.cpus, str(node.memory)) for node in parse_nodes("2x256M,512M:0")]
    [(1, '256MiB'), (1, '256MiB'), (0, '512MiB')]
    """
    found: list[Node] = []
    for group in text.split(","):
        count, node = _group(text, group)
        if not 1 <= count <= MAX_NODES - len(found):
            raise _wrong(text, group, f"{count} nodes", f"give 1 to {MAX_NODES} in all")
        found += [node] * count
    return tuple(found)


def machine_of_nodes(text: str) -> MachineSpec:
    """A machine with these nodes and labkit's defaults. Raises UsageError for one that cannot exist."""
    try:
        return MachineSpec(nodes=parse_nodes(text))
    except SpecError as error:
        found, fix = error.halves
        raise UsageError(where=f"{OPTION} {text}: {error.key}", found=found, fix=fix) from error


def _group(text: str, group: str) -> tuple[int, Node]:
    match = _GROUP.fullmatch(group)
    if match is None:
        raise _wrong(text, group, f"'{group}'", f"write it like {EXAMPLE}")
    cpus = int(match["cpus"] or 1)
    return int(match["count"] or 1), Node(cpus=cpus, memory=_memory(text, group, match["memory"]))


def _memory(text: str, group: str, memory: str) -> Size:
    if memory == "0":
        return Size(0)
    match = _MEMORY.fullmatch(memory)
    if match is None:
        fix = f"write '{memory}M'" if memory.isdecimal() else f"write it like {EXAMPLE}"
        raise _wrong(text, group, f"'{memory}'", fix)
    return Size.parse(f"{match[1]}{match[2].upper()}iB")


def _wrong(text: str, group: str, found: str, fix: str) -> UsageError:
    place = f"{OPTION} {text}" if group == text else f"{OPTION} {text}: '{group}'"
    return UsageError(where=place, found=found, fix=fix)

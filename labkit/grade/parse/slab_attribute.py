"""Files of /sys/kernel/slab/CACHE: a number, with its share on each node where the kernel counts by node.

total_objects       75 N0=30 N1=45
slabs_cpu_partial   10(1) C1=10(1)
order               3

Linux mm/slub.c show_slab_objects(), slabs_cpu_partial_show(). `ctor` is a symbol's name and `shrink` and
`validate` read as nothing: those three are no numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from labkit.grade.parse.error import ParseError

_COUNTS = re.compile(r"(\d+)((?: N\d+=\d+)*)\s*")
_PARTIAL = re.compile(r"(\d+)\((\d+)\)((?: C\d+=\d+\(\d+\))*)\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class SlabCount:
    """`total`, and what of it lies on each node; a node with none is left out by the kernel."""

    total: int
    nodes: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuPartial:
    """Objects on the partial slabs that one CPU keeps, as the kernel estimates them, and those slabs."""

    objects: int
    slabs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuPartials:
    """Of all CPUs, and of each that keeps any."""

    total: CpuPartial
    cpus: Mapping[int, CpuPartial]


def parse_slab_count(text: str) -> SlabCount:
    """Any numeric file but slabs_cpu_partial.

    >>> parse_slab_count("75 N0=30 N1=45\\n").nodes
    {0: 30, 1: 45}
    """
    found = _COUNTS.fullmatch(text)
    if found is None:
        raise ParseError("slab attribute", 1, text)
    nodes = {int(node): int(count) for node, count in re.findall(r"N(\d+)=(\d+)", found[2])}
    return SlabCount(total=int(found[1]), nodes=nodes)


def parse_cpu_partials(text: str) -> CpuPartials:
    """slabs_cpu_partial.

    >>> parse_cpu_partials("10(1) C1=10(1)\\n").cpus
    {1: CpuPartial(objects=10, slabs=1)}
    """
    found = _PARTIAL.fullmatch(text)
    if found is None:
        raise ParseError("slabs_cpu_partial", 1, text)
    return CpuPartials(
        total=CpuPartial(objects=int(found[1]), slabs=int(found[2])),
        cpus={
            int(cpu): CpuPartial(objects=int(objects), slabs=int(slabs))
            for cpu, objects, slabs in re.findall(r"C(\d+)=(\d+)\((\d+)\)", found[3])
        },
    )

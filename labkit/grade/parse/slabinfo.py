"""/proc/slabinfo: every slab cache that the kernel lists, by the names in its header.

# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables … : slabdata …
task_struct           71     75   6144    5    8 : tunables    0    0    0 : slabdata     15     15      0

A cache that was merged into another is not listed: /sys/kernel/slab has a link for it. SLUB counts every
object on a CPU's slabs as active (Linux mm/slub.c get_slabinfo()).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from labkit.grade.parse.error import ParseError
from labkit.grade.parse.lines import kernel_lines

_VERSION = "slabinfo - version: 2.1"
_SECTIONS = (" : tunables ", " : slabdata ")


@dataclass(frozen=True, slots=True, kw_only=True)
class SlabCache:
    """One cache. `object_bytes` holds an object and what SLUB keeps with it: slab_size in sysfs."""

    name: str
    active_objects: int
    objects: int
    object_bytes: int
    objects_a_slab: int
    pages_a_slab: int
    active_slabs: int
    slabs: int


def parse_slabinfo(text: str) -> dict[str, SlabCache]:
    """The caches by name. A name may hold spaces; one that comes twice is no slabinfo."""
    lines = kernel_lines(text)
    if len(lines) < 2 or lines[0] != _VERSION or not lines[1].startswith("# name"):
        raise ParseError("slabinfo", 1, "\n".join(lines[:2]))
    columns = re.findall(r"<(\w+)>", lines[1])
    found: dict[str, SlabCache] = {}
    for number, line in enumerate(lines[2:], start=3):
        cache = _cache(number, line, columns)
        if cache.name in found:
            raise ParseError("slabinfo", number, line)
        found[cache.name] = cache
    return found


def _cache(number: int, line: str, columns: list[str]) -> SlabCache:
    plain = line
    for section in _SECTIONS:
        plain = plain.replace(section, " ")
    row = re.fullmatch(rf"(\S.*?)((?: +\d+){{{len(columns)}}})", plain)
    if row is None or not all(section in line for section in _SECTIONS):
        raise ParseError("slabinfo", number, line)
    return _made(number, line, row[1], dict(zip(columns, map(int, row[2].split()), strict=True)))


def _made(number: int, line: str, name: str, value: Mapping[str, int]) -> SlabCache:
    try:
        return SlabCache(
            name=name,
            active_objects=value["active_objs"],
            objects=value["num_objs"],
            object_bytes=value["objsize"],
            objects_a_slab=value["objperslab"],
            pages_a_slab=value["pagesperslab"],
            active_slabs=value["active_slabs"],
            slabs=value["num_slabs"],
        )
    except KeyError as missing:
        raise ParseError("slabinfo", number, f"{line} without {missing}") from None

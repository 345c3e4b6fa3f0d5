"""[[factor]] and [[setting]] as factors: where a knob is, and when it counts as set."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from labkit.labfile.complaints import wrong
from labkit.labfile.tuning_document import FactorTable, KnobTable, SettingTable
from labkit.model.experiment import Factor, Kind, Level, Takes

# What the kernel makes of a number that is written, where it does not keep it:
# mm/hugetlb.c set_max_huge_pages() gives what it can; mm/khugepaged.c set_recommended_min_free_kbytes()
# raises; mm/page_counter.c page_counter_memparse() and set_max() count whole pages.
_TAKES: Mapping[str, Takes] = {
    "vm.nr_hugepages": Takes.PARTLY,
    "vm.nr_overcommit_hugepages": Takes.EXACT,
    "vm.min_free_kbytes": Takes.AT_LEAST,
    "memory.max": Takes.ROUNDED,
    "memory.high": Takes.ROUNDED,
    "memory.low": Takes.ROUNDED,
    "memory.min": Takes.ROUNDED,
    "memory.swap.max": Takes.ROUNDED,
}


def factor(table: FactorTable, key: str, path: Path) -> Factor:
    """Raises LabFileError for one that names no place, or two, or a level twice."""
    if len(set(map(str, table.levels))) != len(table.levels):
        raise wrong(path, f"{key}.levels", "a level stands twice", "keep one")
    return _knob(table, table.name, tuple(table.levels), key, path)


def setting(table: SettingTable, key: str, path: Path) -> Factor:
    """A knob of one level, by the name of what it sets."""
    knob = _knob(table, "", (table.value,), key, path)
    if not knob.kind.is_written:
        fix = "put it into [machine], or into the command itself"
        raise wrong(path, key, f"found {knob.kind.value}, which no guest writes", fix)
    return knob


def _knob(table: KnobTable, name: str, levels: tuple[Level, ...], key: str, path: Path) -> Factor:
    given = [kind for kind in Kind if getattr(table, kind.value) is not None]
    if len(given) != 1:
        found = " and ".join(kind.value for kind in given) or "no place"
        raise wrong(path, key, f"found {found}", "give one of " + ", ".join(kind.value for kind in Kind))
    kind = given[0]
    target = getattr(table, kind.value)
    for word in ("takes", "reads"):
        if getattr(table, word) and not kind.is_written:
            raise wrong(path, f"{key}.{word}", f"a {kind.value} is not read back", "leave it out")
    known = {str(level) for level in levels}
    for level in table.reads:
        if level not in known:
            raise wrong(path, f"{key}.reads.{level}", "no such level", "name one of " + ", ".join(known))
    takes = Takes(table.takes) if table.takes else _TAKES.get(target, _by_file(target))
    return Factor(
        name=name or target, kind=kind, target=target, levels=levels, takes=takes, reads=dict(table.reads)
    )


def _by_file(target: str) -> Takes:
    """A pool of huge pages by its own file, on one node or on all."""
    return Takes.PARTLY if target.endswith("/nr_hugepages") else Takes.EXACT

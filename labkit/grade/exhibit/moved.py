"""What moved between two moments: counters and sizes of captured files and of the host's readings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from labkit.model.evidence import CapturedFile, SceneEvidence
from labkit.model.exhibit import Moved, MovedTable
from labkit.model.witness import Reading

_LINE = re.compile(r"^(?P<name>[A-Za-z_][\w()./-]*):?[ \t]+(?P<value>\d+)(?P<unit> kB)?$", re.MULTILINE)
MAX_ROWS = 400
SIZED = {" kB": "KiB"}


def moved(scene: SceneEvidence) -> tuple[MovedTable, ...]:
    """A table a file or reading that was taken twice at least and is made of names with numbers."""
    tables = [*_of_files(scene), *_of_readings(scene)]
    return tuple(table for table in tables if table.rows)


def _of_files(scene: SceneEvidence) -> Iterator[MovedTable]:
    taken: dict[str, list[CapturedFile]] = {}
    for captured in scene.files:
        if captured.text and captured.moment != "boot":
            taken.setdefault(captured.path, []).append(captured)
    for path, moments in taken.items():
        first, last = moments[0], moments[-1]
        if first is last:
            continue
        old, new = (_numbers(each.text or "") for each in (first, last))
        units = {
            match["name"]: SIZED.get(match["unit"] or "", "") for match in _LINE.finditer(last.text or "")
        }
        yield _table(path, (first.moment, last.moment), last.where, (old, new), units)


def _of_readings(scene: SceneEvidence) -> Iterator[MovedTable]:
    """The host's own: vmstat, slabs, and events of cgroups."""
    for title, read in (("vmstat", _vmstat), ("slabs in use", _slabs)):
        found = [(seen, numbers) for seen in scene.in_time if (numbers := read(seen.reading))]
        if len(found) < 2:
            continue
        (first, old), (last, new) = found[0], found[-1]
        moments = (first.moment, last.moment)
        yield _table(f"{title}, read by the host", moments, last.where, (old, new), {})
    for seen in scene.in_time[-1:]:
        for group in seen.reading.memcgs or ():
            if group.path != "/" and any(group.events.values()):
                none = dict.fromkeys(group.events, 0)
                title = f"events of cgroup {group.path}, read by the host"
                yield _table(title, ("new", seen.moment), seen.where, (none, group.events), {})


def _vmstat(reading: Reading) -> Mapping[str, int]:
    return reading.vmstat or {}


def _slabs(reading: Reading) -> Mapping[str, int]:
    return {cache.name: cache.slabs for cache in reading.slabs or ()}


def _numbers(text: str) -> dict[str, int]:
    return {match["name"]: int(match["value"]) for match in _LINE.finditer(text)}


def _table(
    title: str,
    moments: tuple[str, str],
    where: str,
    numbers: tuple[Mapping[str, int], Mapping[str, int]],
    units: Mapping[str, str],
) -> MovedTable:
    """The largest change, relative to what was there, first; what appeared counts from 0."""
    old, new = numbers
    rows = [
        Moved(name=name, before=old.get(name, 0), after=value, unit=units.get(name, ""))
        for name, value in new.items()
    ]
    changed = sorted((row for row in rows if row.delta), key=_weight, reverse=True)
    return MovedTable(
        title=title,
        first=moments[0],
        last=moments[1],
        where=where,
        rows=tuple(changed[:MAX_ROWS]),
        still=len(rows) - len(changed),
    )


def _weight(row: Moved) -> tuple[float, int]:
    """What grew to many times itself says more than a large number that moved a little."""
    share = abs(row.delta) / max(row.before, row.after)
    return round(share, 1), abs(row.delta)

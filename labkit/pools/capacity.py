"""What this host has to give right now: cores that this process may use, memory that nobody uses."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from labkit.model.need import Capacity
from labkit.model.units import Size

RESERVE = Size.mib(256)  # of memory, for labkit itself, compilers, and whatever else wakes up meanwhile


def load_capacity(
    *, kvm: bool, proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")
) -> Capacity:
    """Cores and memory for guests; `kvm` tells whether KVM was proven to work here.

    Limits of this process's cgroup and of those above it count (version 2; Debian 12 and Ubuntu 24.04 know no
    other). A core that may be used half of the time is counted as one.
    """
    groups = tuple(_groups(proc, cgroups))
    cores = [len(os.sched_getaffinity(0)), *(quota for group in groups if (quota := _cores(group)))]
    rooms = [_available(proc), *(room for group in groups if (room := _room(group)) is not None)]
    return Capacity(cpus=min(cores), memory=Size(max(0, min(rooms) - RESERVE)), kvm=kvm)


def _groups(proc: Path, cgroups: Path) -> Iterator[Path]:
    """This process's cgroup and those above it, as far as they can be seen from here."""
    for line in (proc / "self" / "cgroup").read_text(encoding="utf-8").splitlines():
        hierarchy, _, path = line.partition("::")
        if hierarchy == "0":
            own = cgroups / path.lstrip("/")
            yield own
            yield from (folder for folder in own.parents if folder.is_relative_to(cgroups))


def _cores(group: Path) -> int | None:
    """Whole cores that cpu.max ('150000 100000', 'max 100000') comes to, None without a limit."""
    words = _words(group / "cpu.max")
    if len(words) != 2 or words[0] == "max":
        return None
    return max(1, -(-int(words[0]) // int(words[1])))


def _room(group: Path) -> int | None:
    """Bytes until memory.max is met, None without a limit. File cache gives way and is not counted."""
    limit, used = _words(group / "memory.max"), _words(group / "memory.current")
    if not limit or not used or limit[0] == "max":
        return None
    words = iter(_words(group / "memory.stat"))
    stat = dict(zip(words, words, strict=False))
    return int(limit[0]) - int(used[0]) + int(stat.get("inactive_file", 0))


def _available(proc: Path) -> int:
    for line in (proc / "meminfo").read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return int(value.split()[0]) << 10
    raise ValueError(f"{proc}/meminfo has no MemAvailable")  # every Linux since 3.14


def _words(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").split()
    except OSError:  # no limit can be set here: the controller is off, or this is the root
        return []

"""A seed's acts, processes and numbers, and what must come of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labkit.grade.drawn import number
from labkit.model.lab import Parameters

MIB_PAGES = 256  # pages of a MiB
HUGE_PAGES = 512  # pages of a huge page

# The six acts of the scene `tour` in their order, and the lines of /proc/meminfo that each moves.
ACTS = {
    "reserve": ("Committed_AS",),
    "read": ("Committed_AS",),
    "write": ("MemFree", "MemAvailable", "AnonPages", "Committed_AS"),
    "tmpfs": ("MemFree", "MemAvailable", "Cached", "Shmem", "Committed_AS"),
    "device": ("MemFree", "Buffers"),
    "pool": ("MemFree", "MemAvailable"),
}
LINES = ("MemFree", "MemAvailable", "Buffers", "Cached", "AnonPages", "Shmem", "Committed_AS")

# MemAvailable of the guest of the scene `pressure` at rest and without a pool, about, and its swap.
PRESSURE_AVAILABLE_MIB = 90
PRESSURE_SWAP_MIB = 96


@dataclass(frozen=True)
class Member:
    """A process of the scene `trace`: pages that it asks for, tables and all, and those it has in the end."""

    name: str
    does: str
    pages: int
    resident: int


def members(parameters: Parameters) -> tuple[Member, ...]:
    """The six, in the order in which they start."""
    crew = str(parameters["crew"])
    names = [f"{crew}-{name}" for name in words(parameters, "names")]
    touch, huge, file = (number(parameters, name) for name in ("touch_mib", "huge_mib", "file_mib"))
    places, rounds = number(parameters, "places"), number(parameters, "rounds")
    reserve = number(parameters, "reserve_mib")
    # A table of the lowest level maps 2 MiB: one for each such part, also below a huge page (it is kept for
    # the day when the huge page is split), and one for each of the places.
    cases = (
        (f"writes to {touch} MiB of small pages", touch * MIB_PAGES + touch // 2, touch * MIB_PAGES),
        (f"writes to {huge} MiB of huge pages", huge * MIB_PAGES + huge // 2, huge * MIB_PAGES),
        (f"writes {places} bytes, each 2 MiB from the one before", 2 * places, places),
        (f"writes a file of {file} MiB in a tmpfs", file * MIB_PAGES, 0),
        (f"takes 1 MiB, writes to it and gives it back, {rounds} times", rounds * (MIB_PAGES + 1), 0),
        (f"reserves {reserve} MiB and touches none of it", 0, 0),
    )
    return tuple(
        Member(name=name, does=does, pages=pages, resident=resident)
        for name, (does, pages, resident) in zip(names, cases, strict=True)
    )


def sizes(parameters: Parameters) -> dict[str, int]:
    """MiB of each act."""
    drawn = parameters["sizes"]
    assert isinstance(drawn, tuple)
    return {act: int(size) for act, size in zip(ACTS, drawn, strict=True)}


def words(parameters: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = parameters[name]
    assert isinstance(value, tuple)
    return tuple(map(str, value))


def key(parameters: Parameters) -> Mapping[str, object]:
    """What the handout tells of the seed, and the answers that the solution's templates fill in."""
    pool = number(parameters, "pool_mib")
    return {
        "acts": ACTS,
        "lines": LINES,
        "sizes": sizes(parameters),
        "members": members(parameters),
        "available": PRESSURE_AVAILABLE_MIB,
        "swap": PRESSURE_SWAP_MIB,
        "press": PRESSURE_AVAILABLE_MIB - pool + PRESSURE_SWAP_MIB // 2,
    }

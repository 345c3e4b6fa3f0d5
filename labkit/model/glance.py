"""What a live view shows of a guest at one instant, read while it runs on: for eyes, never for a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labkit.model.coarse_map import CoarseMap
from labkit.model.units import Size

PAGE = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A zone's free memory against its watermarks, in pages; `nr_free` counts free blocks by order."""

    node: int
    zone: str
    managed_pages: int
    free_pages: int
    min_pages: int
    low_pages: int
    high_pages: int
    nr_free: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A process as the OOM killer weighs it: `points` in pages as oom_badness() has them, None for never."""

    pid: int
    comm: str
    rss: Size
    swap: Size
    adj: int
    points: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlabUse:
    """A slab cache and the memory that its slabs take."""

    name: str
    taken: Size
    objects: int
    active: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Notable:
    """A message of the kernel's that tells of an OOM kill, a refused allocation, an oops: see `notable`.

    `time_us` is the guest's time since its boot.
    """

    time_us: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """One frame. `at` is the host's clock in seconds since the epoch.

    What is expensive is read less often: such a part stands as it was read last.
    """

    at: float
    levels: tuple[Level, ...]
    vmstat: Mapping[str, int]
    candidates: tuple[Candidate, ...] = ()
    slabs: tuple[SlabUse, ...] = ()
    said: tuple[str, ...] = ()
    notable: tuple[Notable, ...] = ()
    ram: CoarseMap | None = None

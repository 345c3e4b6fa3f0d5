"""A trial as a value: which cell, in which guest, what was read, and how it ended. And what is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from labkit.model.experiment import Level


class End(Enum):
    """How a trial ended. All but BROKEN are results: a crash and a hang are outcomes of a tuning, too."""

    COMPLETED = "completed"
    OUT_OF_MEMORY = "oom"  # the kernel killed something of it
    ENOMEM = "enomem"  # the workload was refused memory: it exits with ENOMEM, 12
    FAILED = "failed"  # it ended with another status
    TIMED_OUT = "timed out"
    PANICKED = "panic"
    HUNG = "hang"
    LOST = "guest lost"
    INVALID = "invalid"  # a knob did not take, or an invariant does not hold
    BROKEN = "broken"  # labkit's own fault: tried again by the next run


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A trial to be made: the `number`th in the order of the plan, `repeat` counts from 1."""

    levels: Mapping[str, Level]
    repeat: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a knob read after it was written; `refused` is what the kernel said to the writing, if it did."""

    name: str
    path: str
    requested: str
    read: str | None
    refused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The evidence of one trial. `before` and `after` are the files that metrics are read in, by path.

    `cmdline` is the guest's own /proc/cmdline. `transcript` is the digest of all that a deterministic guest
    said. `seconds` are of the host, by phase.
    """

    key: str
    experiment: str  # its digest
    levels: Mapping[str, Level]
    repeat: int
    number: int
    end: End
    detail: str = ""
    status: int | None = None
    readings: tuple[Reading, ...] = ()
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)
    stdout: str = ""
    stderr: str = ""
    kernel: str
    release: str
    cmdline: str = ""
    qemu: str
    accel: str
    seed: str
    transcript: str = ""
    made_at: datetime
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A trial as it is analysed: its end, why if not completed, and its metrics; None has no value."""

    trial: Trial
    end: End
    why: str
    values: Mapping[str, float | None]
    effective: Mapping[str, str]  # what each knob was found to be

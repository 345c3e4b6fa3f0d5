"""What a run left behind, as a value: everything a verdict may look at and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from labkit.model.kernel_log import LogRecord
from labkit.model.machine import Accel, MachineSpec, Started
from labkit.model.official import Official
from labkit.model.witness import Reading

BEFORE = "before"
AFTER = "after"


def after_step(step: str) -> str:
    """The moment at which a step's own captures were taken."""
    return f"after-{step}"


def during_step(step: str) -> str:
    """The moment, drawn anew for each official run, at which the host looked while a step ran."""
    return f"during-{step}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedFile:
    """A guest file at one moment. `text` is None when it was not there; `cut` tells that the cap was met.

    `where` is the path of the copy relative to the run directory.
    """

    path: str
    moment: str
    where: str
    text: str | None
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """How a step ended. `status` is its exit status (128+n for signal n), None if it never ended.

    What happened `once` was played before the guest was frozen: other runs share this very evidence.
    """

    name: str
    status: int | None
    timed_out: bool
    seconds: float
    stdout: str
    stderr: str
    where: str
    cut: bool = False
    once: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessed:
    """What the host read in the guest's memory at one moment.

    `where` is its file relative to the run directory, `lines` the line of that file on which each of the
    reading's tables begins, by its name: element i of it stands on the line i + 1 below.
    """

    moment: str
    where: str
    reading: Reading
    lines: Mapping[str, int] = field(default_factory=dict)


class SceneEnd(Enum):
    """How a guest's part of a run ended. Only COMPLETED was recorded after the last capture."""

    COMPLETED = "completed"
    PANICKED = "panicked"
    OOPSED = "oopsed"  # the kernel went on without the thread that crashed; what came after proves little
    HUNG = "hung"
    LOST = "lost"
    BROKEN = "broken"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneEvidence:
    """One guest's evidence. `timings` are seconds by phase; `detail` says why an end was not COMPLETED."""

    name: str
    machine: MachineSpec
    release: str
    accel: Accel
    end: SceneEnd
    detail: str
    steps: tuple[StepResult, ...] = ()
    files: tuple[CapturedFile, ...] = ()
    dmesg: tuple[LogRecord, ...] = ()
    witnessed: tuple[Witnessed, ...] = ()
    console_tail: str = ""
    started: Started = Started.COLD
    timings: Mapping[str, float] = field(default_factory=dict)

    def file(self, path: str, moment: str = AFTER) -> CapturedFile | None:
        """The capture of one guest path, None if it was never asked for or did not match."""
        for captured in self.files:
            if captured.path == path and captured.moment == moment:
                return captured
        return None

    def witness(self, moment: str = AFTER) -> Witnessed | None:
        """What the host read at a moment, None if nobody asked it to."""
        for seen in self.witnessed:
            if seen.moment == moment:
                return seen
        return None

    def step(self, name: str) -> StepResult | None:
        for step in self.steps:
            if step.name == name:
                return step
        return None

    @property
    def in_time(self) -> tuple[Witnessed, ...]:
        """The host's readings, the first first."""
        return tuple(sorted(self.witnessed, key=lambda seen: seen.reading.taken_at))

    @property
    def kernel_log(self) -> tuple[LogRecord, ...]:
        """Only what the kernel itself logged."""
        return tuple(record for record in self.dmesg if record.from_kernel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked of a run. `submission` maps file names to their text; empty for none.

    `pack` is the key of the kernel pack. `official` is None for practice; that a run is official is a claim
    until its signature is verified. A `demonstration` ran what lies in the lab's own folder: nobody's work.
    `lab_folder` is for people only, who want to run it again: where a lab is that is none of a checkout's.
    """

    lab: str
    lab_digest: str
    seed: str
    parameters: Mapping[str, object]
    kernel: str
    accel: Accel
    submission_name: str
    submission: Mapping[str, str]
    labkit: str
    started_at: str
    pack: str = ""
    official: Official | None = None
    demonstration: bool = False
    lab_folder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that a check may see: the request and each scene's evidence."""

    request: Request
    scenes: tuple[SceneEvidence, ...]

    def scene(self, name: str) -> SceneEvidence | None:
        for scene in self.scenes:
            if scene.name == name:
                return scene
        return None

"""What a run left behind, as a value: everything a verdict may look at and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from labkit.model.machine import Accel, MachineSpec, Started
from labkit.model.official import Official

BEFORE = "before"
AFTER = "after"
KERNEL_FACILITY = 0  # syslog(3): only the kernel itself logs with facility 0; /dev/kmsg writers get 1 or more


def after_step(step: str) -> str:
    """The moment at which a step's own captures were taken."""
    return f"after-{step}"


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
class LogRecord:
    """One record of /dev/kmsg: `facility` 0 is the kernel's own word. `line` is its line in dmesg.jsonl."""

    seq: int
    time_us: int
    level: int
    facility: int
    text: str
    line: int

    @property
    def from_kernel(self) -> bool:
        return self.facility == KERNEL_FACILITY


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
    console_tail: str = ""
    started: Started = Started.COLD
    timings: Mapping[str, float] = field(default_factory=dict)

    def file(self, path: str, moment: str = AFTER) -> CapturedFile | None:
        """The capture of one guest path, None if it was never asked for or did not match."""
        for captured in self.files:
            if captured.path == path and captured.moment == moment:
                return captured
        return None

    def step(self, name: str) -> StepResult | None:
        for step in self.steps:
            if step.name == name:
                return step
        return None

    @property
    def kernel_log(self) -> tuple[LogRecord, ...]:
        """Only what the kernel itself logged."""
        return tuple(record for record in self.dmesg if record.from_kernel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked of a run. `submission` maps file names to their text; empty for none.

    `pack` is the key of the kernel pack. `official` is None for practice; that a run is official is a claim
    until its signature is verified.
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

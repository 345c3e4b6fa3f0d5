"""The names and records of a run folder: the one place where writer and reader agree.

RUN/request.json                 a Request; of each submitted file its SHA-256
RUN/submission/NAME              what was handed in
RUN/SCENE/machine.json           what the scene's guest is; its presence makes the folder a scene
RUN/SCENE/captures.jsonl         one line a captured file, with its SHA-256, written after the file itself
RUN/SCENE/MOMENT/guest/path      the captured files, mirrored: `diff -r before after` works
RUN/SCENE/steps/01-x/            stdout, stderr, and status.json with their SHA-256
RUN/SCENE/witness/MOMENT.json    what the host read in the guest's memory, an element a line
RUN/SCENE/dmesg.jsonl            the kernel log, one record a line
RUN/SCENE/console-tail.txt       the last lines of the console
RUN/SCENE/end.json               how it ended, with the SHA-256 of the files above; written last
RUN/SCENE/argv.txt console.log qemu.log qmp.jsonl     for people; no verdict looks at them
RUN/verdict.json
RUN/report.html                  a page for people; no verdict looks at it
RUN/attestation.json             of an official run that was graded: the signed statement

So the SHA-256 of request.json and of every end.json cover everything that a verdict may look at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labkit.model.evidence import SceneEnd
from labkit.model.machine import Accel, MachineSpec, Started
from labkit.model.official import Official

REQUEST = "request.json"
SUBMISSION = "submission"
VERDICT = "verdict.json"
PAGE = "report.html"
ATTESTATION = "attestation.json"
MACHINE = "machine.json"
CAPTURES = "captures.jsonl"
STEPS = "steps"
WITNESS = "witness"
STATUS = "status.json"
STDOUT = "stdout"
STDERR = "stderr"
DMESG = "dmesg.jsonl"
CONSOLE_TAIL = "console-tail.txt"
END = "end.json"
ARGV = "argv.txt"
CONSOLE_LOG = "console.log"
QEMU_LOG = "qemu.log"
QMP_LOG = "qmp.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord:
    """request.json. `submission` maps names to the SHA-256 of the files under submission/."""

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
class MachineRecord:
    """machine.json. `number` is the scene's place in the run, from 1."""

    number: int
    release: str
    accel: Accel
    machine: MachineSpec
    started: Started = Started.COLD


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureRecord:
    """A line of captures.jsonl. `where` is relative to the scene; no `sha256`: the guest had no such file."""

    moment: str
    path: str
    where: str
    sha256: str | None
    cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRecord:
    """A step's status.json; `once` as in StepResult."""

    name: str
    status: int | None
    timed_out: bool
    seconds: float
    cut: bool
    stdout_sha256: str
    stderr_sha256: str
    once: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DmesgRecord:
    """A line of dmesg.jsonl."""

    seq: int
    time_us: int
    level: int
    facility: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndRecord:
    """end.json. `files` maps the scene's index files to their SHA-256."""

    end: SceneEnd
    detail: str
    timings: Mapping[str, float]
    files: Mapping[str, str]

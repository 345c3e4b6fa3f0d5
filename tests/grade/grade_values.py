"""Real captures of both kernels, and small labs and evidence for the tests of grading.

data/KERNEL/ was captured in guests of both kernels: proc/ and sys/ mirror guest paths; oom-cgroup.jsonl and
oom-machine.jsonl are kernel logs in the form of dmesg.jsonl. proc/odd is a process of an odd name and one
with mappings of every kind; proc/slabinfo and proc/odd/smaps are some lines and mappings of longer files,
and proc/odd/pagemap and kpageflags fourteen entries out of theirs.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from labkit.model.evidence import (
    AFTER,
    CapturedFile,
    Evidence,
    Request,
    SceneEnd,
    SceneEvidence,
    StepResult,
)
from labkit.model.kernel_log import LogRecord
from labkit.model.lab import Check, FileRelation, Lab, Scene, Step, Tier
from labkit.model.machine import Accel, MachineSpec, Node
from labkit.model.units import Size
from labkit.model.verdict import EvidenceClass, Judgement

DATA = Path(__file__).parent / "data"
KERNELS = ("6.1", "6.12")
SPEC = MachineSpec(nodes=(Node(cpus=1, memory=Size.mib(256)),))
EVENTS = "/sys/fs/cgroup/lab/memory.events"


def captured(kernel: str, path: str) -> str:
    """The real text of a guest file."""
    return (DATA / kernel / path.lstrip("/")).read_text()


def captured_bytes(kernel: str, path: str) -> bytes:
    """The real bytes of a guest file that is no text."""
    return (DATA / kernel / path.lstrip("/")).read_bytes()


def oom_records(kernel: str, of: str) -> tuple[LogRecord, ...]:
    """The kernel log with kills in cgroups (of 'cgroup') or of a full machine (of 'machine')."""
    lines = (DATA / kernel / f"oom-{of}.jsonl").read_text().splitlines()
    return tuple(LogRecord(**json.loads(text), line=line) for line, text in enumerate(lines, start=1))


def records(*texts: str, facility: int = 0) -> tuple[LogRecord, ...]:
    return tuple(
        LogRecord(seq=line, time_us=line, level=6, facility=facility, text=text, line=line)
        for line, text in enumerate(texts, start=1)
    )


def scene(
    *files: tuple[str, str | None],
    name: str = "oom",
    end: SceneEnd = SceneEnd.COMPLETED,
    detail: str = "",
    dmesg: tuple[LogRecord, ...] = (),
    console_tail: str = "",
    cut: bool = False,
) -> SceneEvidence:
    """A scene with one step 'hog' and these files captured after it."""
    step = StepResult(
        name="hog",
        status=137,
        timed_out=False,
        seconds=1.0,
        stdout="one\ntwo\n",
        stderr="",
        where=f"{name}/steps/01-hog",
    )
    return SceneEvidence(
        name=name,
        machine=SPEC,
        release="6.12.0",
        accel=Accel.TCG,
        end=end,
        detail=detail,
        steps=(step,),
        files=tuple(
            CapturedFile(path=path, moment=AFTER, where=f"{name}/after{path}", text=text, cut=cut)
            for path, text in files
        ),
        dmesg=dmesg,
        console_tail=console_tail,
        timings={"boot": 4.0},
    )


def evidence(*scenes: SceneEvidence, lab: str = "lab2", **submission: str) -> Evidence:
    request = Request(
        lab=lab,
        lab_digest="d" * 64,
        seed="7",
        parameters={"limit": 104857600, "name": "lab", "sizes": (1, 2)},
        kernel="6.12",
        accel=Accel.TCG,
        submission_name="solution",
        submission={key.replace("_", "."): text for key, text in submission.items()},
        labkit="0.1.0",
        started_at="2026-11-23T14:46:12Z",
    )
    return Evidence(request=request, scenes=scenes)


def check(
    judge: FileRelation | Callable[[Evidence], Judgement],
    name: str = "kill",
    points: int = 10,
    needs: tuple[str, ...] = (),
) -> Check:
    return Check(
        id=name,
        says=f"{name} happens",
        points=points,
        evidence=EvidenceClass.OBSERVER,
        hint="look at memory.events",
        needs=needs,
        judge=judge,
    )


def lab(*checks: Check, digest: str = "d" * 64, folder: Path = Path(__file__).parent) -> Lab:
    oom = Scene(name="oom", says="a hog is killed", machine=SPEC, steps=(Step(name="hog", run="./hog"),))
    return Lab(
        id="lab2",
        title="The OOM killer",
        question="Who dies?",
        course="1.7",
        tier=Tier.ROOT,
        folder=folder,
        digest=digest,
        draws=(),
        hand_in=(),
        scenes=(oom,),
        checks=checks,
    )

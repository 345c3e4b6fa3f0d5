"""A small request, machine and scene that the tests of the store share."""

from __future__ import annotations

from labkit.model.evidence import (
    AFTER,
    BEFORE,
    Request,
    SceneEnd,
    after_step,
)
from labkit.model.kernel_log import LogRecord
from labkit.model.machine import Accel, MachineSpec, Node
from labkit.model.units import Size
from labkit.store.writer import RunWriter, SceneWriter

SPEC = MachineSpec(nodes=(Node(cpus=1, memory=Size.mib(256)),))
REQUEST = Request(
    lab="lab2",
    lab_digest="0" * 64,
    seed="7",
    parameters={"limit": 104857600, "sizes": (40, 80), "name": "mmt"},
    kernel="6.12",
    accel=Accel.TCG,
    submission_name="solution",
    submission={"setup.sh": "mkdir /sys/fs/cgroup/lab\n", "answers.toml": 'victim = "größe"\n'},
    labkit="0.1.0",
    started_at="2026-11-23T14:46:12Z",
)
RECORDS = (
    LogRecord(seq=7, time_us=12, level=6, facility=0, text="line one\nline two", line=1),
    LogRecord(seq=9, time_us=15, level=4, facility=1, text="labkit: step hog", line=2),
)
FILES: list[tuple[str, bytes | None, bool]] = [
    ("/proc/vmstat", b"oom_kill 1\n", False),
    ("/sys/fs/cgroup/lab/memory.events", None, False),
    ("/lab/binary", b"\xff\x00\r\n", False),
]


def whole_scene(run: RunWriter, name: str = "oom", number: int = 1) -> SceneWriter:
    """A scene with one of everything."""
    scene = run.scene(name, number=number, machine=SPEC, release="6.12.0", accel=Accel.TCG)
    scene.argv("qemu-system-x86_64 \\\n  -nodefaults\n")
    scene.capture(BEFORE, FILES)
    scene.step("hog", status=137, timed_out=False, seconds=1.25, stdout=b"out\n", stderr=b"Killed\n")
    scene.step("late", status=None, timed_out=True, seconds=30.0, stdout=b"", stderr=b"", cut=True)
    scene.capture(after_step("hog"), [("/proc/vmstat", b"oom_kill 1\n", False)])
    scene.capture(AFTER, FILES)
    scene.dmesg(RECORDS)
    scene.end(SceneEnd.COMPLETED, timings={"boot": 4.25}, console_tail="login\n")
    return scene

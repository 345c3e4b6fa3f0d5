"""What a clone costs: until it runs, until it answers, and in memory."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from guests import raise_guest
from timing import Measure

from labkit.model.events import Event, Mood
from labkit.model.machine import MachineSpec, Node
from labkit.model.units import Deadline, Size
from labkit.stage import Stage

NODE = Node(cpus=1, memory=Size.mib(256))
MACHINE = MachineSpec(nodes=(NODE, NODE))
AT_ONCE = 4
IDLE_SECONDS = 3.0


def starts(count: int) -> tuple[Measure, ...]:
    """Seconds from QEMU's start until the guest runs, and until its first command was answered over SSH."""
    print(f"{count} clones, one after the other …", flush=True)
    running, answered = [], []
    with tempfile.TemporaryDirectory() as name:
        _answer(Path(name))  # makes the template where there is none
        for _ in range(count):
            began, stage_seconds = _answer(Path(name))
            running.append(stage_seconds)
            answered.append(round(began, 4))
    return (
        Measure(name="clone: QEMU's start to running", samples=tuple(running)),
        Measure(name="clone: QEMU's start to first command answered", samples=tuple(answered)),
    )


def _answer(record: Path) -> tuple[float, float]:
    """Seconds to the first answer, and of the clone phase alone."""
    began: list[float] = []

    def listen(event: Event) -> None:
        if (event.phase, event.mood) == ("clone", Mood.BEGIN):
            began.append(time.monotonic())

    with raise_guest(MACHINE, record, listen=listen) as stage:
        _run(stage, "uname -r")
        return time.monotonic() - began[-1], stage.clock.seconds["clone"]


def memory(count: int) -> Measure:
    """MiB that one more idle clone takes for itself, while AT_ONCE of them live."""
    print(f"memory of {AT_ONCE} clones …", flush=True)
    samples: list[float] = []
    while len(samples) < count:
        with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
            stages = [
                stack.enter_context(raise_guest(MACHINE, _made(Path(name) / str(number))))
                for number in range(AT_ONCE)
            ]
            for stage in stages:
                _run(stage, "true")
            time.sleep(IDLE_SECONDS)
            samples += [round(private_mib(stage.vm.pid), 1) for stage in stages]
    return Measure(name=f"private memory of a clone, {AT_ONCE} at once", samples=tuple(samples), unit="MiB")


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _run(stage: Stage, command: str) -> None:
    assert stage.guest.run(command, deadline=Deadline.after(60, "first command")).status == 0


def private_mib(pid: int) -> float:
    """MiB that would be free without this process (proc(5): smaps_rollup)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024

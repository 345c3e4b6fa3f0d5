"""What the live view costs beside a busy guest: frames a second, and how much of a core they take."""

from __future__ import annotations

import io
import tempfile
import time
from pathlib import Path

from guests import raise_guest
from rich.console import Console
from rich.live import Live
from timing import Measure
from witnessed import KERNELS

from labkit import lookout
from labkit.lookout import WatchAsk
from labkit.model.events import silent
from labkit.model.machine import MachineSpec, Node
from labkit.model.units import Deadline, Size
from labkit.report.watch.bars import Ink
from labkit.report.watch.frame import Reel
from labkit.standing import announced

SECONDS = 10.0
BUSY = "(while :; do dd if=/dev/zero of=/dev/null bs=16M count=20; done) >/dev/null 2>&1 & echo $! >/run/busy"


def live_view(count: int) -> tuple[Measure, ...]:
    return tuple(measure for kernel in KERNELS for measure in _watched(kernel, count))


def _watched(kernel: str, count: int) -> tuple[Measure, ...]:
    node = Node(cpus=1, memory=Size.mib(256))
    machine = MachineSpec(nodes=(node, node), kernel=kernel)
    rates, shares = [], []
    print(f"the live view, {kernel} …", flush=True)
    with (
        tempfile.TemporaryDirectory() as record,
        raise_guest(machine, Path(record)) as stage,
        announced(stage, machine, "bench"),
    ):
        stage.guest.ask(BUSY, deadline=Deadline.after(30, "busy"))
        for _ in range(count):
            rate, share = _sample()
            rates.append(rate)
            shares.append(share)
    return (
        Measure(name=f"live view, frames a second, {kernel}", samples=tuple(rates), unit="1/s"),
        Measure(name=f"  of one core, {kernel}", samples=tuple(shares), unit="%"),
    )


def _sample() -> tuple[float, float]:
    console = Console(file=io.StringIO(), force_terminal=True, width=140, height=45, color_system="truecolor")
    reel = Reel(title="bench", ink=Ink())
    with Live(console=console, screen=True, auto_refresh=False) as live:
        began, cpu = time.monotonic(), time.process_time()
        frames = lookout.watch(
            lookout.find_guest("bench"),
            WatchAsk(seconds=SECONDS),
            lambda glance: live.update(reel.take(glance), refresh=True),
            silent,
        )
        took, spent = time.monotonic() - began, time.process_time() - cpu
    return round(frames / took, 2), round(100 * spent / took, 1)

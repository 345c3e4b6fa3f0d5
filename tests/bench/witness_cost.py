"""What a look into a guest's memory costs: attaching with symbols, and the pause of each kind of reading."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from guests import raise_guest
from timing import Measure, in_turn
from witnessed import KERNELS, Pair, attached, symbols, two_nodes, witnessed

from labkit.model.machine import MachineSpec, Node
from labkit.model.units import Deadline, Size
from labkit.model.witness import Probe
from labkit.report.map_chart import chart_of
from labkit.report.map_png import render_map_png
from labkit.stage import Stage

# What lab2's checks ask about: who was killed, by which limit, and what memory was left.
LAB2 = (Probe.ZONES, Probe.TASKS, Probe.MEMCGS, Probe.VMSTAT, Probe.DMESG)
GIB = Size.gib(1)


def readings(count: int) -> tuple[Measure, ...]:
    return tuple(
        measure for kernel in KERNELS for measure in (*_attaching(kernel, count), *_ram(kernel, count))
    )


def _attaching(kernel: str, count: int) -> tuple[Measure, ...]:
    """Host seconds of a first reading in all, and how long the guest stood still for it."""
    pauses: list[float] = []

    def whole(stage: Stage) -> float:
        began = time.monotonic()
        with attached(stage, machine, symbols_file) as witness:
            reading = witness.read(LAB2, Deadline.after(30, "witness"))
        pauses.append(round(reading.paused_seconds, 4))
        return time.monotonic() - began

    symbols_file, machine = symbols(kernel), two_nodes(kernel)
    with tempfile.TemporaryDirectory() as record, raise_guest(machine, Path(record)) as stage:
        first = whole(stage)
        (taken,) = in_turn({f"witness of lab2, symbols loaded before, {kernel}": lambda: whole(stage)}, count)
    return (
        Measure(name=f"witness of lab2, symbols loaded for it, {kernel}", samples=(first,)),
        taken,
        Measure(name=f"  of it the guest paused, {kernel}", samples=tuple(pauses)),
    )


def _ram(kernel: str, count: int) -> tuple[Measure, ...]:
    machine = MachineSpec(nodes=(Node(cpus=2, memory=GIB),), kernel=kernel)
    with ExitStack() as stack:
        record = stack.enter_context(tempfile.TemporaryDirectory())
        pair = stack.enter_context(witnessed(machine, Path(record)))
        return in_turn(
            {
                f"RAM map of 1 GiB, paused, {kernel}": lambda: _paused(pair, Probe.RAM),
                f"every frame's use of 1 GiB, paused, {kernel}": lambda: _paused(pair, Probe.MAP),
                f"map of 1 GiB, from reading to PNG, {kernel}": lambda: _drawn(pair),
                f"text and rodata digests, paused, {kernel}": lambda: _paused(pair, Probe.TEXT),
                f"lab2's probes, paused, {kernel}": lambda: _paused(pair, *LAB2),
            },
            count,
        )


def _paused(pair: Pair, *probes: Probe) -> float:
    return pair.read(*probes).paused_seconds


def _drawn(pair: Pair) -> float:
    """Seconds from asking the witness to the bytes of a PNG."""
    began = time.monotonic()
    found = pair.read(Probe.MAP).map
    assert found is not None
    render_map_png([chart_of(found, "now")], "a guest of 1 GiB")
    return time.monotonic() - began

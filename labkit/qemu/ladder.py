"""The way down of a process: rungs from polite to certain, each with its own deadline, each recorded."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from labkit.model.errors import Broken, LabkitError
from labkit.model.units import Deadline, Pace

Plea = Callable[[Deadline], object]

TERM_SECONDS = 5.0
KILL_SECONDS = 30.0
_GRACE_SECONDS = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One way of asking the process to end. `plea` may fail (LabkitError, OSError): the next rung follows."""

    name: str
    seconds: float
    plea: Plea


@dataclass(frozen=True, slots=True, kw_only=True)
class RungReport:
    """What became of one rung; `failed` is the plea's own error, empty if it had none."""

    name: str
    seconds: float
    ended_it: bool
    failed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Descent:
    """How the process ended. `status` is its exit status, -N for signal N."""

    status: int
    rungs: tuple[RungReport, ...]

    @property
    def ended_by(self) -> str:
        """The rung that ended it; 'itself' if it was gone before anybody asked."""
        return next((rung.name for rung in self.rungs if rung.ended_it), "itself")


def terminate(process: subprocess.Popen[bytes]) -> Rung:
    return Rung(name="SIGTERM", seconds=TERM_SECONDS, plea=lambda _: process.send_signal(signal.SIGTERM))


def kill(process: subprocess.Popen[bytes]) -> Rung:
    """SIGKILL cannot be refused: only a process stuck in the kernel outlives this rung."""
    return Rung(name="SIGKILL", seconds=KILL_SECONDS, plea=lambda _: process.send_signal(signal.SIGKILL))


def descend(process: subprocess.Popen[bytes], rungs: tuple[Rung, ...], pace: Pace) -> Descent:
    """Climb down until the process is gone. The last rung is SIGKILL, whatever interrupts the others.

    Raises Broken when not even SIGKILL ended it.
    """
    reports: list[RungReport] = []
    try:
        for rung in (*rungs, terminate(process)):
            if process.poll() is not None:
                break
            reports.append(_try(process, rung, pace))
    finally:
        if process.poll() is None:
            reports.append(_try(process, kill(process), pace))
    status = process.poll()
    if status is None:
        raise Broken(
            where=f"process {process.pid}",
            found="not even SIGKILL ended it",
            fix="is a disk or the network stuck? see dmesg",
        )
    return Descent(status=status, rungs=tuple(reports))


def _try(process: subprocess.Popen[bytes], rung: Rung, pace: Pace) -> RungReport:
    deadline = pace.deadline(rung.seconds, rung.name)
    began = time.monotonic()
    failed = ""
    try:
        rung.plea(deadline)
    except (LabkitError, OSError) as error:
        failed = str(error)
    # A plea's connection may break because it was heard: even then the process gets a moment.
    _wait(process, deadline.sooner(_GRACE_SECONDS, rung.name) if failed else deadline)
    return RungReport(
        name=rung.name,
        seconds=round(time.monotonic() - began, 3),
        ended_it=process.poll() is not None,
        failed=failed,
    )


def _wait(process: subprocess.Popen[bytes], deadline: Deadline) -> None:
    try:
        process.wait(timeout=deadline.remaining)
    except subprocess.TimeoutExpired:
        return

"""A guest that nothing disturbs: its clock counts its own instructions, and a boot repeats to the byte.

No monitor, no network, no disk: what answers from outside does so at an instant that is never the same. The
guest's second serial port is a file, and its end is QEMU's. Measured with QEMU 7.2: the console and every
file of /proc of three boots of each kernel were identical, urandom and slabinfo too, on a busy host.
Source: QEMU docs/devel/tcg-icount.rst.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from labkit.model.errors import DeadlineExpired, HostError
from labkit.model.machine import MachineSpec
from labkit.model.units import Deadline, Pace
from labkit.qemu.argv import SANDBOX, board, kernel_cmdline
from labkit.qemu.binary import check_binary
from labkit.qemu.confine import confine
from labkit.qemu.ladder import descend
from labkit.qemu.launch import BINARY

ACCELERATOR = "tcg,thread=single"
BEGAN = "2026-01-01T00:00:00"  # what every such guest's clock says at first


@dataclass(frozen=True, slots=True, kw_only=True)
class StillPlan:
    """`seed` (32 bits) is all the chance there is in it. `record` gets console.log, result and qemu.log."""

    vmlinuz: Path
    initrd: Path
    init: str
    seed: int
    record: Path
    binary: str = BINARY

    @property
    def console_log(self) -> Path:
        return self.record / "console.log"

    @property
    def result(self) -> Path:
        return self.record / "result"

    @property
    def qemu_log(self) -> Path:
        return self.record / "qemu.log"


def still_argv(spec: MachineSpec, plan: StillPlan) -> tuple[str, ...]:
    """The whole command, the binary first."""
    found = (
        (plan.binary,),
        ("-nodefaults",),
        ("-no-user-config",),
        ("-display", "none"),
        ("-sandbox", SANDBOX),
        ("-no-reboot",),
        ("-icount", "shift=0,sleep=off"),
        ("-seed", str(plan.seed)),
        ("-rtc", f"base={BEGAN},clock=vm"),
        *board(spec, ACCELERATOR),
        ("-kernel", str(plan.vmlinuz)),
        ("-initrd", str(plan.initrd)),
        ("-append", kernel_cmdline(spec, init=plan.init)),
        ("-serial", f"file:{plan.console_log}"),
        ("-serial", f"file:{plan.result}"),
    )
    return tuple(word for option in found for word in option)


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """Such a guest while it runs."""

    process: subprocess.Popen[bytes]
    plan: StillPlan

    def kill(self) -> None:
        """End it at once, from any thread."""
        self.process.kill()

    def wait(self, deadline: Deadline) -> int:
        """QEMU's exit status. Raises DeadlineExpired."""
        try:
            return self.process.wait(timeout=deadline.remaining)
        except subprocess.TimeoutExpired:
            raise DeadlineExpired(
                phase=deadline.phase,
                seconds=deadline.seconds,
                where="the deterministic guest",
                fix="let the workload do less",
            ) from None


@contextmanager
def still(spec: MachineSpec, plan: StillPlan) -> Iterator[Still]:
    """The guest, gone when the block ends, or this thread does. Raises HostError without QEMU."""
    check_binary(plan.binary)
    command = confine(still_argv(spec, plan), spec, parent=os.getpid(), root=os.geteuid() == 0)
    with plan.qemu_log.open("ab") as log:
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        except OSError as error:
            fix = "install it: sudo apt-get install util-linux"
            raise HostError(
                where=command[0], found=f"cannot be started: {error.strerror}", fix=fix
            ) from error
    try:
        yield Still(process=process, plan=plan)
    finally:
        descend(process, (), Pace())

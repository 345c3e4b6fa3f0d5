"""A running QEMU: started, watched and ended here, by the thread that started it."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from labkit.model.errors import Broken, DeadlineExpired, HostError, LabkitError
from labkit.model.machine import MachineSpec
from labkit.model.units import Deadline, Pace
from labkit.qemu.argv import argv
from labkit.qemu.binary import check_binary
from labkit.qemu.confine import confine
from labkit.qemu.death import early_death
from labkit.qemu.ladder import Descent, Rung, descend
from labkit.qemu.launch import LaunchPlan, check_socket_paths, make_scratch_disks, scratch_drives
from labkit.qemu.qmp import Qmp, connected
from labkit.qemu.template import thaw, write_state

_POLL_SECONDS = 0.01
_LAST_WORDS_SECONDS = 0.5
_QUIT_SECONDS = 5.0


class Vm:
    """A guest whose QEMU answers its monitor. Made by `start`, which also ends it."""

    def __init__(
        self,
        spec: MachineSpec,
        plan: LaunchPlan,
        process: subprocess.Popen[bytes],
        qmp: Qmp,
        *,
        link: socket.socket,
        door: socket.socket,
        pace: Pace,
    ) -> None:
        self.plan = plan
        self._spec = spec
        self.qmp = qmp
        self.door = door
        self.descent: Descent | None = None
        self._process = process
        self._link = link
        self._pace = pace

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """None while it runs, else its exit status, -N for signal N."""
        return self._process.poll()

    @property
    def alive(self) -> bool:
        return self.exit_status is None

    @property
    def console(self) -> Path:
        """The Unix socket of the guest's first serial port."""
        return self.plan.console_socket

    @property
    def shutdown_reason(self) -> str | None:
        """Why QEMU says it ended: 'guest-shutdown', 'guest-reset', 'host-qmp-quit', …; None if it did not.

        Under -no-reboot a kernel panic is a 'guest-reset' (qapi/run-state.json, ShutdownCause).
        """
        reasons = [event.data.get("reason") for event in self.qmp.events if event.name == "SHUTDOWN"]
        return str(reasons[-1]) if reasons else None

    def wait(self, deadline: Deadline) -> int:
        """Wait until QEMU ends by itself and return its exit status. Raises DeadlineExpired."""
        try:
            return self._process.wait(timeout=deadline.remaining)
        except subprocess.TimeoutExpired:
            raise DeadlineExpired(
                phase=deadline.phase,
                seconds=deadline.seconds,
                where="the guest's QEMU",
                fix=f"see {self.plan.console_log}",
            ) from None

    def stop(self) -> Descent:
        """End the guest: QMP quit, SIGTERM, SIGKILL. Nobody reads its disks again: it need not power off.

        Calling it again changes nothing and tells the same.
        """
        if self.descent is None:
            rung = Rung(name="QMP quit", seconds=_QUIT_SECONDS, plea=self._quit)
            self.descent = descend(self._process, (rung,), self._pace)
        return self.descent

    def kill(self) -> None:
        """End QEMU at once, from any thread; whoever waits for the guest is woken, and `start` tidies up."""
        self._process.kill()

    def freeze(self, deadline: Deadline) -> None:
        """Leave the guest's state and disks in the template that it was started to make, and end QEMU.

        Raises Broken when QEMU refuses, HostError when the disk is full.
        """
        frozen = self.plan.frozen
        if frozen is None or not frozen.making:
            raise ValueError("this guest was not started to make a template")
        with frozen.state.open("xb") as file:
            write_state(self.qmp, self._link, file.fileno(), deadline)
        self.stop()
        for drive in scratch_drives(self._spec, self.plan):
            drive.path.rename(frozen.disk(drive.serial))

    def _quit(self, deadline: Deadline) -> None:
        self.qmp.command("quit", deadline)


@contextmanager
def start(
    spec: MachineSpec, plan: LaunchPlan, deadline: Deadline, *, pace: Pace | None = None
) -> Iterator[Vm]:
    """QEMU running the guest, its monitor connected; gone when the block ends, however it ends.

    QEMU is killed by the kernel when the calling thread dies (PR_SET_PDEATHSIG), so call this from the
    thread that will wait. Raises HostError when this machine cannot (no QEMU, no memory, …), Broken when
    QEMU dies at once for another reason, DeadlineExpired when its monitor does not answer.
    """
    pace = Pace(factor=pace.factor) if pace else Pace()  # its end is waited for, whatever was called off
    check_binary(plan.binary)
    check_socket_paths(plan)
    make_scratch_disks(spec, plan)
    with ExitStack() as stack:
        process = stack.enter_context(_launched(spec, plan, pace))
        link = stack.enter_context(socket.socket(socket.AF_UNIX))
        _dial(link, process, plan, deadline)
        try:
            qmp = stack.enter_context(connected(link, plan.qmp_log, deadline))
            door = stack.enter_context(socket.socket(socket.AF_UNIX))
            door.connect(str(plan.door_socket))
            if plan.template:
                thaw(qmp, deadline)
        except Broken as error:
            death = _find_death(process, plan)
            if death is None:
                raise
            raise death from error
        vm = Vm(spec, plan, process, qmp, link=link, door=door, pace=pace)
        try:
            yield vm
        finally:
            vm.stop()


def _find_death(process: subprocess.Popen[bytes], plan: LaunchPlan) -> LabkitError | None:
    """QEMU's own words if its death is why the monitor failed, None if it lives."""
    try:
        return early_death(process.wait(timeout=_LAST_WORDS_SECONDS), plan)
    except subprocess.TimeoutExpired:
        return None


@contextmanager
def _launched(spec: MachineSpec, plan: LaunchPlan, pace: Pace) -> Iterator[subprocess.Popen[bytes]]:
    making = plan.frozen is not None and plan.frozen.making
    command = confine(argv(spec, plan), spec, parent=os.getpid(), root=os.geteuid() == 0, making=making)
    process = _spawn(command, plan)
    try:
        yield process
    finally:
        descend(process, (), pace)


def _spawn(command: tuple[str, ...], plan: LaunchPlan) -> subprocess.Popen[bytes]:
    given = plan.template.state if plan.template else Path(os.devnull)
    with plan.qemu_log.open("ab") as log, given.open("rb") as stdin:
        try:
            return subprocess.Popen(
                command,
                stdin=stdin,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C at the terminal is labkit's to hear: evidence comes first
                restore_signals=False,  # SIGXFSZ stays ignored: a log at its limit stops growing, no more
            )
        except OSError as error:
            raise HostError(
                where=command[0],
                found=f"cannot be started: {error.strerror}",
                fix="install it: sudo apt-get install util-linux",
            ) from error


def _dial(
    link: socket.socket, process: subprocess.Popen[bytes], plan: LaunchPlan, deadline: Deadline
) -> None:
    """Connect to the monitor as soon as QEMU listens."""
    for _ in deadline.polls(_POLL_SECONDS):
        status = process.poll()
        if status is not None:
            raise early_death(status, plan)
        with suppress(FileNotFoundError, ConnectionRefusedError):
            return link.connect(str(plan.qmp_socket))
    raise DeadlineExpired(
        phase=deadline.phase,
        seconds=deadline.seconds,
        where=plan.binary,
        fix=f"is the host overloaded? see {plan.qemu_log}",
    )

"""A person's shell in the guest: their terminal both ways, or a script through a pipe, and its status."""

from __future__ import annotations

import os
import select
import shlex
import termios
import tty
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import paramiko

from labkit.guest.door import LAB, Ending, GuestLost
from labkit.guest.pump import GONE
from labkit.guest.ssh import Guest
from labkit.model.units import Deadline

CHUNK = 1 << 15
OPEN_SECONDS = 30.0
IDLE = 0.2  # seconds between two looks at the window's size
BUSY = 0.005  # seconds; paramiko has no event for "you may send again"


def interact(
    guest: Guest,
    *,
    term: str,
    env: Mapping[str, str] | None = None,
    stdin: int = 0,
    stdout: int = 1,
    stderr: int = 2,
) -> int:
    """Run bash in /lab on three file descriptors until it ends; return its exit status.

    With a terminal on both sides, of the kind `term`, it is a login on one whose size follows. Without, bash
    reads `stdin` to its end as a script. Protected from the OOM killer no more than a student's step is.
    Raises GuestLost when the guest goes, a power-off typed by the person included.
    """
    exports = "".join(f"export {name}={shlex.quote(value)}; " for name, value in (env or {}).items())
    command = f"echo 0 > /proc/self/oom_score_adj; {exports}cd {LAB}; exec bash"
    deadline = Deadline.after(OPEN_SECONDS, "shell")
    with guest.channel(deadline) as channel:
        channel.settimeout(OPEN_SECONDS)
        if os.isatty(stdin) and os.isatty(stdout):
            channel.get_pty(term, *_size(stdout))
            channel.exec_command(command)
            with _raw(stdin):
                _shuttle(channel, stdin, stdout, stderr, follow=stdout)
        else:
            channel.exec_command(command)
            _shuttle(channel, stdin, stdout, stderr, follow=None)
        if channel.exit_status < 0:
            raise GuestLost(ending=Ending.LOST, where="shell in the guest")
        return channel.exit_status


def _shuttle(channel: paramiko.Channel, stdin: int, stdout: int, stderr: int, follow: int | None) -> None:
    """Carry bytes both ways until the channel has closed and all it said is written."""
    poll = select.poll()
    poll.register(channel.fileno(), select.POLLIN)
    poll.register(stdin, select.POLLIN)
    pending, size = b"", _size(follow)
    while True:
        closed = channel.closed  # asked first: what came before the close is then in the buffers
        if not _hear(channel, stdout, stderr) and closed:
            return
        if size != (size := _size(follow)):
            channel.resize_pty(*size)
        if pending and not closed:
            pending = _feed(channel, pending)
            if not pending:
                poll.register(stdin, select.POLLIN)
        ready = [number for number, _ in poll.poll(1000 * (BUSY if pending else IDLE))]
        if stdin in ready:
            poll.unregister(stdin)  # until what was read has gone, or for good at its end
            pending = os.read(stdin, CHUNK)
            if not pending:
                with suppress(*GONE):
                    channel.shutdown_write()


def _hear(channel: paramiko.Channel, stdout: int, stderr: int) -> bool:
    out = channel.recv(CHUNK) if channel.recv_ready() else b""
    err = channel.recv_stderr(CHUNK) if channel.recv_stderr_ready() else b""
    _write(stdout, out)
    _write(stderr, err)
    return bool(out or err)


def _write(number: int, data: bytes) -> None:
    while data:
        data = data[os.write(number, data) :]


def _feed(channel: paramiko.Channel, pending: bytes) -> bytes:
    """What is left of `pending`; nothing when the shell closed meanwhile."""
    try:
        return pending[channel.send(pending) :] if channel.send_ready() else pending
    except GONE:
        return b""


def _size(terminal: int | None) -> tuple[int, int]:
    """Columns and lines; a terminal's size is asked for again and again, so that no signal is needed."""
    if terminal is None:
        return (0, 0)
    columns, lines = os.get_terminal_size(terminal)
    return (columns, lines)


@contextmanager
def _raw(terminal: int) -> Iterator[None]:
    """Hand every key to the guest, Ctrl-C too, and give the terminal back as it was."""
    before = termios.tcgetattr(terminal)
    tty.setraw(terminal, termios.TCSADRAIN)  # what was typed ahead is kept
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)

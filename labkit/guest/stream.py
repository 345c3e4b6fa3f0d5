"""A command in the guest on three file descriptors of ours: its bytes come and go while it runs."""

from __future__ import annotations

import os
import select
import signal
import struct
import termios
import threading
import time
import tty
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import paramiko

from labkit.guest.attendant import Answers, Frame, Say, input_request, live_request, size_request
from labkit.guest.door import Ending
from labkit.guest.pump import GONE, hang_up
from labkit.guest.ssh import SILENCE, Guest
from labkit.model.errors import Broken
from labkit.model.units import Deadline

CHUNK = 1 << 15
OPEN_SECONDS = 30.0
QUIET = 5.0  # seconds without a byte before the guest is asked whether it is still there
IDLE = 0.2  # seconds between two looks at the window's size and the deadline
BUSY = 0.005  # seconds; paramiko has no event for "you may send again"
LATE_SECONDS = 15.0  # after its time for the guest to say that the command was killed


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Descriptors that a command gets as its standard streams. Three terminals are one for the command."""

    stdin: int = 0
    stdout: int = 1
    stderr: int = 2

    @property
    def are_terminals(self) -> bool:
        return all(os.isatty(number) for number in (self.stdin, self.stdout, self.stderr))

    @property
    def size(self) -> tuple[int, int] | None:
        """Columns and lines of the terminal that these are; asked for again and again, not signalled."""
        if not self.are_terminals:
            return None
        columns, lines = os.get_terminal_size(self.stdout)
        return (columns, lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Streamed:
    """How a command ended. `status` is 128+n for signal n, None when there was none to be had."""

    ending: Ending
    status: int | None = None


def stream(
    guest: Guest,
    words: tuple[str, ...],
    files: Files,
    *,
    seconds: float | None = None,
    env: Mapping[str, str] | None = None,
    silence: float = SILENCE,
) -> Streamed:
    """Run a program in /lab until it ends, its time is over or the guest is gone; no byte is changed.

    On three terminals it has one whose size follows ours; otherwise its streams stay apart. What `stdin`
    holds is read ahead as far as the guest takes it. The OOM killer may take it as it may a student's step.
    A guest that is mute for QUIET and then for `silence` seconds hangs. A reader of ours that closes its end
    is a SIGPIPE. Raises GuestLost when it is gone already, Broken when it cannot start a process.
    """
    opening = Deadline.after(OPEN_SECONDS, "command")
    heard = Answers(each=lambda frame: _pass_on(frame, files))
    given = live_request(words, seconds=seconds, size=files.size, env=env)
    deadline = None if seconds is None else Deadline.after(seconds + LATE_SECONDS, "command")
    try:
        with guest.attended(opening) as channel, _raw(files):
            talk = _Talk(channel, heard, files, given)
            ending = talk.shuttle(deadline, _Pulse(guest, silence))
            if ending is Ending.EXITED:
                talk.finish()
            else:
                hang_up(channel)
    except BrokenPipeError:
        return Streamed(ending=Ending.EXITED, status=128 + signal.SIGPIPE)
    if ending is Ending.LOST:
        return Streamed(ending=Ending.KILLED if guest.answers(opening) else Ending.LOST)
    return _told(heard) if ending is Ending.EXITED else Streamed(ending=ending)


def _told(heard: Answers) -> Streamed:
    if heard.error:
        raise Broken(where="guest, command", found=heard.error, fix="give the guest more memory")
    overdue, status = struct.unpack_from(">2I", heard.frames[-1].payload)
    return Streamed(ending=Ending.TIMED_OUT if overdue else Ending.EXITED, status=status)


def _pass_on(frame: Frame, files: Files) -> None:
    data, number = frame.payload, files.stderr if frame.kind == Say.ERR else files.stdout
    while data:
        try:
            data = data[os.write(number, data) :]
        except BlockingIOError:  # whoever shares the pipe made it non-blocking
            select.select([], [number], [])


class _Talk:
    """What is said to the command and heard of it; what was read for it waits for room in the channel."""

    def __init__(self, channel: paramiko.Channel, heard: Answers, files: Files, given: bytes) -> None:
        self._channel = channel
        self._heard = heard
        self._files = files
        self._pending = given
        self._size = files.size
        self._open = True
        self._poll = select.poll()
        self._poll.register(channel.fileno(), select.POLLIN)

    def shuttle(self, deadline: Deadline | None, pulse: _Pulse) -> Ending:
        """Carry bytes both ways until the command has ended and all it said is written."""
        while True:
            closed = self._channel.closed  # asked first: what came before the close is then in the buffers
            if self._channel.recv_ready():
                self._heard.take(self._channel.recv(CHUNK))
                pulse.heard()
            elif closed:
                return Ending.LOST
            if self._heard.whole:
                return Ending.EXITED
            if deadline is not None and deadline.expired:
                return Ending.TIMED_OUT
            if pulse.gone():
                return Ending.HUNG
            self._feed()
            self._wait()

    def finish(self) -> None:
        """Say to its end what was begun: the attendant takes frames whole."""
        self._channel.settimeout(OPEN_SECONDS)
        try:
            self._channel.sendall(self._pending)
        except GONE:
            hang_up(self._channel)

    def _feed(self) -> None:
        if self._size != (size := self._files.size) and size is not None:
            self._pending += size_request(*size)
            self._size = size
        if self._pending and self._channel.send_ready():
            try:
                self._pending = self._pending[self._channel.send(self._pending) :]
            except GONE:  # it has closed meanwhile; what it said before is still to be heard
                self._pending = b""

    def _wait(self) -> None:
        """Until either side has something to say, but not for long; our own is read when there is room."""
        stdin = self._files.stdin
        listening = self._open and not self._pending
        if listening:
            self._poll.register(stdin, select.POLLIN)
        ready = [number for number, _ in self._poll.poll(1000 * (BUSY if self._pending else IDLE))]
        if listening:
            self._poll.unregister(stdin)
        if stdin in ready:
            data = _read(stdin)
            self._open = bool(data)
            self._pending = input_request(data)


def _read(number: int) -> bytes:
    try:
        return os.read(number, CHUNK)
    except OSError:  # a terminal that has gone: nothing more will come
        return b""


@dataclass(slots=True)
class _Pulse:
    """Asks a guest that has been quiet whether it lives, beside the command's own traffic."""

    guest: Guest
    silence: float
    heard_at: float = field(default_factory=time.monotonic)
    asking: threading.Thread | None = None
    answers: bool = True

    def heard(self) -> None:
        self.heard_at = time.monotonic()

    def gone(self) -> bool:
        """Whether a question was left without an answer; asks one where it is time to."""
        if self.asking is not None and not self.asking.is_alive():
            self.asking = None
            self.heard()
        elif self.asking is None and time.monotonic() - self.heard_at > QUIET:
            self.asking = threading.Thread(target=self._ask, name="pulse", daemon=True)
            self.asking.start()
        return not self.answers

    def _ask(self) -> None:
        self.answers = self.guest.answers(Deadline.after(self.silence, "answer"))


@contextmanager
def _raw(files: Files) -> Iterator[None]:
    """Hand every key to the guest, Ctrl-C too, and give the terminal back as it was."""
    if not files.are_terminals:
        yield
        return
    before = termios.tcgetattr(files.stdin)
    tty.setraw(files.stdin, termios.TCSADRAIN)  # what was typed ahead is kept
    try:
        yield
    finally:
        termios.tcsetattr(files.stdin, termios.TCSADRAIN, before)

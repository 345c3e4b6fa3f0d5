"""The root shell on the serial port, for when SSH is gone: slow, shared with the kernel's log, but there.

What the shell is given and what it answers travels as base64 between marks that a nonce makes unique: neither
the terminal nor kernel messages nor the answer's own bytes can be taken for them.
"""

from __future__ import annotations

import base64
import binascii
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
from pexpect.socket_pexpect import SocketSpawn

from labkit.guest.attendant import PROGRAM, Answers
from labkit.guest.door import STREAM_LIMIT, Ending, GuestLost
from labkit.model.errors import Broken
from labkit.model.units import Deadline, Size

PIECE = 1024  # characters a line; a terminal takes 4095 (drivers/tty/n_tty.c, canonical mode)
GREETING = 3.0  # seconds before the shell is called again
QUIET = 1.0  # seconds without a byte after which a sysrq is taken to have said its say
CHUNK = 1 << 16
ANSWER_LIMIT = int(Size.mib(40))  # of all files of one capture
LONGEST_STATUS = len("\x00255")
LOUD = "/sys/module/printk/parameters/ignore_loglevel"


@contextmanager
def last_resort(console: Path, deadline: Deadline) -> Iterator[SerialShell]:
    """The serial shell behind a console's socket, for as long as it is needed and no longer.

    A client that is connected and does not read holds the guest up; an unconnected socket costs nothing.
    Kernel messages are kept off the wire meanwhile (console.log misses them, /dev/kmsg has them).
    Raises GuestLost when the shell does not answer by the deadline.
    """
    with _wire(console, deadline) as wire:
        shell = SerialShell(wire)
        shell.greet(deadline)
        try:
            yield shell
        finally:
            shell.leave()


def sysrq_by_break(console: Path, key: str, send_break: Callable[[], None], deadline: Deadline) -> None:
    """Ask a guest whose shells are all gone for a sysrq report, by BREAK and a key; it lands in console.log.

    `send_break` is QMP's chardev-send-break. The kernel obeys from its interrupt handler, if a CPU still
    takes the port's interrupt and /proc/sys/kernel/sysrq allows the key (sysrq_always_enabled).
    """
    with _wire(console, deadline) as wire:
        send_break()
        wire.sendall(key.encode("ascii"))
        while not deadline.expired:
            wire.settimeout(max(0.01, min(QUIET, deadline.remaining)))
            try:
                if not wire.recv(CHUNK):
                    return
            except TimeoutError:
                return


class SerialShell:
    """A Door over ttyS0: what `capture` and `read_kmsg` ask over SSH they can ask here."""

    def __init__(self, wire: socket.socket) -> None:
        self._spawn: SocketSpawn[bytes] = SocketSpawn(wire, maxread=CHUNK)

    def greet(self, deadline: Deadline) -> None:
        """Get a shell that listens, with no half line before and no kernel messages in between."""
        while True:
            # ^C and ^U clear what a former client or a program on ttyS0 may have left there.
            self._say("\x03\x15", deadline)
            # The echo only costs time, and busybox init turns it on again with whatever it respawns.
            self._say(f"stty -echo; dmesg -n 1; echo N > {LOUD}", deadline)
            try:
                self._handshake(deadline.sooner(GREETING, deadline.phase))
            except GuestLost as lost:
                if lost.ending is Ending.LOST or deadline.expired:
                    raise
            else:
                return

    def ask(
        self, command: str, given: bytes = b"", *, deadline: Deadline, limit: int = STREAM_LIMIT
    ) -> bytes:
        """Run shell text and return its standard output whole; its standard error is dropped."""
        self._lay("C", command.encode(), deadline)
        self._lay("G", given, deadline)
        (say_begin, begin), (say_end, end) = _mark(), _mark()
        run = "echo $G | base64 -d | sh -c \"$(echo $C | base64 -d)\"; printf '\\0%d' $?"
        most = limit + LONGEST_STATUS + 1
        self._say(f"{say_begin}; {{ {run}; }} 2>/dev/null | head -c {most} | base64; {say_end}", deadline)
        self._wait(begin, deadline)
        return unwrap(self._wait(end, deadline), limit, deadline)

    def request(self, given: bytes, *, deadline: Deadline, wanted: int = 1) -> Answers:
        """What an attendant started for these requests answers (see Door)."""
        heard = Answers(wanted=wanted)
        heard.take(self.ask(f"exec {PROGRAM}", given, deadline=deadline, limit=ANSWER_LIMIT))
        if not heard.whole or heard.error:
            found = heard.error or "half an answer"
            raise Broken(where=f"console, {deadline.phase}", found=found, fix="read console.log instead")
        return heard

    def leave(self) -> None:
        """Give the console back to the kernel; a guest that is gone by now is no news."""
        try:
            # Acknowledged: what QEMU has not yet fed to the guest when we hang up is lost.
            deadline = Deadline.after(GREETING, "leave")
            self._say(f"echo Y > {LOUD}; dmesg -n 7", deadline)
            self._handshake(deadline)
        except GuestLost:
            return

    def _lay(self, name: str, data: bytes, deadline: Deadline) -> None:
        """Put data into a shell variable, each line acknowledged: the terminal drops what nobody reads."""
        text = base64.b64encode(data).decode("ascii")
        self._say(f"{name}=", deadline)
        for start in range(0, len(text), PIECE):
            self._say(f"{name}=${{{name}}}{text[start : start + PIECE]}", deadline)
            self._handshake(deadline)

    def _handshake(self, deadline: Deadline) -> None:
        say, mark = _mark()
        self._say(say, deadline)
        self._wait(mark, deadline)

    def _say(self, text: str, deadline: Deadline) -> None:
        try:
            self._spawn.socket.settimeout(max(0.01, deadline.remaining))
            self._spawn.send(text.encode() + b"\n")
        except TimeoutError as error:
            raise _gone(Ending.HUNG, deadline, "nobody reads ttyS0") from error
        except OSError as error:
            raise _gone(Ending.LOST, deadline, str(error)) from error

    def _wait(self, mark: bytes, deadline: Deadline) -> bytes:
        """What came before the mark."""
        try:
            self._spawn.expect_exact(mark, timeout=max(0.01, deadline.remaining))
        except pexpect.TIMEOUT as error:
            raise _gone(Ending.HUNG, deadline, "the shell on ttyS0 does not answer") from error
        except (pexpect.EOF, OSError) as error:
            raise _gone(Ending.LOST, deadline, "QEMU closed the console") from error
        return self._spawn.before or b""


def unwrap(raw: bytes, limit: int, deadline: Deadline) -> bytes:
    """The answer out of its base64 lines and the status behind its last NUL. Raises Broken for a torn one."""
    where = f"console, {deadline.phase}"
    try:
        answer = base64.b64decode(b"".join(raw.split()), validate=True)
    except binascii.Error as error:
        raise Broken(
            where=where, found="a kernel message inside the answer", fix="read console.log instead"
        ) from error
    data, nul, status = answer.rpartition(b"\0")
    if len(data) > limit or len(answer) > limit + LONGEST_STATUS:
        raise Broken(where=where, found=f"more than {limit} bytes", fix="ask for less")
    if not nul or status != b"0":
        found = f"labkit's own command ended with {status.decode('ascii', 'replace') if nul else 'no status'}"
        raise Broken(where=where, found=found, fix="read console.log, and report this")
    return data


def _mark() -> tuple[str, bytes]:
    """Shell text that writes a mark, and what is then seen. Its quotes keep an echo from passing for it."""
    nonce = secrets.token_hex(8)
    return f"echo '='='{nonce}='", f"=={nonce}=".encode()


@contextmanager
def _wire(console: Path, deadline: Deadline) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as wire:
        try:
            wire.connect(str(console))
        except OSError as error:
            raise _gone(Ending.LOST, deadline, str(error)) from error
        yield wire


def _gone(ending: Ending, deadline: Deadline, detail: str) -> GuestLost:
    return GuestLost(ending=ending, where=f"console, {deadline.phase}", detail=detail)

"""QEMU's machine protocol behind a small synchronous face.

The protocol itself is the `qemu.qmp` package. Its own synchronous wrapper (`qemu.qmp.legacy`) reads the
socket only while a command waits; here a thread with an event loop of its own reads always, so that an event
is logged when it happens and QEMU never holds a message back.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, TypeVar

from qemu.qmp import ExecuteError, QMPClient, QMPError
from qemu.qmp.message import Message

from labkit.model.errors import Broken, DeadlineExpired
from labkit.model.units import Deadline

T = TypeVar("T")

_WHERE = "QEMU's monitor (QMP)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something QEMU told on its own: SHUTDOWN, RESET, STOP, …"""

    name: str
    data: dict[str, object]


class Qmp:
    """A connected monitor. Safe to call from any thread, one command at a time each."""

    def __init__(self, client: _LoggedClient, loop: asyncio.AbstractEventLoop) -> None:
        self._client = client
        self._loop = loop

    def command(self, name: str, deadline: Deadline, arguments: dict[str, object] | None = None) -> object:
        """Execute one command and return its value. Raises Broken when QEMU refuses it or is gone."""
        try:
            return _await(self._loop, self._client.execute(name, arguments), deadline)
        except ExecuteError as error:
            raise Broken(where=_WHERE, found=f"{name}: {error}", fix="report this as a bug") from error
        except QMPError as error:
            raise Broken(where=_WHERE, found=f"{name}: QEMU hung up ({error})", fix="see qemu.log") from error

    def hmp(self, line: str, deadline: Deadline) -> str:
        """Run one line of the human monitor and return what it prints."""
        return str(self.command("human-monitor-command", deadline, {"command-line": line}))

    def status(self, deadline: Deadline) -> str:
        """QEMU's run state: 'running', 'paused', 'internal-error', 'shutdown', … (qapi/run-state.json)."""
        answer = self.command("query-status", deadline)
        return str(answer["status"]) if isinstance(answer, dict) else ""

    @property
    def events(self) -> tuple[Event, ...]:
        """What QEMU told since the monitor was connected, oldest first."""
        return tuple(self._client.seen)


@contextmanager
def connected(link: socket.socket, log: Path, deadline: Deadline) -> Iterator[Qmp]:
    """A monitor over a connected socket, capabilities negotiated; every message becomes a JSON line of `log`.

    Raises DeadlineExpired when QEMU does not greet in time, Broken when it hangs up.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="qmp", daemon=True)
    thread.start()
    try:
        with log.open("a", encoding="utf-8", buffering=1) as file:
            client = _LoggedClient(file)
            try:
                _greet(loop, client, link, deadline)
                yield Qmp(client, loop)
            finally:
                _hang_up(loop, client)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _greet(
    loop: asyncio.AbstractEventLoop, client: _LoggedClient, link: socket.socket, deadline: Deadline
) -> None:
    try:
        _await(loop, client.connect(link), deadline)
    except QMPError as error:
        raise Broken(where=_WHERE, found=f"no greeting ({error})", fix="see qemu.log") from error


def _hang_up(loop: asyncio.AbstractEventLoop, client: _LoggedClient) -> None:
    # A QEMU that has quit, or was killed in the middle of a message, ends the connection with an error that
    # says nothing new.
    with suppress(QMPError, OSError, EOFError, DeadlineExpired):
        _await(loop, client.disconnect(), Deadline.after(2, "closing the monitor"))


def _await(loop: asyncio.AbstractEventLoop, work: Coroutine[object, object, T], deadline: Deadline) -> T:
    future = asyncio.run_coroutine_threadsafe(work, loop)
    try:
        return future.result(deadline.remaining)
    except FutureTimeoutError:
        future.cancel()
        raise DeadlineExpired(
            phase=deadline.phase,
            seconds=deadline.seconds,
            where=_WHERE,
            fix="is the host overloaded? see qemu.log",
        ) from None


class _LoggedClient(QMPClient):
    """qemu.qmp's client with its two message hooks used to keep the log and the events."""

    def __init__(self, log: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__("labkit")
        self._log = log
        self._clock = clock
        self._started = clock()
        self.seen: list[Event] = []

    def _cb_outbound(self, msg: Message) -> Message:
        self._note("sent", msg)
        return super()._cb_outbound(msg)

    def _cb_inbound(self, msg: Message) -> Message:
        self._note("received", msg)
        if "event" in msg:
            data = msg.get("data")
            self.seen.append(Event(name=str(msg["event"]), data=data if isinstance(data, dict) else {}))
        return super()._cb_inbound(msg)

    def _note(self, direction: str, message: Message) -> None:
        seconds = round(self._clock() - self._started, 6)
        self._log.write(json.dumps({"seconds": seconds, direction: dict(message)}) + "\n")

"""The witness' own monitor: one socket on which drgn asks QEMU for memory and the guest is stopped."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from labkit.model.errors import Broken, DeadlineExpired
from labkit.model.units import Deadline

_WHERE = "QEMU's monitor for the witness"


class Monitor:
    """A connected monitor. drgn speaks on the same connection, so only one of the two may at a time."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._rest = b""

    def descriptor(self) -> int:
        """A descriptor of the connection for drgn, which closes it with its Program."""
        return os.dup(self._link.fileno())

    @contextmanager
    def paused(self, deadline: Deadline) -> Iterator[None]:
        """The guest stands still within. Raises Broken or DeadlineExpired when QEMU does not obey."""
        self._command("stop", deadline)
        try:
            yield
        finally:
            self._command("cont", deadline)

    def hmp(self, line: str, deadline: Deadline) -> str:
        """What QEMU's human monitor answers. Raises Broken or DeadlineExpired."""
        given = {"command-line": line}
        return str(self._command("human-monitor-command", deadline, arguments=given))

    def _command(self, name: str, deadline: Deadline, **more: object) -> object:
        try:
            self._link.settimeout(max(deadline.remaining, 0.001))
            self._link.sendall(json.dumps({"execute": name, **more}).encode() + b"\n")
            answer = self._answer(deadline)
        except TimeoutError:
            raise DeadlineExpired(
                phase=deadline.phase,
                seconds=deadline.seconds,
                where=_WHERE,
                fix="is the host overloaded? see qemu.log",
            ) from None
        except (OSError, ValueError) as error:
            raise Broken(where=_WHERE, found=f"{name}: {error}", fix="see qemu.log") from error
        finally:
            self._link.settimeout(None)  # drgn's descriptor shares the mode and knows no timeout
        if "error" in answer:
            raise Broken(where=_WHERE, found=f"{name}: {answer['error']}", fix="report this as a bug")
        return answer.get("return")

    def _answer(self, deadline: Deadline) -> dict[str, object]:
        """The next message that is no event."""
        while True:
            line, found, rest = self._rest.partition(b"\n")
            if not found:
                self._link.settimeout(max(deadline.remaining, 0.001))
                more = self._link.recv(65536)
                if not more:
                    raise ValueError("QEMU hung up")
                self._rest += more
                continue
            self._rest = rest
            message: dict[str, object] = json.loads(line)
            if "event" not in message:
                return message


@contextmanager
def dialled(path: Path) -> Iterator[Monitor]:
    """A connection to the monitor at a socket, hung up at the end whoever else holds its descriptor."""
    with socket.socket(socket.AF_UNIX) as link:
        try:
            link.connect(str(path))
        except OSError as error:
            raise Broken(where=_WHERE, found=f"{path}: {error.strerror}", fix="see qemu.log") from error
        try:
            yield Monitor(link)
        finally:
            # drgn has a descriptor of its own: QEMU serves the next witness only when this one hangs up.
            with suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)

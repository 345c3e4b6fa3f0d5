"""The wire between paramiko and a guest's dropbear: a connected socket that outlives the session on it."""

from __future__ import annotations

import os
import socket

from labkit.model.errors import Broken
from labkit.model.units import Deadline

GREETING = b"SSH-2.0-"
CHUNK = 1 << 14


class Wire(socket.socket):
    """A second handle on a machine's door, for one SSH session; closing it leaves the door open.

    `heard` is what was read from the door before, and is read first.
    """

    def __init__(self, door: socket.socket, heard: bytes = b"") -> None:
        super().__init__(fileno=os.dup(door.fileno()))
        self._heard = heard

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        if self._heard:
            said, self._heard = self._heard[:size], self._heard[size:]
            return said
        return super().recv(size, flags)


def hear_greeting(door: socket.socket, deadline: Deadline) -> bytes:
    """All that a dropbear says unasked: its version and its offer for a key exchange (RFC 4253, 4.2, 7.1).

    What an earlier session left on the wire is dropped. Raises Broken when it does not come.
    """
    said = b""
    for _ in deadline.polls(0.0):
        door.settimeout(max(0.01, deadline.remaining))
        try:
            more = door.recv(CHUNK)
        except TimeoutError:
            break
        if not more:
            break
        said += more
        start = said.rfind(GREETING)
        if start >= 0 and is_whole(said[start:]):
            return said[start:]
    raise Broken(where="SSH to the guest", found="no greeting", fix="see console.log and report this")


def is_whole(said: bytes) -> bool:
    """Whether a version line and one whole packet are there."""
    _, end, packet = said.partition(b"\n")
    return bool(end) and len(packet) >= 4 and len(packet) == 4 + int.from_bytes(packet[:4], "big")

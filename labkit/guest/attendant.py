"""What is said with the attendant, labkit's process inside the guest (images/attendant/): frames as values.

A frame is two big-endian numbers of 32 bits, kind and size, and its payload. A request is one frame; its
answer is any number of frames, the last of which is END or ERROR.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO

from labkit.model.errors import Broken
from labkit.model.lab import Tier
from labkit.model.units import Size

PROGRAM = "/run/labkit/attendant"  # it serves its standard input until that ends
CARGO_MAGIC = b"labkit cargo 2\n"
LARGEST = int(Size.mib(64))  # bytes of one frame: a captured file has half of that at most
TAMPERED = "the guest's attendant was tampered with, or report this"
_HEAD = struct.Struct(">2I")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Ask(IntEnum):
    """Kinds of requests."""

    ARRIVE = 1
    UNPACK = 2
    RUN = 3
    READ = 4
    MARK = 5
    LIVE = 6
    INPUT = 7  # for the live command that runs; has no answer
    SIZE = 8  # of its terminal; has no answer
    FETCH = 9


class Say(IntEnum):
    """Kinds of answering frames."""

    END = 1
    ERROR = 2
    OUT = 3
    ERR = 4
    FILE = 5
    ENTRY = 6


class Owner(IntEnum):
    """Whose code a command is, and what it may do."""

    LABKIT = 0
    STUDENT_AS_ROOT = 1
    STUDENT_AS_USER = 2


_OWNERS = {
    Tier.USER: Owner.STUDENT_AS_USER,
    Tier.ROOT: Owner.STUDENT_AS_ROOT,
    Tier.KERNEL: Owner.STUDENT_AS_ROOT,
}


@dataclass(frozen=True, slots=True)
class Frame:
    kind: int
    payload: bytes

    @property
    def is_last(self) -> bool:
        return self.kind in (Say.END, Say.ERROR)


@dataclass(slots=True)
class Answers:
    """Takes answering bytes in as they come. `whole` once the last frame of `wanted` answers is there.

    `each` is given every frame but the last ones, which are kept; without it all are.
    """

    wanted: int = 1
    each: Callable[[Frame], None] | None = None
    frames: list[Frame] = field(default_factory=list)
    _ended: int = 0
    _left: bytearray = field(default_factory=bytearray)

    def take(self, data: bytes) -> None:
        self._left += data
        while len(self._left) >= _HEAD.size and not self.whole:
            kind, size = _HEAD.unpack_from(self._left)
            if size > LARGEST:
                raise Broken(
                    where="guest, attendant",
                    found=f"a frame of {size} bytes",
                    fix=TAMPERED,
                )
            end = _HEAD.size + size
            if len(self._left) < end:
                return
            frame = Frame(kind, bytes(self._left[_HEAD.size : end]))
            del self._left[:end]
            if self.each is None or frame.is_last:
                self.frames.append(frame)
            else:
                self.each(frame)
            self._ended += frame.is_last

    @property
    def whole(self) -> bool:
        return self._ended == self.wanted

    def joined(self, kind: Say) -> bytes:
        """The payloads of all frames of one kind."""
        return b"".join(frame.payload for frame in self.frames if frame.kind == kind)

    @property
    def error(self) -> str:
        """The first ERROR's sentence; empty if there is none."""
        errors = (frame.payload for frame in self.frames if frame.kind == Say.ERROR)
        return next(errors, b"").decode("utf-8", "replace")


def request(kind: Ask, payload: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    return _HEAD.pack(kind, len(payload)) + payload


def run_request(
    command: str,
    *,
    seconds: float,
    limit: int,
    student: Tier | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    mark: str = "",
) -> bytes:
    """RUN: shell text with its end, labkit's own or a student's under a tier.

    `limit` is bytes a stream; a `mark` goes into the kernel's log before.
    """
    owner = Owner.LABKIT if student is None else _OWNERS[student]
    head = struct.pack(">3I", max(1, round(1000 * seconds)), owner, limit)
    parts = (" ".join(mark.split()).encode(), command.encode(), environment_block(env or {}), stdin)
    return request(Ask.RUN, head + b"".join(map(_counted, parts)))


def live_request(
    words: Iterable[str],
    *,
    seconds: float | None = None,
    size: tuple[int, int] | None = None,
    env: Mapping[str, str] | None = None,
) -> bytes:
    """LIVE: a program and its arguments, on a terminal of `size` (columns, lines) or on pipes.

    Frames of INPUT follow while it runs. After `seconds` it gets SIGTERM, then all that it started SIGKILL.
    """
    milliseconds = 0 if seconds is None else max(1, round(1000 * seconds))
    head = struct.pack(">4I", milliseconds, size is not None, *(size or (0, 0)))
    block = b"".join(os.fsencode(word) + b"\0" for word in words)
    return request(Ask.LIVE, head + _counted(block) + _counted(environment_block(env or {})))


def input_request(data: bytes) -> bytes:
    """INPUT: what the live command reads next; nothing is the end of it."""
    return request(Ask.INPUT, data)


def size_request(columns: int, lines: int) -> bytes:
    """SIZE: the terminal of the live command has another one."""
    return request(Ask.SIZE, struct.pack(">2I", columns, lines))


def fetch_request(patterns: Iterable[str], *, mib: int, entries: int) -> bytes:
    """FETCH: what matches the patterns, folders whole, at most so much in all."""
    names = b"".join(os.fsencode(pattern) + b"\0" for pattern in patterns)
    return request(Ask.FETCH, struct.pack(">2I", mib, entries) + _counted(names))


def read_request(patterns: Iterable[str], *, limit: int, room: int, files: int) -> bytes:
    """READ: what matches the patterns, at most `limit` bytes a file, `room` bytes and `files` in all."""
    names = b"".join(pattern.encode() + b"\0" for pattern in patterns)
    return request(Ask.READ, struct.pack(">3I", limit, room, files) + _counted(names))


def arrive_request(time_ns: int, entropy: bytes) -> bytes:
    """ARRIVE: the time of day, and bytes that nobody can guess."""
    seconds, nanoseconds = divmod(time_ns, 10**9)
    return request(Ask.ARRIVE, struct.pack(">QI", seconds, nanoseconds) + entropy)


def mark_request(text: str) -> bytes:
    """MARK: a line in the kernel's log."""
    return request(Ask.MARK, _counted(" ".join(text.split()).encode()))


def write_cargo(disk: BinaryIO, files: Mapping[str, tuple[bytes | Path, int]]) -> None:
    """What UNPACK lays into /lab, as it stands on the cargo disk: name → (content or host file, mode).

    A mode says a file unless it says a folder, or a link, whose content is where it leads. A folder comes
    before what is in it. A host file keeps its time.
    """
    disk.write(CARGO_MAGIC + struct.pack(">I", len(files)))
    for name, (content, mode) in files.items():
        raw, data, mtime = os.fsencode(name), content, 0
        if isinstance(data, Path):
            mtime, data = int(data.stat().st_mtime), data.read_bytes()
        disk.write(struct.pack(">2I2Q", len(raw), mode, max(0, mtime), len(data)) + raw)
        disk.write(data)


def environment_block(env: Mapping[str, str]) -> bytes:
    """NAME=value pairs, each ended by NUL. Raises ValueError for what cannot be a variable."""
    for name, value in env.items():
        if not _NAME.fullmatch(name) or "\0" in value:
            raise ValueError(f"{name!r}={value!r} cannot be an environment variable")
    return b"".join(f"{name}={value}\0".encode() for name, value in env.items())


def _counted(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data

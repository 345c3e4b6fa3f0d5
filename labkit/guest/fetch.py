"""Files and folders of the guest, copied below a folder of ours and never beside it, whatever the guest says.

What is fetched takes the place of a file or link of the same name; a folder is merged into a folder of the
same name; a file never takes the place of a folder, nor a folder that of anything else.
"""

from __future__ import annotations

import fnmatch
import os
import posixpath
import secrets
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from labkit.guest.attendant import fetch_request
from labkit.guest.capture import odd_name
from labkit.guest.door import LAB
from labkit.guest.ssh import Guest
from labkit.model.errors import Broken, UsageError
from labkit.model.units import Deadline

MIB_LIMIT = 4096
ENTRIES_LIMIT = 10_000
_HEAD = struct.Struct(">3I")


class Kind(IntEnum):
    """What the attendant tells in a frame (images/attendant/fetch.c)."""

    FOLDER = 0
    FILE = 1
    BYTES = 2  # more of the file that was named last
    LINK = 3  # the data says where to
    LEFT_OUT = 4  # the data says why; what came of a file of this name is not whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A piece of what was fetched. `name` begins with the last part of what was asked for."""

    kind: Kind
    mode: int
    name: str
    data: bytes


def check_pattern(pattern: str) -> str:
    """The pattern as an absolute guest path. Raises UsageError for one that names nothing in particular."""
    path = posixpath.normpath(posixpath.join(LAB, pattern))
    if why := odd_name(path):
        raise UsageError(where=f"--fetch {pattern!r}", found=why, fix="name a file or folder of the guest")
    return path


def fetch(guest: Guest, patterns: Iterable[str], into: Path, deadline: Deadline) -> tuple[str, ...]:
    """Copy what matches into the folder `into`, which is there; tells in words what was not copied, and why.

    At most MIB_LIMIT and ENTRIES_LIMIT in all. Raises Broken for a torn answer, GuestLost when none comes,
    and OSError when our own disk cannot take it. No file is left that is not whole.
    """
    wanted = tuple(check_pattern(pattern) for pattern in patterns)
    with landing(into, tuple(posixpath.basename(path) for path in wanted)) as land:
        guest.request(
            fetch_request(wanted, mib=MIB_LIMIT, entries=ENTRIES_LIMIT),
            deadline=deadline,
            each=lambda frame: land.take(parse_entry(frame.payload)),
        )
    return tuple(land.left_out)


def parse_entry(payload: bytes) -> Entry:
    """A frame's payload as a value. Raises Broken for a torn one."""
    if len(payload) < _HEAD.size:
        raise _torn(f"an entry of {len(payload)} bytes")
    kind, mode, size = _HEAD.unpack_from(payload)
    if kind not in iter(Kind) or _HEAD.size + size > len(payload):
        raise _torn(f"an entry of kind {kind} whose name has {size} bytes")
    name, data = payload[_HEAD.size : _HEAD.size + size], payload[_HEAD.size + size :]
    return Entry(kind=Kind(kind), mode=mode & 0o777, name=os.fsdecode(name), data=data)


@contextmanager
def landing(into: Path, asked: tuple[str, ...]) -> Iterator[Landing]:
    """Where entries are laid out, below `into`, until the block ends; only then is the last file whole.

    `asked` are the last parts of what was asked for: no name begins otherwise.
    """
    land = Landing(into, asked)
    try:
        yield land
        land.finish()
    finally:
        land.abandon()


class Landing:
    """Entries become files, folders and links; `left_out` tells in words which did not."""

    def __init__(self, into: Path, asked: tuple[str, ...]) -> None:
        self.left_out: list[str] = []
        self._into = into
        self._asked = asked
        self._bytes = self._entries = 0
        self._file: _File | None = None

    def take(self, entry: Entry) -> None:
        """Raises Broken for more than was asked for: the attendant counts too, if it still is ours."""
        self._bytes += len(entry.data)
        self._entries += entry.kind is not Kind.BYTES
        if self._bytes > (MIB_LIMIT + 1) << 20 or self._entries > 2 * ENTRIES_LIMIT:
            raise _torn("more than was asked for")
        match entry.kind:
            case Kind.BYTES:
                if self._file is not None:
                    self._file.write(entry.data)
            case Kind.LEFT_OUT:
                if self._file is not None and self._file.name == entry.name:
                    self.abandon()
                self.finish()
                self.left_out.append(f"{entry.name}: {os.fsdecode(entry.data)}")
            case _:
                self.finish()
                if why := self._refusal(entry.name) or self._place(entry):
                    self.left_out.append(f"{entry.name}: {why}")

    def finish(self) -> None:
        """The file that was being written is whole."""
        if self._file is not None:
            self._file.appear()
            self._file = None

    def abandon(self) -> None:
        """Forget the file that is being written, if any: it is not whole."""
        if self._file is not None:
            self._file.abandon()
            self._file = None

    def _refusal(self, name: str) -> str:
        """Why a name may not be written to; empty when it may. What its folders are is asked of the disk."""
        if why := odd_name(f"/{name}"):
            return why
        parts = name.split("/")
        if not any(fnmatch.fnmatchcase(parts[0], pattern) for pattern in self._asked):
            return "nobody asked for it"
        folder = self._into
        for part in parts[:-1]:
            folder /= part
            if folder.is_symlink() or not folder.is_dir():
                return f"{folder} is no folder"
        return ""

    def _place(self, entry: Entry) -> str:
        target = self._into / entry.name
        taken = target.is_dir() and not target.is_symlink()
        match entry.kind:
            case Kind.FOLDER:
                if not taken:
                    if target.is_symlink() or target.exists():
                        return f"{target} is there and no folder"
                    target.mkdir(mode=entry.mode | 0o700)  # what lies in it must be written
                return ""
            case _ if taken:
                return f"{target} is there and a folder"
            case Kind.LINK:
                return self._link(target, entry.name, os.fsdecode(entry.data))
            case _:
                self._file = _File(target, entry.name, entry.mode)
                return ""

    def _link(self, target: Path, name: str, text: str) -> str:
        if not stays_below(name, text):
            return f"a link that leads out, to {text}"
        partial = _beside(target)
        partial.symlink_to(text)
        partial.replace(target)
        return ""


class _File:
    """A file on its way: it appears under its own name when it is whole."""

    def __init__(self, target: Path, name: str, mode: int) -> None:
        self.name = name
        self._target, self._partial = target, _beside(target)
        number = os.open(self._partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode | 0o600)
        self._file = os.fdopen(number, "wb")

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def appear(self) -> None:
        self._file.close()
        self._partial.replace(self._target)

    def abandon(self) -> None:
        self._file.close()
        self._partial.unlink(missing_ok=True)


def stays_below(name: str, text: str) -> bool:
    """Whether a link called `name` leads to a place below the folder that is the name's first part.

    Only leading '..' are taken: behind any other part, which may be a link itself, '..' leads anywhere.
    """
    parts = text.split("/")
    up = next((at for at, part in enumerate(parts) if part != ".."), len(parts))
    rest = parts[up:]
    return up < name.count("/") and not (rest and odd_name(f"/{'/'.join(rest)}"))


def _beside(target: Path) -> Path:
    return target.with_name(f".{secrets.token_hex(8)}.labkit")


def _torn(found: str) -> Broken:
    return Broken(
        where="guest, fetch", found=found, fix="the guest's attendant was tampered with, or report this"
    )

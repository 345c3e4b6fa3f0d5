"""Copies files out of the guest in one round trip, whatever bytes they hold and whoever races with it."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from labkit.guest.attendant import Say, read_request
from labkit.guest.door import Door
from labkit.model.errors import Broken, LabFileError
from labkit.model.units import Deadline, Size

FILE_LIMIT = int(Size.mib(1))
TOTAL_LIMIT = int(Size.mib(32))
FILES_LIMIT = 1000
_COPY = struct.Struct(">3I")
_WHOLE, _CUT, _UNREADABLE, _LEFT_OUT = range(4)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_GLOB = re.compile(r"[*?\[]")
_LONGEST_NAME = 255  # bytes of a path's component, as on every Linux file system


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """One guest file: its bytes, or None and why not. `cut` tells that there was more than the limit."""

    path: str
    data: bytes | None
    cut: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """What one call copied. `refused` says in words what matched and was not taken: odd or too many names."""

    files: tuple[Captured, ...]
    refused: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[tuple[str, bytes | None, bool], ...]:
        """(path, bytes or None, cut) of each file, as the run directory takes them."""
        return tuple((file.path, file.data, file.cut) for file in self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One file as the attendant sent it."""

    pattern: int
    state: int
    name: bytes
    data: bytes


def capture(door: Door, patterns: Iterable[str], deadline: Deadline, *, limit: int = FILE_LIMIT) -> Capture:
    """Read every file that matches, /proc and /sys included, at most `limit` bytes each.

    A plain path that is not there comes back without data; a glob that matches nothing brings nothing.
    Devices, FIFOs and /dev/kmsg are read for as long as they have something to say. Files come in the order
    of the patterns, each once. Measured under TCG: 5 ms a call and 1 ms a file.
    Raises LabFileError for a pattern that is not a clean absolute path, Broken when the answer is torn.
    """
    wanted = tuple(patterns)
    for pattern in wanted:
        if why := odd_name(pattern):
            raise LabFileError(where=f"capture {pattern!r}", found=why, fix="write an absolute guest path")
    if not wanted:
        return Capture(files=())
    given = read_request(wanted, limit=limit, room=TOTAL_LIMIT, files=FILES_LIMIT)
    heard = door.request(given, deadline=deadline)
    return _sort_out(wanted, [parse_file(it.payload) for it in heard.frames if it.kind == Say.FILE])


def parse_file(payload: bytes) -> Copy:
    """Take a FILE frame's payload apart. Raises Broken for a torn one."""
    if len(payload) < _COPY.size:
        raise _torn(f"{len(payload)} bytes where a file should be")
    pattern, state, name = _COPY.unpack_from(payload)
    end = _COPY.size + name
    if state > _LEFT_OUT or len(payload) < end:
        raise _torn(f"a file of state {state} with {end} bytes before its data, {len(payload)} are there")
    return Copy(pattern=pattern, state=state, name=payload[_COPY.size : end], data=payload[end:])


def odd_name(path: str) -> str:
    """Why a guest path cannot be mirrored below a folder of the host; empty when it can."""
    if not path.startswith("/"):
        return "not an absolute path"
    if _CONTROL.search(path):
        return "a control character in the name"
    for part in path[1:].split("/"):
        if part in ("", ".", ".."):
            return f"a component {part!r}"
        if len(part.encode("utf-8", "replace")) > _LONGEST_NAME:
            return "a component of more than 255 bytes"
    return ""


def _sort_out(wanted: tuple[str, ...], copies: Iterable[Copy]) -> Capture:
    files: dict[str, Captured] = {}
    refused: list[str] = []
    for copy in copies:
        if copy.pattern >= len(wanted):
            raise _torn(f"an answer to pattern {copy.pattern} of {len(wanted)}")
        pattern = wanted[copy.pattern]
        if copy.state == _LEFT_OUT:
            refused.append(f"{pattern}: more than {FILES_LIMIT} files or {Size(TOTAL_LIMIT)} in one capture")
            continue
        try:
            name = copy.name.decode("utf-8")
        except UnicodeDecodeError:
            refused.append(f"{pattern}: a name that is not UTF-8, {copy.name[:60]!r}")
            continue
        if why := odd_name(name):
            refused.append(f"{pattern}: {why}, {name[:60]!r}")
        elif name != pattern and not _GLOB.search(pattern):
            raise _torn(f"the file {name!r} for {pattern!r}")
        else:
            files.setdefault(name, _captured(name, copy))
    return Capture(files=tuple(files.values()), refused=tuple(refused))


def _captured(name: str, copy: Copy) -> Captured:
    if copy.state == _UNREADABLE:
        return Captured(path=name, data=None, why=copy.data.decode("utf-8", "replace"))
    return Captured(path=name, data=copy.data, cut=copy.state == _CUT)


def _torn(found: str) -> Broken:
    return Broken(
        where="guest, capture", found=found, fix="the guest's attendant was tampered with, or report this"
    )

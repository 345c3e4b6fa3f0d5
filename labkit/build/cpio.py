"""A cpio archive in the "newc" format, as the kernel unpacks it into its first root file system.

Format: Linux Documentation/driver-api/early-userspace/buffer-format.rst. The bytes depend on nothing but the
entries: no owner, no time, no inode of this machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_DIRECTORY = 0o040000
_REGULAR = 0o100000
_SYMLINK = 0o120000
_TRAILER = "TRAILER!!!"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One member: `mode` has the file type in it, `data` is a file's bytes or a link's target."""

    path: str
    mode: int
    data: bytes = b""


def directory(path: str, permissions: int = 0o755) -> Entry:
    return Entry(path=path, mode=_DIRECTORY | permissions)


def file(path: str, data: bytes, permissions: int = 0o644) -> Entry:
    return Entry(path=path, mode=_REGULAR | permissions, data=data)


def symlink(path: str, target: str) -> Entry:
    return Entry(path=path, mode=_SYMLINK | 0o777, data=target.encode())


def render_archive(entries: Iterable[Entry]) -> bytes:
    """The archive's bytes. The kernel makes no parents: give each folder before what it holds."""
    archive = bytearray()
    for inode, entry in enumerate(entries, start=1):
        archive += _member(entry, inode)
    return bytes(archive + _member(Entry(path=_TRAILER, mode=0), 0))


def _member(entry: Entry, inode: int) -> bytes:
    name = entry.path.encode() + b"\0"
    # ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check
    fields = (inode, entry.mode, 0, 0, 1, 0, len(entry.data), 0, 0, 0, 0, len(name), 0)
    header = b"070701" + b"".join(b"%08x" % value for value in fields)
    return _padded(header + name) + _padded(entry.data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)

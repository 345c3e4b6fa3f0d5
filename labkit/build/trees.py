"""Folders as wholes: their size, their digest, and their end."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from labkit.build.tools import run
from labkit.model.units import Deadline

_CHUNK = 1 << 20
_REMOVAL_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is below a path: the bytes of its files, and a SHA-256 of names, modes, link targets and data."""

    bytes: int
    digest: str


def measure(path: Path) -> Content:
    """Read a file, or everything below a folder, once."""
    digest = hashlib.sha256()
    total = 0
    for member in _members(path):
        status = member.lstat()
        name = str(member.relative_to(path))
        digest.update(f"{name}\0{status.st_mode:o}\0".encode())
        if stat.S_ISLNK(status.st_mode):
            digest.update(os.fsencode(member.readlink()))
        elif stat.S_ISREG(status.st_mode):
            total += status.st_size
            _feed(digest, member)
    return Content(bytes=total, digest=digest.hexdigest())


def allocated(path: Path) -> int:
    """Bytes on disk of a file, or of everything below a folder; holes take none."""
    return sum(member.lstat().st_blocks * 512 for member in _members(path))  # stat(2): units of 512


def remove_tree(path: Path) -> None:
    """Remove a file or a folder, whatever the owners and modes inside.

    A build that was killed inside a user namespace leaves files of subordinate ids, which only such a
    namespace may remove.
    """
    if not path.is_dir() or path.is_symlink():
        path.unlink(missing_ok=True)
        return
    try:
        shutil.rmtree(path)
    except PermissionError:
        argv = ["unshare", "--user", "--map-auto", "--map-root-user", "rm", "-rf", "--", str(path)]
        run(argv, deadline=Deadline.after(_REMOVAL_SECONDS, f"removal of {path}"))
        if path.exists():
            raise


def _members(path: Path) -> Iterator[Path]:
    yield path
    if path.is_symlink() or not path.is_dir():
        return
    for folder, folders, files in os.walk(path):
        folders.sort()
        yield from (Path(folder, name) for name in sorted((*folders, *files)))


def _feed(digest: hashlib._Hash, path: Path) -> None:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)

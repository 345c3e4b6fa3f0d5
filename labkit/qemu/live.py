"""A folder per running guest. Its owner holds a lock on it; a folder whose lock is free is nobody's."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labkit.model.errors import HostError

_OWNER = "owner.lock"
_GATE = (
    "gate.lock"  # held while a folder is made or reaped, so that no new folder is taken for an abandoned one
)


@contextmanager
def live_folder(root: Path) -> Iterator[Path]:
    """A new folder under `root`, removed at the end; the kernel frees its lock however this process dies.

    Raises HostError when it cannot be made.
    """
    with _gate(root):
        folder, owner = _make(root)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(owner)


def abandoned(root: Path) -> tuple[Path, ...]:
    """The folders under `root` whose owner is dead. Raises HostError."""
    with _gate(root):
        return _abandoned(root)


def reap(root: Path) -> tuple[Path, ...]:
    """Remove the folders whose owner is dead; tells which. Raises HostError."""
    with _gate(root):
        dead = _abandoned(root)
        for folder in dead:
            shutil.rmtree(folder, ignore_errors=True)
        return dead


def _abandoned(root: Path) -> tuple[Path, ...]:
    return tuple(folder for folder in sorted(root.iterdir()) if folder.is_dir() and not _owned(folder))


def _owned(folder: Path) -> bool:
    try:
        owner = os.open(folder / _OWNER, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(owner)
    return False


def _make(root: Path) -> tuple[Path, int]:
    """A new folder and the open, locked file that says whose it is."""
    try:
        folder = Path(tempfile.mkdtemp(dir=root, prefix=""))
        return folder, _lock(folder / _OWNER)
    except OSError as error:
        raise _cannot(root, error) from error


@contextmanager
def _gate(root: Path) -> Iterator[None]:
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        gate = _lock(root / _GATE)
    except OSError as error:
        raise _cannot(root, error) from error
    try:
        yield
    finally:
        os.close(gate)


def _lock(path: Path) -> int:
    """The descriptor of an exclusively locked file; closing it frees the lock."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def _cannot(root: Path, error: OSError) -> HostError:
    return HostError(
        where=str(root),
        found=f"no folder for a guest can be made here: {error.strerror}",
        fix="free some space, or choose another cache folder with LABKIT_CACHE",
    )

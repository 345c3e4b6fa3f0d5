"""Work that several processes could take up at once: whoever holds a key's lock does it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock


@contextmanager
def claimed(folder: Path, key: str) -> Iterator[bool]:
    """Whether `key` is ours: nobody else is at it. Held until the block ends, or this process does."""
    path = folder / f"{key}.lock"
    lock = filelock.FileLock(path, timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout:
        yield False
        return
    try:
        yield True
    finally:
        # Before it is let go: whoever opens the name from now on makes another file, and sees our result.
        path.unlink(missing_ok=True)
        lock.release()

"""Bytes on disk: whole or not at all, and a full disk said in words."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from labkit.model.errors import HostError
from labkit.model.units import Size

_REMEDIES = {
    errno.ENOSPC: "free some space, or give another place with --runs DIR",
    errno.EDQUOT: "your quota is used up: free some space, or give another place with --runs DIR",
    errno.EACCES: "make it yours, or give another place with --runs DIR",
    errno.EPERM: "make it yours, or give another place with --runs DIR",
    errno.EROFS: "it is mounted read-only: give another place with --runs DIR",
}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def mirrored(path: str) -> str:
    """A guest path as a relative path that stays inside its folder, whatever the guest called it.

    >>> mirrored("/sys/fs/cgroup/a b/../x")
    'sys/fs/cgroup/a%20b/%2E%2E/x'

    Too long for a file system: a digest under '%odd/', which no guest path can spell (% becomes %25).
    """
    parts = [quote(part, safe="+,:=@", errors="surrogatepass") for part in path.split("/") if part]
    parts = [part.replace(".", "%2E") if part in (".", "..") else part for part in parts]
    if not parts or max(map(len, parts)) > 200 or sum(map(len, parts)) > 1000:
        return odd_name(path)
    return "/".join(parts)


def odd_name(path: str) -> str:
    """Where a guest path goes that cannot be mirrored."""
    return "%odd/" + sha256(path.encode("utf-8", "surrogatepass"))


@contextmanager
def host_errors(path: Path) -> Iterator[None]:
    """Turn what the host refuses into a HostError with the free space and what to do."""
    try:
        yield
    except OSError as error:
        fix = _REMEDIES.get(
            error.errno or 0, "see that the folder can be written, or give another with --runs DIR"
        )
        raise HostError(where=str(path), found=f"{error.strerror} ({_free(path)} free)", fix=fix) from error


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file so that a reader, or a crash, sees the old or the new content and never a part."""
    partial = path.with_name(f"%partial-{os.getpid()}-{path.name}")
    with host_errors(path):
        try:
            with partial.open("wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        _sync_folder(path.parent)


def append(path: Path, data: bytes) -> None:
    """Add to a file with one write."""
    with host_errors(path), path.open("ab", buffering=0) as stream:
        if stream.write(data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _free(path: Path) -> str:
    there = next((parent for parent in path.parents if parent.exists()), Path("/"))
    free = shutil.disk_usage(there).free
    return str(Size(free)) if free < 1 << 20 else f"{free >> 20}MiB"

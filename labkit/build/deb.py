"""Debian packages as files: unpacked without being installed."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Iterable
from pathlib import Path

from labkit.build.tools import run, stream
from labkit.model.errors import HostError
from labkit.model.units import Deadline

_SECONDS = 300.0


def unpack(debs: Iterable[Path], folder: Path) -> None:
    """Lay the files of packages into one folder."""
    for deb in debs:
        argv = ["dpkg-deb", "-x", str(deb), str(folder)]
        done = run(argv, deadline=Deadline.after(_SECONDS, f"unpacking {deb.name}"))
        if done.status != 0:
            raise HostError(
                where=str(deb), found="dpkg-deb could not unpack it", fix="see below", detail=done.last_lines
            )


def extract_member(deb: Path, member: str, target: Path) -> None:
    """Write one file of a package to `target`. Raises HostError if there is no such file.

    The others are not unpacked: a kernel's debug symbols lie among 1.4 GB of its modules'.
    """
    deadline = Deadline.after(_SECONDS, f"unpacking {member}")
    with (
        stream(["dpkg-deb", "--fsys-tarfile", str(deb)], deadline) as pipe,
        tarfile.open(fileobj=pipe, mode="r|") as archive,
    ):
        for info in archive:
            data = archive.extractfile(info) if info.name.removeprefix("./") == member else None
            if data is not None:
                with target.open("wb") as file:
                    shutil.copyfileobj(data, file, 1 << 20)
                return
    raise HostError(where=str(deb), found=f"no {member} in it", fix="Debian changed the package; report it")

"""erofs images: read-only, uncompressed, because a guest under TCG reads faster than it unpacks."""

from __future__ import annotations

from pathlib import Path

from labkit.build.tools import run
from labkit.model.errors import HostError
from labkit.model.units import Deadline

_SECONDS = 300.0


def make_erofs(folder: Path, target: Path) -> None:
    """Pack a folder; in the image everything belongs to root."""
    argv = ["mkfs.erofs", "--all-root", str(target), str(folder)]
    done = run(argv, deadline=Deadline.after(_SECONDS, f"mkfs.erofs {target.name}"))
    if done.status != 0:
        raise HostError(
            where=str(target), found="mkfs.erofs failed", fix="see its words below", detail=done.last_lines
        )

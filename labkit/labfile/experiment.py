"""What of a lab shapes its evidence, told from what only judges it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from labkit.model.lab import Lab

SOURCES = "src"


def experiment_digest(lab: Lab) -> str:
    """SHA-256 of all that reaches a guest or decides what is read in it.

    Checks, hints, points, the handout and the lab's own submissions are not part of it: evidence from before
    they changed can be judged by them.
    """
    declared = repr((lab.id, lab.tier, lab.draws, lab.hand_in, lab.scenes))
    digest = hashlib.sha256(declared.encode("utf-8", "surrogatepass"))
    for path in _files(lab.folder / SOURCES):
        name = path.relative_to(lab.folder).as_posix()
        digest.update(f"\n{name} {hashlib.sha256(path.read_bytes()).hexdigest()}".encode())
    return digest.hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())

"""Hallway: where results are to go, looked at before a minute is spent on a run."""

from __future__ import annotations

import os
from pathlib import Path

from labkit.model.errors import UsageError


def check_file(path: Path, option: str) -> None:
    """Refuse a file that cannot be written, there or not. Raises UsageError."""
    where = f"{option} {path}"
    if path.is_dir():
        raise UsageError(where=where, found="a folder", fix="name a file")
    if not path.parent.is_dir():
        raise UsageError(where=where, found=f"no folder {path.parent}", fix="make it first")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UsageError(where=where, found="it may not be written", fix="name another file")


def check_folder(path: Path, option: str) -> None:
    """Refuse a folder that is not there, or that nothing can be laid into. Raises UsageError."""
    where = f"{option} {path}"
    if not path.exists():
        raise UsageError(where=where, found="no such folder", fix="make it first")
    if not path.is_dir():
        raise UsageError(where=where, found="no folder", fix="name one")
    if not os.access(path, os.W_OK | os.X_OK):
        raise UsageError(where=where, found="it may not be written to", fix="name another folder")

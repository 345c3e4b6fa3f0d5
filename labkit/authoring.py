"""Hallway: what an author of labs asks for besides runs: a new lab to begin with."""

from __future__ import annotations

import os
from pathlib import Path

from labkit.labfile.newlab import write_new_lab
from labkit.model.errors import UsageError
from labkit.places import is_shipped, lab_ids, places


def new_lab(name: str, folder: Path) -> tuple[Path, str]:
    """A new lab in `folder`: its own folder, and how a command line names the lab from where we stand."""
    here = places()
    if name in lab_ids(here):
        fix = f"choose another name: `labkit run {name}` runs that one"
        raise UsageError(where="LAB", found=f"there is a lab '{name}'", fix=fix)
    made = write_new_lab(name, folder.resolve())
    if is_shipped(here, made):
        return made, name
    near = os.path.relpath(made)
    return made, str(made) if near.startswith("..") else f"./{near}"

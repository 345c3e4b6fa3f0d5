"""Hallway: whose work is graded or laid out: the folder that is meant, and what is taken where none is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from labkit.labfile.workfolder import find_marker
from labkit.model.errors import UsageError
from labkit.model.events import Event, Listener, Mood
from labkit.model.lab import Lab
from labkit.places import Places, lab_word

DEMO_SEED = "demo"
REFERENCE = "solution"
STARTER = "starter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Whose work is graded: its folder, the name it goes by, the seed of its numbers.

    A demonstration is nobody's: it lies in the lab's own folder.
    """

    name: str
    folder: Path
    seed: str
    demonstration: bool = False


def find_work(lab: Lab, path: Path | None, seed: str | None) -> Work | None:
    """The work that is meant: the folder given, else the one we stand in if it was started for this lab.

    None where there is neither. Raises what load_work raises.
    """
    if path is None:
        marker = find_marker(Path.cwd())
        if marker is None or marker.lab != lab.id:
            return None
    return load_work(lab, path or Path.cwd(), seed)


def load_work(lab: Lab, folder: Path, seed: str | None) -> Work:
    """The work in a folder. Raises UsageError for one that is not there or is another lab's."""
    if not folder.is_dir():
        raise UsageError(
            where=f"PATH {folder}",
            found="not a folder" if folder.exists() else "no such folder",
            fix=f"make one with `labkit start {lab.id}`",
        )
    marker = find_marker(folder)
    if marker is not None and marker.lab != lab.id:
        raise UsageError(
            where=f"PATH {folder}",
            found=f"this folder was started for {marker.lab}",
            fix=f"`labkit run {marker.lab} {folder}`, or name a folder of {lab.id}",
        )
    drawn = seed or (marker.seed if marker else DEMO_SEED)
    whole = folder.resolve()
    demonstration = marker is None and whole.is_relative_to(lab.folder.resolve())
    return Work(name=whole.name, folder=whole, seed=drawn, demonstration=demonstration)


def reference(lab: Lab, seed: str | None) -> Work:
    """The lab's own solution."""
    return Work(name="reference", folder=lab.folder / REFERENCE, seed=seed or DEMO_SEED, demonstration=True)


def shown(here: Places, lab: Lab, seed: str | None, listen: Listener) -> Work:
    """The lab's own solution, and it is said."""
    sentence = f"No work of yours here: this run shows the reference solution. {_begin(here, lab)}"
    listen(Event(scope="run", phase="work", mood=Mood.NOTE, text=sentence))
    return reference(lab, seed)


def starter(here: Places, lab: Lab, seed: str | None, listen: Listener) -> Work:
    sentence = f"No work of yours here: the starter lies in the guest's /lab. {_begin(here, lab)}"
    listen(Event(scope="shell", phase="work", mood=Mood.NOTE, text=sentence))
    return Work(name="starter", folder=lab.folder / STARTER, seed=seed or DEMO_SEED, demonstration=True)


def _begin(here: Places, lab: Lab) -> str:
    return f"`labkit start {lab_word(here, lab.folder)}` begins yours."

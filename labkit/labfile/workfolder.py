"""A student's working folder: which lab it was started for and with which seed."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from labkit.model.errors import SubmissionError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MARKER = ".labkit.toml"
MEND = "`labkit start LAB DIR` makes another folder: copy this file from there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """What `labkit start` wrote down: the lab's id and the seed of this student's numbers."""

    lab: str
    seed: str


def find_marker(folder: Path) -> Marker | None:
    """The marker of a working folder, None where there is none. Raises SubmissionError if it is damaged."""
    path = folder / MARKER
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise SubmissionError(where=str(path), found=str(error), fix=MEND) from error
    return parse_marker(text, path)


def parse_marker(text: str, path: Path) -> Marker:
    """The marker that reads `text`. Raises SubmissionError if it is damaged."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SubmissionError(where=str(path), found=str(error), fix=MEND) from error
    lab, seed = values.get("lab"), values.get("seed")
    if not isinstance(lab, str) or not isinstance(seed, str):
        raise SubmissionError(
            where=str(path), found="no lab or no seed in it", fix='write lab = "…" and seed = "…"'
        )
    return Marker(lab=lab, seed=seed)


def work_folders(folder: Path) -> tuple[tuple[Path, Marker | SubmissionError], ...]:
    """The working folders right inside `folder`, by name, each with its marker or what is wrong with it."""
    inside = sorted(path.parent for path in folder.glob(f"*/{MARKER}"))
    return tuple((path, marker) for path in inside if (marker := _marker_or_error(path)) is not None)


def _marker_or_error(folder: Path) -> Marker | SubmissionError | None:
    try:
        return find_marker(folder)
    except SubmissionError as error:
        return error


def write_marker(folder: Path, marker: Marker) -> None:
    """Write the marker; JSON strings are TOML strings."""
    lines = [
        "# Written by `labkit start`: this folder's lab, and the seed your numbers were drawn from.",
        f"lab = {json.dumps(marker.lab)}",
        f"seed = {json.dumps(marker.seed)}",
    ]
    (folder / MARKER).write_text("\n".join(lines) + "\n", encoding="utf-8")

"""forgers/<name>/forger.toml: submissions that cheat, what they are after, and what stops them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from labkit.labfile.document import Sentence, Table
from labkit.labfile.tomltext import load_table
from labkit.labfile.wrongs import known_checks
from labkit.model.lab import Lab

FORGER = "forger.toml"


class ForgerTable(Table):
    """`aims` lists the checks that the forger wants without doing what they ask."""

    says: Sentence
    stopped_by: Sentence
    aims: list[str] = Field(min_length=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forger:
    """A submission that cheats. None of the checks in `aims` may pass or earn a part."""

    name: str
    says: str
    stopped_by: str
    folder: Path
    aims: frozenset[str]


def forgers(lab: Lab) -> tuple[Forger, ...]:
    """The lab's forgers by name. Raises LabFileError for a forger.toml that cannot be meant."""
    return tuple(_forger(lab, folder) for folder in sorted((lab.folder / "forgers").glob("*/")))


def _forger(lab: Lab, folder: Path) -> Forger:
    path = folder / FORGER
    table = load_table(path, ForgerTable)
    known_checks(lab, path, aims=table.aims)
    return Forger(
        name=folder.name,
        says=table.says,
        stopped_by=table.stopped_by,
        folder=folder,
        aims=frozenset(table.aims),
    )

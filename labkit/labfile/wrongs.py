"""wrong/<name>/expect.toml: submissions that must not pass, each with the checks it must fail."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from labkit.labfile.complaints import near, wrong
from labkit.labfile.document import Sentence, Table
from labkit.labfile.tomltext import load_table
from labkit.model.lab import Lab

EXPECT = "expect.toml"


class ExpectTable(Table):
    """`fails` lists every check that does not pass (partial counts), `blocked` those that wait for them."""

    says: Sentence
    fails: list[str]
    blocked: list[str] = Field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """A wrong submission: exactly these checks fail or earn part, exactly these are blocked."""

    name: str
    says: str
    folder: Path
    fails: frozenset[str]
    blocked: frozenset[str]


def wrongs(lab: Lab) -> tuple[Wrong, ...]:
    """The lab's wrong submissions by name. Raises LabFileError for an expect.toml that cannot be meant."""
    return tuple(_wrong(lab, folder) for folder in sorted((lab.folder / "wrong").glob("*/")))


def _wrong(lab: Lab, folder: Path) -> Wrong:
    path = folder / EXPECT
    table = load_table(path, ExpectTable)
    known_checks(lab, path, fails=table.fails, blocked=table.blocked)
    if not table.fails:
        raise wrong(path, "fails", "found it empty", "name the checks this submission must fail")
    return Wrong(
        name=folder.name,
        says=table.says,
        folder=folder,
        fails=frozenset(table.fails),
        blocked=frozenset(table.blocked),
    )


def known_checks(lab: Lab, path: Path, **listed: list[str]) -> None:
    """Raise LabFileError for the first name that is no check of the lab's."""
    ids = [check.id for check in lab.checks]
    for key, names in listed.items():
        for at, name in enumerate(names):
            if name not in ids:
                raise wrong(path, f"{key}[{at}]", f"no check '{name}'", near(name, ids))

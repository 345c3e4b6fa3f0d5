"""What `labkit explain` and `labkit` alone have to say, as values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from labkit.model.verdict import EvidenceClass, Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A check of a lab, and what became of it in a run if there is one.

    `lab` is the lab as a command line names it. `more` are further paragraphs of the check's own text,
    `looks` names what it looks at. `wrongs` are the wrong ideas that may be told, `unsaid` counts those that
    would give the answer away.
    """

    id: str
    says: str
    lab: str
    title: str
    points: int
    evidence: EvidenceClass
    hint: str
    more: tuple[str, ...] = ()
    looks: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    wrongs: tuple[str, ...] = ()
    unsaid: int = 0
    finding: Finding | None = None
    run: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """The newest run of somebody's own work. `score` is None where there is none."""

    name: str
    lab: str
    score: float | None
    max_score: int
    failed: tuple[str, ...]
    seconds_ago: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Where somebody stands who typed `labkit` alone.

    `lab` is the lab of the working folder that they stand in (`seed` its seed), empty for none; `works` are
    the working folders right inside, folder and lab. `last` is the last run, in a working folder of its lab.
    """

    folder: str
    lab: str = ""
    seed: str = ""
    works: tuple[tuple[str, str], ...] = ()
    last: LastRun | None = None

"""Coursework: what a class handed in, what became of each, and what the course's rules make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from pathlib import Path

from typing_extensions import assert_never


class Platform(Enum):
    """Whose file names a download has; FOLDER: one folder or archive a student, named after them."""

    FOLDER = "folder"
    CANVAS = "canvas"
    MOODLE = "moodle"
    GRADESCOPE = "gradescope"


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """A student as the course knows them. `id` tells one from another; `sis` is the registrar's number.

    All but `id` may be empty. `others` are further names that a platform may call them by: login,
    number, mail.
    """

    id: str
    name: str = ""
    email: str = ""
    sis: str = ""
    section: str = ""
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One attempt of one student as it lies in a download, not opened yet.

    `source` is a folder or an archive, `inside` the folder or archive in it that is the student's, empty
    where all of it is. What a platform laid there loose are `files`: the name that the student gave each, and
    its path inside. `origin` says where, for people. Attempts count from 1. `submitted_at` is aware of its
    zone, None where the download does not tell; `late` only repeats what the platform's file names claim.
    """

    student: Student
    source: Path
    origin: str
    attempt: int = 1
    inside: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    submitted_at: datetime | None = None
    late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Who is in the course."""

    students: tuple[Student, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """What a class handed in, by student and attempt, and the names in it that are nobody's work."""

    parcels: tuple[Parcel, ...]
    strays: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """Parcels whose students the roster knows, with what it knows; who handed in nothing; the rest."""

    parcels: tuple[Parcel, ...]
    absent: tuple[Student, ...]
    strangers: tuple[Parcel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What was taken out of a parcel: the files a lab asks for, by name. `left` counts the others."""

    files: Mapping[str, bytes]
    left: int = 0


class Standing(Enum):
    """What became of an attempt. REFUSED: nothing that could be run; UNGRADED: our fault, for a person."""

    GRADED = "graded"
    UNGRADED = "ungraded"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What became of a check of an attempt; `points` is None unless it scores. Shown checks have 0 of 0."""

    id: str
    outcome: str
    points: float | None
    max_points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one attempt: a line of a course's journal.

    `key` is the digest of all that it depends on (submission, lab, kernel pack, seed, labkit). `submission`
    is the SHA-256 of what was handed in. `run` is the run directory's name in the course's folder, empty
    where nothing ran. A refused attempt scores 0; an ungraded one has no score. `failures` are those of
    labkit's own that were tried again. `experiment` is the digest of what shaped the evidence: where
    it is the same, the evidence can be judged again.
    """

    key: str
    lab: str
    student: Student
    attempt: int
    submitted_at: datetime | None
    late: bool
    origin: str
    submission: str
    seed: str
    official: bool
    kernel: str
    standing: Standing
    reason: str
    score: float | None
    max_score: int
    marks: tuple[Mark, ...]
    run: str
    graded_at: datetime
    seconds: float
    failures: tuple[str, ...] = ()
    experiment: str = ""


class Which(Enum):
    """Which of several attempts counts."""

    BEST = "best"
    LAST = "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """A student's own deadline, or days after everybody's; exactly one of both."""

    due: datetime | None = None
    days: float | None = None


class Visibility(Enum):
    """When students may see a check's result; the names are Gradescope's."""

    VISIBLE = "visible"
    AFTER_DUE = "after_due_date"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """When students see what became of which check: by the check's id, the others as `default`."""

    default: Visibility = Visibility.VISIBLE
    checks: Mapping[str, Visibility] = field(default_factory=dict)

    def of(self, check: str) -> Visibility:
        return self.checks.get(check, self.default)

    @property
    def hides(self) -> bool:
        """Whether something becomes visible only when the deadline has passed."""
        return Visibility.AFTER_DUE in (self.default, *self.checks.values())

    def shown(self, check: str, *, is_due: bool) -> bool:
        """Whether a student may see it; `is_due`: the deadline has passed for everybody."""
        match self.of(check):
            case Visibility.VISIBLE:
                return True
            case Visibility.AFTER_DUE:
                return is_due
            case Visibility.HIDDEN:
                return False
            case other:
                assert_never(other)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A course's rules for one lab; without `due` nothing is ever late.

    `grace_minutes` after the deadline cost nothing. Each day that begins after it costs `per_day` percent of
    the maximum; `holidays` (dates in the deadline's zone) are no days. After `days_open` late days nothing
    counts; None for no such end. At most `attempts` are looked at, the first ones; None for all of them.
    `cap` is the most percent of the maximum that a late attempt can have. Extensions are by Student.id.
    """

    due: datetime | None = None
    grace_minutes: float = 0.0
    per_day: float = 0.0
    holidays: tuple[date, ...] = ()
    days_open: int | None = None
    attempts: int | None = None
    counts: Which = Which.BEST
    cap: float | None = None
    extensions: Mapping[str, Extension] = field(default_factory=dict)
    showing: Showing = field(default_factory=Showing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What the rules make of one student's attempts, kept apart from the verdicts.

    `raw` is the counted attempt's score, None while it is ungraded (a person must look first) or where
    nothing was handed in; `final` = raw - penalty, never below 0. `attempt` is the one that counts. `because`
    explains it a sentence a step, in order.
    """

    student: Student
    attempt: int | None
    raw: float | None
    penalty: float
    final: float | None
    max_score: int
    late_days: int
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """A class at a glance. `results` are those that stand, by student and attempt.

    `rulings` are what the rules make of them, a student each; `absent` are students of the roster who handed
    in nothing; `strangers` are ids of whom the rules speak, and nobody has them. `fresh` of the results were
    made just now; `elsewhere` counts attempts that another grader is at or that belong to another shard.
    """

    lab: str
    title: str
    max_score: int
    folder: Path
    results: tuple[Result, ...]
    rulings: tuple[Ruling, ...] = ()
    absent: tuple[Student, ...] = ()
    strangers: tuple[str, ...] = ()
    fresh: int = 0
    elsewhere: int = 0

    @property
    def unscored(self) -> tuple[Result, ...]:
        """What a person must look at."""
        return tuple(result for result in self.results if result.score is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What grading again would make of an attempt: `before`, `after` as in Result.score.

    `how` says what it was judged from, `because` what changed, a sentence a check; none if only the lab's
    digest did.
    """

    student: Student
    attempt: int
    before: float | None
    after: float | None
    how: str
    because: tuple[str, ...]


class Target(Enum):
    """Who reads an export."""

    CSV = "csv"
    JSON = "json"
    CANVAS = "canvas"
    GRADESCOPE = "gradescope"
    AGS = "ags"
    JUNIT = "junit"
    KTAP = "ktap"
    SIGNED = "signed"
    GITHUB = "github"

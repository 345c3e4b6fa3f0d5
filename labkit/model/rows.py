"""Labs and runs at a glance: what `labkit list` and `labkit show` put on the screen; hallways fill them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from labkit.model.errors import ExitCode, LabkitError
from labkit.model.page_map import PageMap
from labkit.model.verdict import Status, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class LabRow:
    """A lab at a glance. `problem` says why its folder cannot be loaded; the other fields are then empty.

    `section` is where it stands in the course, empty for nowhere. `tries` counts the student's own practice
    runs, `best` is the highest score of those that have one.
    """

    id: str
    title: str = ""
    question: str = ""
    section: str = ""
    tier: str = ""
    max_score: int = 0
    tries: int = 0
    best: float | None = None
    problem: str = ""

    @property
    def done(self) -> bool:
        """Whether full marks were reached."""
        return not self.problem and self.best is not None and self.best >= self.max_score


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """What a student should take up now: the lab and the line to paste, None where every lab is done.

    The line is for where the student stands, or, if `elsewhere`, for the folder where the work on it lies.
    `done` of `labs` have full marks. `broken` are labs of this checkout that cannot be loaded.
    """

    lab: LabRow | None
    line: str
    elsewhere: bool = False
    done: int
    labs: int
    broken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run directory at a glance. `status` is None where no verdict was written; `problem` says why."""

    run: Path
    lab: str = ""
    kernel: str = ""
    seed: str = ""
    started_at: str = ""
    status: Status | None = None
    score: float | None = None
    max_score: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateRow:
    """A frozen guest at a glance. `bytes` are on disk; `used_at` seconds since the epoch, 0.0 for never."""

    name: str
    key: str
    bytes: int
    seconds: float
    used_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDone:
    """A finished run: its directory and the verdict that stands in it.

    `lab` is the lab as a command line names it: its id, or its folder if it is none of this checkout's.
    """

    run: Path
    verdict: Verdict
    lab: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionRow:
    """A submission of a batch: its finished run, or why there is none. `name` tells it from the others."""

    name: str
    lab: str
    path: Path
    outcome: RunDone | LabkitError

    @property
    def exit_code(self) -> ExitCode:
        return self.outcome.verdict.exit_code if isinstance(self.outcome, RunDone) else self.outcome.exit_code

    @property
    def seconds(self) -> float | None:
        """How long its guests lived, all of them together; None where there were none."""
        return sum(self.outcome.verdict.timings.values()) if isinstance(self.outcome, RunDone) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tour:
    """Every lab, run in one go: a row each. `seconds` passed for the whole of it.

    It is a demonstration where the reference solutions were run; otherwise `untouched` are the labs for which
    there was no working folder.
    """

    rows: tuple[SubmissionRow, ...]
    demonstration: bool
    untouched: tuple[str, ...] = ()
    seconds: float

    @property
    def exit_code(self) -> ExitCode:
        """The highest of the rows'."""
        return max((row.exit_code for row in self.rows), default=ExitCode.PASSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaints:
    """What linting found, a sentence each: what an author must mend, and what each lab's runs can be."""

    refusals: tuple[str, ...]
    standings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MapView:
    """Maps of RAM by the names of their moments: one, or two, the earlier first. `notes` say what else there
    is.
    """

    title: str
    maps: tuple[tuple[str, PageMap], ...]
    notes: tuple[str, ...] = ()

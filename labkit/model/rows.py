"""Labs and runs at a glance: what `labkit list` and `labkit show` put on the screen; hallways fill them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from labkit.model.errors import ExitCode, LabkitError
from labkit.model.verdict import Status, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class LabRow:
    """A lab at a glance. `problem` says why its folder cannot be loaded; the other fields are then empty."""

    id: str
    title: str = ""
    question: str = ""
    tier: str = ""
    max_score: int = 0
    problem: str = ""


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
    """A finished run: its directory and the verdict that stands in it."""

    run: Path
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionRow:
    """A submission of a batch: its finished run, or why there is none. `name` tells it from the others."""

    name: str
    path: Path
    outcome: RunDone | LabkitError

    @property
    def exit_code(self) -> ExitCode:
        return self.outcome.verdict.exit_code if isinstance(self.outcome, RunDone) else self.outcome.exit_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaints:
    """What linting found, a sentence each: what an author must mend, and what each lab's runs can be."""

    refusals: tuple[str, ...]
    standings: tuple[str, ...]

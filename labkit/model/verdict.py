"""Judgements of single checks and the verdict of a run (EXPORTS: labkit.verdict/1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from labkit.model.errors import ExitCode

SCHEMA = "labkit.verdict/1"


class Outcome(Enum):
    """What became of a check. PASS, PARTIAL and FAIL score; UNSUPPORTED and BROKEN make a run ungraded."""

    PASS = "pass"
    PARTIAL = "partial"
    FAIL = "fail"
    BLOCKED = "blocked"
    UNSUPPORTED = "unsupported"
    BROKEN = "broken"


class EvidenceClass(Enum):
    """Where the fact behind a check was read (TRUST)."""

    TESTIMONY = "testimony"
    OBSERVER = "observer"
    WITNESS = "witness"
    SEALED = "sealed"
    PHYSICAL = "physical"


class Mark(Enum):
    """The gutter of an excerpt's line."""

    GOOD = "GOOD"
    BAD = "BAD"
    MISSING = "MISSING"
    CONTEXT = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcerptLine:
    """One line of evidence; `number` counts from 1, None for a line that is missing."""

    number: int | None
    mark: Mark
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """The place in the run directory that an appeal would be argued over: file, line, and an excerpt."""

    path: str
    line: int | None = None
    excerpt: tuple[ExcerptLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a check's function returns. `fraction` is the share of the points, 0 to 1."""

    outcome: Outcome
    expected: str
    actual: str
    where: Where | None = None
    fraction: float = 0.0
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A check's place in the verdict. `points` is None unless the outcome scores."""

    id: str
    says: str
    outcome: Outcome
    points: float | None
    max_points: int
    evidence: EvidenceClass
    expected: str
    actual: str
    where: Where | None
    hint: str


class Status(Enum):
    GRADED = "graded"
    UNGRADED = "ungraded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The pure result of (evidence, lab). `score` is None when ungraded: never 0, never full.

    `reason` says why a run is ungraded. `timings` are seconds by phase, summed over scenes.
    `note` is what whoever relies on the verdict should know of how it was made.
    """

    lab: str
    title: str
    status: Status
    reason: str
    score: float | None
    max_score: int
    seed: str
    tier: str
    kernel: str
    release: str
    accelerator: str
    started: str
    practice: bool
    note: str = ""
    digests: Mapping[str, str]
    timings: Mapping[str, float] = field(default_factory=dict)
    checks: tuple[Finding, ...]

    @property
    def exit_code(self) -> ExitCode:
        if self.status is Status.UNGRADED:
            return ExitCode.BROKEN
        graded = [check for check in self.checks if check.max_points]
        if all(check.outcome is Outcome.PASS for check in graded):
            return ExitCode.PASSED
        return ExitCode.NOT_ALL_PASSED

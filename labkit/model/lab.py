"""A lab as a value: what it teaches, the machines it needs, the steps, what is captured, what is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from labkit.model.evidence import Evidence
from labkit.model.machine import MachineSpec
from labkit.model.verdict import EvidenceClass, Judgement
from labkit.model.witness import Look

Scalar = int | str
Parameters = Mapping[str, Scalar | tuple[Scalar, ...]]


class Tier(Enum):
    """What a student's code may do in the guest (TRUST: user, root, kernel)."""

    USER = "user"
    ROOT = "root"
    KERNEL = "kernel"


class DrawKind(Enum):
    CHOICE = "choice"  # one of the values
    SHUFFLE = "shuffle"  # all of the values in a drawn order
    RANGE = "range"  # start, stop (inclusive), step


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """A parameter drawn from the seed."""

    name: str
    kind: DrawKind
    values: tuple[Scalar, ...]


class RunsAs(Enum):
    """Whose code a step is: the student's (oom_score_adj 0) or labkit's own (protected)."""

    STUDENT = "student"
    LABKIT = "labkit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command in the guest: POSIX shell text, cwd /lab, parameters in its environment in capitals.

    `seconds` bounds it on the reference host. `capture` lists guest paths copied when it has ended. What a
    step does `once` is the same for every student: it sees no parameter and nothing that was handed in, is
    played before the guest is frozen, and every run goes on from there with its evidence. `witness` is what
    the host reads in the guest's memory when the step has ended.
    """

    name: str
    run: str
    runs_as: RunsAs = RunsAs.LABKIT
    seconds: float = 30.0
    capture: tuple[str, ...] = ()
    once: bool = False
    witness: Look | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A guest of its own: machine, what is deployed, what runs, what is captured before and after.

    `programs` are names of the lab's src/*.c (or of the submission's C files); `modules` names of kernel
    modules: "labkit" is kmod/, any other a folder of the lab. `files` are further files of the lab's src/
    laid into /lab. Guest paths in `capture` and in steps may hold {parameter} and end in a shell glob. A
    `fresh` scene's guest is booted from nothing, for lessons that a clone's warm kernel would spoil.
    `witness` is what the host reads in the guest's memory before the first step that is not played once, and
    again after the last.
    """

    name: str
    says: str
    machine: MachineSpec
    programs: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    submission: tuple[str, ...] = ()
    steps: tuple[Step, ...]
    capture: tuple[str, ...] = ()
    fresh: bool = False
    witness: Look | None = None

    @property
    def looks(self) -> tuple[Look, ...]:
        """All that the host reads in this scene's guest."""
        return tuple(look for look in (self.witness, *(step.witness for step in self.steps)) if look)

    @property
    def opening(self) -> tuple[Step, ...]:
        """The steps that are played once; they come first."""
        return tuple(step for step in self.steps if step.once)


class FileKind(Enum):
    """How a submitted file is looked at before any guest boots."""

    C = "c"
    SHELL = "shell"
    TOML = "toml"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandIn:
    """A file the handout asks for."""

    name: str
    kind: FileKind
    says: str


class Relation(Enum):
    """How a captured number or text must relate to what is expected."""

    EQ = "eq"
    NE = "ne"
    LE = "le"
    GE = "ge"
    BETWEEN = "between"
    MATCHES = "matches"
    CONTAINS = "contains"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRelation:
    """A check that facts express: one value of a captured file against a constant or a {parameter}.

    `key` picks `key value` (or `key: value kB`) out of a key-value file; empty takes the whole text.
    """

    scene: str
    moment: str
    path: str
    key: str
    relation: Relation
    value: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One graded (or, with 0 points, shown) statement. `judge` is a plain function of Evidence."""

    id: str
    says: str
    points: int
    evidence: EvidenceClass
    hint: str
    needs: tuple[str, ...] = ()
    judge: FileRelation | Callable[[Evidence], Judgement]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A lab folder, read and proven consistent."""

    id: str
    title: str
    question: str
    course: str
    tier: Tier
    folder: Path
    digest: str
    draws: tuple[Draw, ...]
    hand_in: tuple[HandIn, ...]
    scenes: tuple[Scene, ...]
    checks: tuple[Check, ...]
    answers: Callable[[Parameters], Mapping[str, object]] | None = None

    @property
    def looks(self) -> tuple[Look, ...]:
        """All that the host reads in the guests of this lab."""
        return tuple(look for scene in self.scenes for look in scene.looks)

    @property
    def max_score(self) -> int:
        return sum(check.points for check in self.checks)

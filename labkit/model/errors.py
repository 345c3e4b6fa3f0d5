"""Errors, named by who must act.

LabkitError                 where · what was found · what to do
├── BadInput        exit 2  the author of a lab, a submission or the arguments
│   ├── LabFileError        labs/<id>/lab.toml
│   ├── SubmissionError     what a student handed in
│   ├── CompileError        C code, with the compiler's own words
│   └── UsageError          the command line
├── HostError       exit 3  the operator of this machine
└── Broken          exit 4  labkit or its guest: never the student's fault
    └── DeadlineExpired     a wait ended; the phase has a name
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a labkit process says to its caller."""

    PASSED = 0
    NOT_ALL_PASSED = 1
    BAD_INPUT = 2
    HOST_CANNOT = 3
    BROKEN = 4
    TIMED_OUT = 124  # of a command in a guest, as timeout(1) says it
    NOT_THE_COMMAND = 125  # as timeout(1) and docker-run(1) say it: the failure is not the command's


class LabkitError(Exception):
    """One clear error: where, what was found, what to do. `detail` holds lines of evidence (a log's end)."""

    exit_code = ExitCode.BROKEN

    def __init__(self, *, where: str, found: str, fix: str, detail: str = "") -> None:
        super().__init__(f"{where}: {found}; {fix}")
        self.where = where
        self.found = found
        self.fix = fix
        self.detail = detail

    def __reduce__(self) -> tuple[object, ...]:
        """As it is, to another process: the parts are named, and pickle would call for them in order."""
        return _remade, (type(self), self.args, self.__dict__.copy())


def _remade(kind: type[LabkitError], args: tuple[object, ...], parts: dict[str, object]) -> LabkitError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(parts)
    return error


class BadInput(LabkitError):
    """Something handed to labkit cannot be used as it is."""

    exit_code = ExitCode.BAD_INPUT


class LabFileError(BadInput):
    """A lab's folder is wrong; `where` names the file and the key."""


class SubmissionError(BadInput):
    """A submission is incomplete or cannot be read."""


class CompileError(BadInput):
    """C code does not build; `detail` is the compiler's message, cut to what matters."""


class UsageError(BadInput):
    """The command line asks for something that is not there."""


class HostError(LabkitError):
    """This machine cannot do it until its operator changes something."""

    exit_code = ExitCode.HOST_CANNOT


class Broken(LabkitError):
    """labkit's own failure, or its guest's before any student code ran."""


class DeadlineExpired(Broken):
    """A wait ended without what it waited for; `phase` says which."""

    def __init__(self, *, phase: str, seconds: float, where: str, fix: str, detail: str = "") -> None:
        super().__init__(
            where=where, found=f"nothing after {seconds:.0f} s in phase '{phase}'", fix=fix, detail=detail
        )
        self.phase = phase
        self.seconds = seconds

"""What `labkit doctor` found out about this machine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from labkit.model.errors import ExitCode


class Health(Enum):
    """OK serves; WARN costs something (time, a feature); PROBLEM means that no lab can run."""

    OK = "ok"
    WARN = "warn"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """One thing looked at. `remedy` is a command to paste, or what to do; empty where nothing is to be."""

    name: str
    health: Health
    found: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Everything that was looked at, in the order of looking. `when` is UTC, ISO 8601."""

    when: str
    symptoms: tuple[Symptom, ...]

    @property
    def problems(self) -> tuple[Symptom, ...]:
        return tuple(symptom for symptom in self.symptoms if symptom.health is Health.PROBLEM)

    @property
    def exit_code(self) -> ExitCode:
        """HOST_CANNOT when something keeps every lab from running."""
        return ExitCode.HOST_CANNOT if self.problems else ExitCode.PASSED

"""What this lab's checks share: answers that stand in a table, and the kernel's log of the scene `kinds`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from labkit.grade.judging import Answers, Decided, answers, broken, ending, require_completed, require_step
from labkit.grade.parse.oom import OomKill, OomVictim
from labkit.grade.witnessed import Seen, require_reading
from labkit.model.evidence import Evidence, SceneEvidence, StepResult, after_step
from labkit.model.verdict import Where

KINDS = ("global", "mempolicy", "cpuset", "memcg")
KILLED = 128 + 9  # a shell's word for SIGKILL
PREDICTIONS = "predictions.toml"


@dataclass(frozen=True)
class Said:
    """The student's answers, with the line of each: one word stands in several tables."""

    answers: Answers

    def of(self, table: str, name: str) -> object:
        """What stands under [table]; None for nothing."""
        found = self.answers.values.get(table)
        return found.get(name) if isinstance(found, dict) else None

    def line_of(self, table: str, name: str) -> int | None:
        inside = False
        for number, line in self.answers.source.lines:
            text = line.split("#")[0].strip()
            if text.startswith("["):
                inside = text.strip("[] ") == table
            elif inside and text.split("=")[0].strip() == name:
                return number
        return None

    def show(self, right: Iterable[tuple[str, str]], wrong: Iterable[tuple[str, str]]) -> Where:
        """Point at answers, each by its table and name; what is not there is missing."""
        off = list(wrong)
        return self.answers.source.show(
            good=[self.line_of(*place) for place in right],
            bad=[self.line_of(*place) for place in off],
            missing=[f"[{table}] {name} =" for table, name in off if self.of(table, name) is None],
        )


def said(evidence: Evidence) -> Said:
    return Said(answers(evidence, PREDICTIONS))


def words(value: object) -> tuple[str, ...] | None:
    """A list of texts as one may write it; None for anything else."""
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return tuple(value)
    return None


def quoted(row: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in row) + "]"


def require_played(scene: SceneEvidence, step: str) -> StepResult:
    """A step of labkit's own that did what it is there for."""
    result = require_step(scene, step)
    if result.status != 0:
        raise Decided(broken(f"labkit's own step '{step}'", ending(result)))
    return result


def kinds_seen(evidence: Evidence) -> Seen:
    """The host's reading when all shortages of the scene `kinds` were over."""
    scene = require_completed(evidence, "kinds")
    require_played(scene, "cells")
    for kind in KINDS:
        require_played(scene, kind)
    return require_reading(scene, after_step(KINDS[1]))


def lone_kills(seen: Seen) -> Mapping[str, OomKill]:
    """Who died alone with his kind of shortage, by his name: global-0, memcg-1 and so on."""
    return {kill.comm: kill for kill in seen.oom().kills}


def lone_victims(seen: Seen) -> Mapping[str, OomVictim]:
    """The same by the line with the constraint, which the kernel may leave out after ten of them in 5 s."""
    told = (report.victim for report in seen.oom().reports)
    return {victim.comm: victim for victim in told if victim is not None}


def event_kills(seen: Seen, kind: str) -> tuple[OomKill, ...]:
    """The kernel's kills in one event, in its order: those between labkit's mark in the log and the next one.

    No code of a student's runs in that guest, so that nobody else could have written a mark.
    """
    marks = {
        record.line: record.text.endswith(f"step {kind} begins")
        for record in seen.reading.dmesg or ()
        if not record.from_kernel and record.text.endswith(" begins")
    }
    begin = next((line for line, mine in marks.items() if mine), None)
    if begin is None:
        raise Decided(broken(f"a mark where the event '{kind}' begins", f"none in {seen.witnessed.where}"))
    end = min((line for line in marks if line > begin), default=None)
    return tuple(kill for kill in seen.oom().kills if kill.line > begin and (end is None or kill.line < end))

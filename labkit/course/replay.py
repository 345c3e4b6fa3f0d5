"""One result looked at again: are its numbers the student's, and does its evidence still say the same?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from labkit.attest.keyfolder import key_names, load_key
from labkit.attest.seed import official_seed
from labkit.course.attempt import marks
from labkit.course.ledger import course_folder, course_lab, student_of
from labkit.grade.run import grade
from labkit.labfile.draw import parameters
from labkit.model.coursework import Mark, Result
from labkit.model.errors import ExitCode, UsageError
from labkit.model.lab import Lab
from labkit.model.official import Official
from labkit.model.verdict import Verdict
from labkit.places import keys_folder
from labkit.store.journal import Journal, standing
from labkit.store.reader import digest, read


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A result and the verdict that its evidence gives today. `odd` says what is not as it was."""

    result: Result
    run: Path
    verdict: Verdict
    odd: tuple[str, ...]

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode.NOT_ALL_PASSED if self.odd else ExitCode.PASSED


def replay(folder: Path, student: str, attempt: int | None) -> Replayed:
    """Judge a student's stored evidence again, without a guest; nothing is written.

    Raises UsageError for a student who is not there, and for an attempt of which nothing ran.
    """
    journal = course_folder(folder)
    result = result_of(journal, student, attempt)
    if not result.run:
        found = f"{result.standing.value}, nothing ran: {result.reason}"
        raise UsageError(where=f"STUDENT {student}", found=found, fix="there is no evidence to judge again")
    lab, run = course_lab(journal), journal.runs / result.run
    evidence = read(run)
    verdict = grade(lab, evidence, evidence_digest=digest(run))
    odd = [*_seed(journal, result), *_numbers(lab, result, evidence.request.parameters)]
    odd += changed_marks(result.marks, marks(verdict))
    return Replayed(result=result, run=run, verdict=verdict, odd=tuple(odd))


def result_of(journal: Journal, student: str, attempt: int | None) -> Result:
    """The result that stands for a student's attempt, the last one if none is named."""
    there = standing(journal.results())
    whose = student_of(tuple(there.values()), student)
    tries = sorted(number for id_, number in there if id_ == whose.id)
    wanted = tries[-1] if attempt is None else attempt
    if wanted not in tries:
        found = f"no attempt {wanted}"
        raise UsageError(
            where=f"--attempt {wanted}", found=found, fix=f"there are {', '.join(map(str, tries))}"
        )
    return there[whose.id, wanted]


def changed_marks(before: tuple[Mark, ...], after: tuple[Mark, ...]) -> Iterator[str]:
    """What another judgement changes, a sentence a check."""
    old = {mark.id: mark for mark in before}
    new = {mark.id: mark for mark in after}
    yield from (f"{name}: a check that was not there" for name in new if name not in old)
    yield from (f"{name}: the check is gone" for name in old if name not in new)
    for name in (name for name in new if name in old and new[name] != old[name]):
        yield f"{name}: {_told(old[name])} → {_told(new[name])}"


def _told(mark: Mark) -> str:
    return mark.outcome if mark.points is None else f"{mark.outcome}, {mark.points:g} of {mark.max_points}"


def _seed(journal: Journal, result: Result) -> list[str]:
    """An official seed is drawn again where the course's secret is."""
    record = journal.record()
    if not result.official or record.key not in key_names(keys_folder()):
        return []
    official = Official(student=result.student.id, attempt=result.attempt)
    drawn = official_seed(load_key(keys_folder(), record.key).secret, result.lab, official)
    return (
        [] if drawn == result.seed else [f"its seed was not drawn with key {record.key!r} for this student"]
    )


def _numbers(lab: Lab, result: Result, stored: object) -> list[str]:
    return [] if parameters(lab, result.seed) == stored else ["its seed draws other numbers today"]

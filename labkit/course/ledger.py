"""A course's folder read back: what stands, and what the rules make of it."""

from __future__ import annotations

import difflib
from collections import defaultdict
from pathlib import Path

from labkit.intake.roster import load_roster
from labkit.labfile.load import load
from labkit.model.coursework import Ledger, Policy, Result, Ruling, Student
from labkit.model.errors import UsageError
from labkit.model.lab import Lab
from labkit.places import lab_folder, places
from labkit.policy.load import load_policy
from labkit.policy.rule import rule
from labkit.session import with_kernel
from labkit.store.journal import Journal, standing


def ledger(lab: Lab, journal: Journal, *, fresh: int = 0, elsewhere: int = 0) -> Ledger:
    """The class as it stands, in the order of its students' ids; what the rules make of it is kept, too."""
    there = standing(journal.results())
    results = tuple(there[attempt] for attempt in sorted(there))
    holds = rules(journal)
    ruled = _rulings(holds, results, lab.max_score)
    absent = _absent(journal, results)
    known = {it.student.id for it in results} | {student.id for student in absent}
    journal.keep_rulings(ruled)
    return Ledger(
        lab=lab.id,
        title=lab.title,
        max_score=lab.max_score,
        folder=journal.folder,
        results=results,
        rulings=ruled,
        absent=absent,
        strangers=tuple(sorted(set(holds.extensions) - known)),
        fresh=fresh,
        elsewhere=elsewhere,
    )


def stored(folder: Path, policy: Path | None = None) -> Ledger:
    """A course's folder at a glance; `policy` replaces the rules that hold. Raises UsageError."""
    journal = course_folder(folder)
    replace_rules(journal, policy)
    return ledger(course_lab(journal), journal)


def replace_rules(journal: Journal, policy: Path | None) -> None:
    """Make other rules hold, once they were understood. Raises BadInput."""
    if policy is not None:
        refuse_unknown(load_policy(policy), course_lab(journal), policy)
        journal.keep_policy(policy.read_bytes())


def refuse_unknown(policy: Policy, lab: Lab, where: Path) -> None:
    """Raise UsageError for a check that the lab does not have: the one that was meant would be shown."""
    known = [check.id for check in lab.checks]
    for name in policy.showing.checks:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            fix = f"did you mean {near[0]!r}?" if near else f"the checks are {', '.join(known)}"
            raise UsageError(
                where=f"{where}: showing.checks", found=f"no check {name!r} in {lab.id}", fix=fix
            )


def rules(journal: Journal) -> Policy:
    """The rules that hold: none where none were given."""
    return load_policy(journal.policy) if journal.policy.exists() else Policy()


def course_lab(journal: Journal) -> Lab:
    """The lab that the course's folder is of, as it is today."""
    record = journal.record()
    return with_kernel(load(lab_folder(places(runs=journal.runs), record.lab)), record.kernel or None)


def course_folder(path: Path) -> Journal:
    """The journal of a course's folder. Raises UsageError for one that is none."""
    journal = Journal(folder=path.expanduser().resolve())
    journal.record()
    return journal


def ruling_of(found: Ledger, student: str) -> Ruling:
    """One student's, by id, name or address. Raises UsageError."""
    return next(ruling for ruling in found.rulings if ruling.student == student_of(found.results, student))


def student_of(results: tuple[Result, ...], name: str) -> Student:
    """The student that a command line means: by id, or by a name or an address that only one has."""
    students = {result.student.id: result.student for result in results}
    if name in students:
        return students[name]
    alike = [it for it in students.values() if name in (it.name, it.email, it.sis, *it.others)]
    if len(alike) == 1:
        return alike[0]
    found = (
        f"{len(alike)} students are called that: {', '.join(it.id for it in alike)}" if alike else "nobody"
    )
    raise UsageError(where=f"STUDENT {name}", found=found, fix="give an id of `labkit course show DIR`")


def _rulings(policy: Policy, results: tuple[Result, ...], max_score: int) -> tuple[Ruling, ...]:
    attempts: defaultdict[str, list[Result]] = defaultdict(list)
    for result in results:
        attempts[result.student.id].append(result)
    return tuple(rule(policy, own[0].student, own, max_score) for own in attempts.values())


def _absent(journal: Journal, results: tuple[Result, ...]) -> tuple[Student, ...]:
    """Who is on the roster and handed in nothing; nobody where the roster has gone."""
    roster = journal.record().roster
    if not roster or not Path(roster).is_file():
        return ()
    there = {result.student.id for result in results}
    return tuple(student for student in load_roster(Path(roster)).students if student.id not in there)

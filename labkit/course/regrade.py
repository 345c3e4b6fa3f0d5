"""A class judged again after its lab or labkit changed: from stored evidence where that suffices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from labkit.attest.keyfolder import load_key
from labkit.batch import fitting
from labkit.course.attempt import marks, score
from labkit.course.desk import Desk
from labkit.course.ledger import course_folder, course_lab, ledger
from labkit.course.pages import put_pages
from labkit.course.replay import changed_marks
from labkit.course.take import Taken, Terms, result_key
from labkit.grade.run import grade
from labkit.keyring import Seal
from labkit.labfile.draw import parameters
from labkit.labfile.experiment import experiment_digest
from labkit.model.coursework import Change, Ledger, Parcel, Result, Standing
from labkit.model.errors import UsageError
from labkit.model.events import Listener
from labkit.model.official import Official
from labkit.model.verdict import Status, Verdict
from labkit.page import put_page
from labkit.places import keys_folder, places
from labkit.report.verdict_json import render_verdict_json
from labkit.session import HandedIn, opened, stand_on
from labkit.store.journal import Journal, standing
from labkit.store.layout import ATTESTATION, VERDICT
from labkit.store.reader import digest, read
from labkit.store.writer import write_attestation, write_verdict
from labkit.tally import Tally
from labkit.work import Work

EVIDENCE = "its evidence, judged again"
GUESTS = "new guests: the experiment changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegradeAsk:
    """What `labkit course regrade` was asked for. `folder` is a course's."""

    folder: Path
    accel: str = "auto"
    jobs: int | None = None


def regrade(ask: RegradeAsk, listen: Listener) -> tuple[Change, ...]:
    """Judge again what a change of the lab, its kernel or labkit touches; nothing of it stands yet.

    Raises BadInput for a folder that is no course's, HostError when this machine cannot go on.
    """
    journal = course_folder(ask.folder)
    terms = _terms(journal, ask.accel, listen)
    here = places(runs=journal.runs)
    journal.drop_proposed()
    again: list[Taken] = []
    for result in standing(journal.results()).values():
        key = _key(terms, result)
        if key == result.key or not result.run:
            continue
        if result.experiment == experiment_digest(terms.lab):
            journal.put(_judged(terms, journal, result, key), proposed=True)
        else:
            again.append(_taken(terms, journal, result, key))
    if again:
        with opened(terms.lab, terms.base, here, cold=False) as house:
            tally = Tally(of=len(again), what="submission", listen=listen)
            desk = Desk(terms=terms, journal=journal, house=house, tally=tally, proposed=True)
            desk.grade_all(again, ask.jobs or fitting(house))
    return tuple(_changes(journal))


def apply(ask: RegradeAsk, listen: Listener) -> Ledger:
    """Make what `regrade` proposed stand. What stood before is kept beside it.

    Raises UsageError where nothing was proposed, or the lab has changed since.
    """
    journal = course_folder(ask.folder)
    terms = _terms(journal, ask.accel, listen)
    proposed = journal.results(proposed=True)
    there = standing(journal.results())
    if not proposed:
        raise UsageError(
            where=str(journal.folder),
            found="nothing is proposed",
            fix="say `labkit course regrade DIR` first; it lists what would change",
        )
    if any(_key(terms, result) != result.key for result in proposed):
        raise UsageError(
            where=str(journal.folder),
            found="the lab, its kernel or labkit changed after these results were proposed",
            fix="propose them again, without --apply",
        )
    for result in proposed:
        if result.run == there[result.student.id, result.attempt].run:
            _write_verdict(terms, journal, result, listen)
    journal.apply()
    found = ledger(terms.lab, journal, fresh=len(proposed))
    put_pages(journal, found, found.results, listen)
    return found


def _terms(journal: Journal, accel: str, listen: Listener) -> Terms:
    record, lab = journal.record(), course_lab(journal)
    base = stand_on(places(runs=journal.runs), lab, accel, listen)
    return Terms(lab=lab, base=base, course_key=load_key(keys_folder(), record.key) if record.key else None)


def _key(terms: Terms, result: Result) -> str:
    return result_key(terms, (result.student.id, result.attempt), result.submission, result.seed)


def _verdict(terms: Terms, run: Path) -> Verdict:
    return grade(terms.lab, read(run), evidence_digest=digest(run))


def _judged(terms: Terms, journal: Journal, result: Result, key: str) -> Result:
    verdict = _verdict(terms, journal.runs / result.run)
    status = Standing.GRADED if verdict.status is Status.GRADED else Standing.UNGRADED
    return replace(
        result,
        key=key,
        standing=status,
        reason=verdict.reason,
        score=score(status, verdict),
        max_score=verdict.max_score,
        marks=marks(verdict),
        graded_at=datetime.now(timezone.utc),
    )


def _taken(terms: Terms, journal: Journal, result: Result, key: str) -> Taken:
    """What was handed in, out of the run that it had."""
    parcel = Parcel(
        student=result.student,
        source=journal.runs / result.run,
        origin=result.origin,
        attempt=result.attempt,
        submitted_at=result.submitted_at,
        late=result.late,
    )
    handed_in = partial(_handed_in, terms, journal.runs / result.run, parcel, result.seed)
    return Taken(parcel=parcel, submission=result.submission, seed=result.seed, key=key, handed_in=handed_in)


def _handed_in(terms: Terms, run: Path, parcel: Parcel, seed: str) -> HandedIn:
    return HandedIn(
        work=Work(name=parcel.student.id, folder=Path(parcel.origin), seed=seed),
        numbers=parameters(terms.lab, seed),
        files=read(run).request.submission,
        seal=terms.seal(parcel),
    )


def _write_verdict(terms: Terms, journal: Journal, result: Result, listen: Listener) -> None:
    """The new verdict of a run that stays; the old one, and what was signed of it, get other names."""
    run = journal.runs / result.run
    for name in (VERDICT, ATTESTATION):
        path = run / name
        if path.exists():
            path.rename(path.with_name(f"{path.stem}-before-{result.key[:12]}.json"))
    evidence, verdict = read(run), _verdict(terms, run)
    text = render_verdict_json(verdict)
    write_verdict(run, text)
    if terms.course_key is not None and verdict.status is Status.GRADED:
        official = Official(student=result.student.id, attempt=result.attempt)
        seal = Seal(official=official, key=terms.course_key)
        write_attestation(run, seal.attestation(verdict, evidence.request, text))
    put_page(run, verdict, evidence, journal.record().lab, listen)


def _changes(journal: Journal) -> Iterator[Change]:
    """Every result that would be another one, and why."""
    there = standing(journal.results())
    for new in journal.results(proposed=True):
        old = there[new.student.id, new.attempt]
        how = EVIDENCE if new.run == old.run else GUESTS
        yield Change(
            student=new.student,
            attempt=new.attempt,
            before=old.score,
            after=new.score,
            how=how,
            because=tuple(_because(old, new)),
        )


def _because(old: Result, new: Result) -> Iterator[str]:
    yield from changed_marks(old.marks, new.marks)
    if old.standing is not new.standing:
        yield f"{old.standing.value} → {new.standing.value}{': ' + new.reason if new.reason else ''}"

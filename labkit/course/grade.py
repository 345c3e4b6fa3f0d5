"""A class graded: each result in the journal as it comes, what stands there skipped."""

from __future__ import annotations

from dataclasses import replace

from labkit.batch import fitting
from labkit.course.desk import Desk, GradeAsk, stands, terms_of
from labkit.course.ledger import ledger, replace_rules
from labkit.course.pages import put_pages
from labkit.course.take import Taken, Terms, pieces, take
from labkit.intake.find import find
from labkit.intake.roster import load_roster, matched
from labkit.model.coursework import Ledger, Parcel, Result, Standing
from labkit.model.events import Event, Listener, Mood
from labkit.places import lab_folder, lab_word, places
from labkit.qemu.live import reap
from labkit.report.text import count_of
from labkit.session import opened
from labkit.store.journal import CourseRecord, Journal, standing
from labkit.tally import Tally

STRAYS_SHOWN = 5


def grade(asked: GradeAsk, listen: Listener) -> Ledger:
    """Grade what is not graded yet. A submission that cannot be graded stops no other.

    Raises BadInput for the lab, the download or the arguments, HostError when this machine cannot go on; what
    was graded until then stays.
    """
    ask = replace(asked, out=asked.out.expanduser().resolve(), submissions=asked.submissions.resolve())
    journal = Journal(folder=ask.out)
    here = places(runs=journal.runs)
    reap(here.live)
    lab_folder(here, ask.lab)  # a slip in its name is said before thousands of submissions are looked at
    parcels = _class(ask, listen)
    terms = terms_of(ask, here, listen)
    record = CourseRecord(
        lab=lab_word(here, terms.lab.folder),
        kernel=ask.kernel or "",
        key=ask.key or "",
        submissions=str(ask.submissions),
        roster=str(ask.roster.resolve()) if ask.roster else "",
    )
    journal.begin(record)
    replace_rules(journal, ask.policy)
    mine = tuple(pieces(ask.shard, parcels))
    todo = [
        it for it in (take(terms, parcel) for parcel in mine) if not stands(journal, it.key, again=ask.again)
    ]
    todo = _but_for_those_of_another_lab(ask, journal, todo, listen)
    fresh = _graded(ask, terms, todo, listen) if todo else 0
    found = ledger(terms.lab, journal, fresh=fresh, elsewhere=len(parcels) - len(mine) + len(todo) - fresh)
    if todo or ask.policy is not None:
        keys = {it.key for it in todo}
        whose = found.results if ask.policy is not None else [it for it in found.results if it.key in keys]
        put_pages(journal, found, tuple(whose), listen)
    return found


def _but_for_those_of_another_lab(
    ask: GradeAsk, journal: Journal, todo: list[Taken], listen: Listener
) -> list[Taken]:
    """What is new. Who handed in the same before the lab changed keeps that result until it is regraded."""
    there = standing(journal.results()) if todo else {}
    left = [it for it in todo if not _is_settled(there.get((it.parcel.student.id, it.parcel.attempt)), it)]
    if settled := len(todo) - len(left):
        text = (
            f"{settled} stand from before the lab, its kernel or labkit changed: "
            f"`labkit course regrade {ask.out}` says what that would change"
        )
        listen(Event(scope="course", phase="journal", mood=Mood.WARN, text=text))
    return left


def _is_settled(result: Result | None, taken: Taken) -> bool:
    return (
        result is not None
        and result.standing is Standing.GRADED
        and (result.submission, result.seed) == (taken.submission, taken.seed)
    )


def _graded(ask: GradeAsk, terms: Terms, todo: list[Taken], listen: Listener) -> int:
    """Grade them, here or on a cluster; how many of them we did."""
    tally = Tally(of=len(todo), what="submission", listen=listen)
    if ask.pool is not None:
        from labkit.course.far import grade_far

        return grade_far(ask.pool, ask, terms, todo, tally)
    journal = Journal(folder=ask.out)
    with opened(terms.lab, terms.base, places(runs=journal.runs), cold=ask.cold) as house:
        desk = Desk(terms=terms, journal=journal, house=house, tally=tally, again=ask.again)
        return desk.grade_all(todo, ask.jobs or fitting(house))


def _class(ask: GradeAsk, listen: Listener) -> tuple[Parcel, ...]:
    """What was handed in, with the names that the roster knows."""
    download = find(ask.submissions, ask.platform)
    parcels = download.parcels
    if strays := download.strays:
        shown = ", ".join(strays[:STRAYS_SHOWN]) + (", …" if len(strays) > STRAYS_SHOWN else "")
        text = f"nobody's work, so not looked at ({count_of(len(strays), 'name')}): {shown}"
        listen(Event(scope="course", phase="intake", mood=Mood.WARN, text=text))
    if ask.roster is None:
        return parcels
    found = matched(parcels, load_roster(ask.roster))
    for parcel in found.strangers:
        text = f"{parcel.student.id}: not on the roster; graded all the same"
        listen(Event(scope="course", phase="roster", mood=Mood.WARN, text=text))
    return (*found.parcels, *found.strangers)

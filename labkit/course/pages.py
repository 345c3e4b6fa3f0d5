"""A class's pages: the instructor's beside the journal, a student's for each result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

from labkit.course.ledger import course_folder, course_lab, ledger, rules
from labkit.model.coursework import Ledger, Result
from labkit.model.events import Event, Listener, Mood
from labkit.model.verdict import Verdict
from labkit.policy.rule import is_over
from labkit.report.course import LESS
from labkit.report.page.course import Example, render_class, render_feedback
from labkit.report.verdict_json import parse_verdict_json
from labkit.store.journal import Journal
from labkit.store.layout import PAGE, VERDICT


def put_pages(journal: Journal, found: Ledger, results: tuple[Result, ...], listen: Listener) -> None:
    """Write the class's page, and a student's page for each of `results`."""
    policy = rules(journal)
    is_due = is_over(policy, datetime.now(timezone.utc))
    finals = {ruling.student.id: ruling for ruling in found.rulings}
    for number, result in enumerate(results, start=1):
        ruling = finals.get(result.student.id)
        counts = ruling is not None and ruling.attempt == result.attempt
        verdict = verdict_of(journal, result)
        text = render_feedback(result, ruling if counts else None, verdict, policy.showing, is_due=is_due)
        journal.keep_feedback(result.key, text)
        if number % 50 == 0:
            fraction = number / len(results)
            listen(Event(scope="course", phase="pages", mood=Mood.NOTE, text="pages", fraction=fraction))
    journal.keep_page(render_class(found, _examples(journal, found), version("labkit")))


def put_all(folder: Path, listen: Listener) -> Path:
    """Every page of a course's folder; returns the class's."""
    journal = course_folder(folder)
    found = ledger(course_lab(journal), journal)
    put_pages(journal, found, found.results, listen)
    return journal.page


def verdict_of(journal: Journal, result: Result) -> Verdict | None:
    """The verdict of a result's run, None where nothing ran."""
    if not result.run:
        return None
    path = journal.runs / result.run / VERDICT
    return parse_verdict_json(path.read_text(encoding="utf-8"), str(path)) if path.is_file() else None


def _examples(journal: Journal, found: Ledger) -> Mapping[str, Example]:
    """Of each check that somebody failed what it found there, in the first run that did."""
    first: dict[str, Result] = {}
    for result, name in _failures(found):
        first.setdefault(name, result)
    examples = {}
    for name, result in first.items():
        verdict = verdict_of(journal, result)
        for finding in verdict.checks if verdict else ():
            if finding.id == name:
                examples[name] = Example(finding=finding, run=f"runs/{result.run}/{PAGE}")
    return examples


def _failures(found: Ledger) -> Iterator[tuple[Result, str]]:
    for result in found.results:
        for mark in result.marks:
            if mark.max_points and mark.outcome in LESS:
                yield result, mark.id

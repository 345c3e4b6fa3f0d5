"""A class's results handed on: files in the formats that others read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from labkit.course.ledger import course_folder, course_lab, ledger, rules
from labkit.course.pages import verdict_of
from labkit.labfile.load import load
from labkit.model.coursework import Ledger, Standing, Student, Target
from labkit.model.errors import UsageError
from labkit.model.verdict import Verdict
from labkit.places import lab_folder, places
from labkit.report.export.ags import render_ags
from labkit.report.export.canvas import fill_canvas
from labkit.report.export.github import render_github, render_github_failure
from labkit.report.export.gradescope import render_gradescope
from labkit.report.export.junit import render_junit
from labkit.report.export.ktap import render_ktap
from labkit.report.export.table import render_csv, render_json
from labkit.report.verdict_json import parse_verdict_json
from labkit.store.disk import host_errors, write_whole
from labkit.store.journal import Journal
from labkit.store.layout import ATTESTATION


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportAsk:
    """What `labkit course export` was asked for: `to` is a file, or a folder where each result has its own.

    `fill` is the instructor's own gradebook, `title` the column in it.
    """

    folder: Path
    target: Target
    to: Path
    fill: Path | None = None
    title: str | None = None
    bom: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written, and the students with a score of whom the reader knows nothing."""

    files: tuple[Path, ...]
    missing: tuple[Student, ...] = ()


def export(ask: ExportAsk) -> Exported:
    """Write it. Raises BadInput for what cannot be exported so, HostError when the host refuses."""
    journal = course_folder(ask.folder)
    found = ledger(course_lab(journal), journal)
    missing: tuple[Student, ...] = ()
    if ask.target is Target.CANVAS:
        text, missing = _canvas(ask, found)
        contents: Mapping[Path, str] = {ask.to: text}
    else:
        contents = {ask.to / name if name else ask.to: text for name, text in _texts(ask, journal, found)}
    if not contents:
        raise UsageError(where=str(ask.folder), found="nothing to export", fix="grade the class first")
    for path, text in contents.items():
        with host_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.encode("utf-8", "replace"))
    return Exported(files=tuple(contents), missing=missing)


def github_result(verdict: Path, lab: str | None) -> str:
    """The value of a Classroom step's output, of a verdict that `labkit run --json` wrote.

    Where it wrote none (the C does not compile), `lab` says out of how many points there are none.
    """
    if lab is not None and not verdict.exists():
        return render_github_failure(load(lab_folder(places(), lab)).max_score)
    try:
        text = verdict.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fix = "give the FILE of `labkit run LAB --json FILE`"
        raise UsageError(where=str(verdict), found=str(error), fix=fix) from error
    return render_github(parse_verdict_json(text, str(verdict)))


def _texts(ask: ExportAsk, journal: Journal, found: Ledger) -> Iterator[tuple[str, str]]:
    """Names inside `to`, empty for `to` itself, and what is to be written there."""
    match ask.target:
        case Target.AGS:
            yield from _ags(found)
        case Target.GRADESCOPE:
            yield from _gradescope(journal, found)
        case Target.SIGNED:
            yield from _signed(journal, found)
        case Target.JUNIT:
            yield "", render_junit(found, dict(_verdicts(journal, found)))
        case Target.CSV:
            yield "", render_csv(found, bom=ask.bom)
        case Target.JSON:
            yield "", render_json(found)
        case Target.KTAP:
            yield "", render_ktap(found)
        case Target.CANVAS | Target.GITHUB:
            return


def _ags(found: Ledger) -> Iterator[tuple[str, str]]:
    """A score for each student; named by the digest of the result that counts, which no id can break."""
    counts = {(result.student.id, result.attempt): result for result in found.results}
    for ruling in found.rulings:
        if ruling.attempt is not None:
            result = counts[ruling.student.id, ruling.attempt]
            yield f"{result.key}.json", render_ags(ruling, result.graded_at)


def _gradescope(journal: Journal, found: Ledger) -> Iterator[tuple[str, str]]:
    """A results.json for each attempt, in a folder named as its feedback is."""
    showing = rules(journal).showing
    rulings = {(it.student.id, it.attempt): it for it in found.rulings}
    for result in found.results:
        ruling = rulings.get((result.student.id, result.attempt))
        text = render_gradescope(result, verdict_of(journal, result), showing, ruling)
        yield f"{result.key}/results.json", text


def _signed(journal: Journal, found: Ledger) -> Iterator[tuple[str, str]]:
    """The signed statement about each official run that was graded."""
    for result in found.results:
        path = journal.runs / result.run / ATTESTATION
        if result.official and result.standing is Standing.GRADED and path.is_file():
            yield f"{result.key}.dsse.json", path.read_text(encoding="utf-8")


def _canvas(ask: ExportAsk, found: Ledger) -> tuple[str, tuple[Student, ...]]:
    if ask.fill is None:
        raise UsageError(
            where="--for canvas",
            found="no gradebook to fill",
            fix="export it from Canvas, and give it with --fill FILE",
        )
    try:
        text = ask.fill.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            where=str(ask.fill), found=str(error), fix="give the gradebook as Canvas wrote it"
        ) from error
    filled = fill_canvas(text, ask.title or found.title, found.rulings, str(ask.fill))
    return filled.text, filled.missing


def _verdicts(journal: Journal, found: Ledger) -> Iterator[tuple[str, Verdict]]:
    for result in found.results:
        if (verdict := verdict_of(journal, result)) is not None:
            yield result.key, verdict

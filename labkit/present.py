"""Hallway: values to screens and files. Wires the report room to the streams of this process.

Results go to stdout; progress, warnings and errors to stderr. A pipe gets no colour and a fixed width.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from rich.console import RenderableType

from labkit.model.artefact import Artefact
from labkit.model.coursework import Change, Ledger, Ruling
from labkit.model.errors import Broken, LabkitError
from labkit.model.events import Listener
from labkit.model.explained import Explained, Whereabouts
from labkit.model.health import Page
from labkit.model.rows import LabRow, MapView, NextStep, RunRow, SubmissionRow, TemplateRow, Tour
from labkit.model.verdict import Verdict
from labkit.report.text import block, human_bytes, tame_line
from labkit.streams import STDOUT, console_on, write_to
from labkit.targets import check_file


def progress(*, quiet: bool = False, handover: bool = False) -> AbstractContextManager[Listener]:
    """Show events on stderr while the block lasts; with `handover` others use the terminal later."""
    from labkit.report.progress import Manner, show_progress

    console = console_on(sys.stderr)
    if quiet:
        return show_progress(console, Manner.QUIET)
    moving = console.is_terminal and not handover
    return show_progress(console, Manner.MOVING if moving else Manner.LINES)


def verdict(
    what: Verdict, run: Path | None, *, lab: str = "", json: str | None = None, quiet: bool = False
) -> None:
    """The result page, or one line when quiet; and verdict.json to a file, or to stdout for "-".

    `lab` is how a command line names the lab, if not by the verdict's id.
    """
    from labkit.report.terminal import render_summary, render_verdict
    from labkit.store.layout import PAGE

    console = console_on(sys.stderr if json == STDOUT else sys.stdout)
    page = run / PAGE if run is not None and (run / PAGE).is_file() else None
    console.print(render_summary(what) if quiet else render_verdict(what, run, lab, page))
    if json is None:
        return
    from labkit.report.verdict_json import render_verdict_json

    write_to(json, render_verdict_json(what))


def batch(rows: Sequence[SubmissionRow], *, json: str | None = None, quiet: bool = False) -> None:
    """A row a submission, or one line when quiet; and an array of their verdicts as JSON."""
    from labkit.report.batch import render_batch, render_batch_summary

    _rows(rows, render_batch_summary(rows) if quiet else render_batch(rows), json)


def course(what: Ledger, *, quiet: bool = False) -> None:
    """A row an attempt, or one line when quiet."""
    from labkit.report.course import render_course, render_course_summary

    console_on(sys.stdout).print(render_course_summary(what) if quiet else render_course(what))


def changes(what: Sequence[Change]) -> None:
    """What grading a class again would change."""
    from labkit.report.course import render_changes

    console_on(sys.stdout).print(render_changes(what))


def ruling(what: Ruling) -> None:
    """What the rules make of one student."""
    from labkit.report.course import render_ruling

    console_on(sys.stdout).print(render_ruling(what))


def tour(what: Tour, *, json: str | None = None, quiet: bool = False) -> None:
    """A row a lab and the total, or one line when quiet; and an array of their verdicts as JSON."""
    from labkit.report.tour import render_tour, render_tour_summary

    _rows(what.rows, render_tour_summary(what) if quiet else render_tour(what), json)


def _rows(rows: Sequence[SubmissionRow], page: RenderableType, json: str | None) -> None:
    console_on(sys.stderr if json == STDOUT else sys.stdout).print(page)
    faults = [
        f"{row.path}\n{it.detail}" for row in rows if isinstance(it := row.outcome, Broken) and it.detail
    ]
    if faults and (kept := _keep("\n".join(faults))):
        text(f"what labkit failed at is kept in {kept}")
    if json is None:
        return
    from labkit.report.verdict_json import render_batch_json

    write_to(json, render_batch_json(rows))


def check_target(target: str | None, option: str = "--json") -> None:
    """Refuse a file that cannot be written, before a minute is spent on a run. Raises UsageError."""
    if target is None or target == STDOUT:
        return
    check_file(Path(target), option)


def page_map(what: MapView, *, png: str | None = None, svg: str | None = None, light: bool = False) -> None:
    """The map on the terminal, two with what changed between them; and as pictures, to stdout for "-"."""
    from labkit.report.map_chart import chart_of, chart_of_change
    from labkit.report.map_terminal import MapDrawing

    charts = [chart_of(found, moment) for moment, found in what.maps]
    if len(what.maps) > 1:
        (first, before), (last, after) = what.maps
        charts.append(chart_of_change(before, after, f"what changed from {first} to {last}"))
    console = console_on(sys.stderr if STDOUT in (png, svg) else sys.stdout)
    console.print(MapDrawing(charts, what.title))
    for note in what.notes:
        console.print(block(note))
    if png is not None:
        from labkit.report.map_png import render_map_png

        write_to(png, render_map_png(charts, what.title, light=light), "--png")
    if svg is not None:
        from labkit.report.map_svg import render_map_svg

        write_to(svg, render_map_svg(charts, what.title), "--svg")


def labs(rows: Sequence[LabRow]) -> None:
    from labkit.report.listing import render_labs

    console_on(sys.stdout).print(render_labs(rows))


def next_step(what: NextStep) -> None:
    from labkit.report.listing import render_next

    console_on(sys.stdout).print(render_next(what))


def explained(what: Explained) -> None:
    from labkit.report.explain import render_explained

    console_on(sys.stdout).print(render_explained(what))


def home(what: Whereabouts) -> None:
    """The page of `labkit` alone."""
    from labkit.report.home import render_home

    console_on(sys.stdout).print(render_home(what))


def runs(rows: Sequence[RunRow]) -> None:
    from labkit.report.listing import render_runs

    console_on(sys.stdout).print(render_runs(rows))


def images(artefacts: Sequence[Artefact]) -> None:
    from labkit.report.listing import render_images

    console_on(sys.stdout).print(render_images(artefacts))


def removed(artefacts: Sequence[Artefact]) -> None:
    """What went, and the room that it gave back."""
    names = ", ".join(f"{item.kind.value} {item.name}" for item in artefacts) or "nothing"
    text(f"removed {names} ({human_bytes(sum(item.bytes for item in artefacts))})")


def templates(rows: Sequence[TemplateRow]) -> None:
    from labkit.report.listing import render_templates

    console_on(sys.stdout).print(render_templates(rows, time.time()))


def templates_removed(rows: Sequence[TemplateRow]) -> None:
    """What went, and the room that it gave back."""
    names = ", ".join(row.name for row in rows) or "nothing"
    text(f"removed {names} ({human_bytes(sum(row.bytes for row in rows))})")


def doctor(page: Page) -> None:
    """The page of `labkit doctor`, which comes wrapped."""
    from labkit.report.doctor_page import render_page

    text(render_page(page))


def text(words: str) -> None:
    """Plain sentences of labkit's own or of a lab's author."""
    console_on(sys.stdout).print(block(words, limit=sys.maxsize))


def lines(what: Sequence[str]) -> None:
    """A line each on stdout, never wrapped: to be read, or to be kept in a file."""
    console = console_on(sys.stdout)
    for line in what:
        console.print(tame_line(line), soft_wrap=True)


def remarks(sentences: Sequence[str]) -> None:
    """A line each on stderr, beside what a command in a guest said there itself."""
    console = console_on(sys.stderr)
    for sentence in sentences:
        console.print(f"labkit: {tame_line(sentence)}", soft_wrap=True)


def error(what: LabkitError, *, debug: bool = False) -> None:
    """Three parts on stderr; with `debug` the traceback before them."""
    from labkit.report.errors import render_error

    console = console_on(sys.stderr)
    if debug:
        console.print(block(_traceback(what), limit=sys.maxsize))
    console.print(render_error(what))


def bug(what: BaseException, *, debug: bool = False) -> None:
    """An exception that nobody foresaw: one line, and its traceback in a file or, with `debug`, on stderr."""
    from labkit.report.errors import render_bug

    console = console_on(sys.stderr)
    if debug:
        console.print(block(_traceback(what), limit=sys.maxsize))
        look = "its traceback stands above"
    else:
        kept = _keep(_traceback(what))
        look = f"traceback kept in {kept}" if kept else "--debug shows its traceback"
    console.print(render_bug(what, look))


def stopped(signal_name: str) -> None:
    from labkit.report.errors import render_stop

    console_on(sys.stderr).print(render_stop(signal_name))


def _traceback(what: BaseException) -> str:
    return "".join(traceback.format_exception(what))


def _keep(content: str) -> Path | None:
    """The file that now holds the traceback, None if there is nowhere to write it."""
    from labkit.places import places

    try:
        folder = places().cache / "crashes"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.txt"
        path.write_text(content, encoding="utf-8", errors="backslashreplace")
    except (OSError, LabkitError):
        return None
    return path

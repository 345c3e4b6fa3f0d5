"""Hallway: the labs of this checkout in the course's order, and how far this student is with each."""

from __future__ import annotations

import difflib
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from labkit.labfile.course import COURSE_FILE, load_course
from labkit.labfile.load import load
from labkit.labfile.workfolder import Marker, find_marker, work_folders
from labkit.model.course import Course, Place
from labkit.model.errors import LabkitError, UsageError
from labkit.model.lab import Lab
from labkit.model.rows import LabRow, NextStep
from labkit.places import Places, lab_folder, lab_ids, places
from labkit.store.layout import REQUEST
from labkit.store.runs import RunSummary
from labkit.store.runs import runs as stored_runs

NOWHERE: Place = (1 << 30, 0)  # behind every section


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A lab of this checkout, or why it cannot be loaded, and the section that it stands under ("": none)."""

    id: str
    section: str
    lab: Lab | LabkitError


def course(here: Places) -> Course:
    """The course that the labs of this checkout belong to."""
    return load_course(here.labs / COURSE_FILE)


def in_order(here: Places) -> tuple[Entry, ...]:
    """Every lab of this checkout where the first section that it names stands in the course.

    Those of one heading go by what else they name, then by their ids; last come those that no section has,
    and then those that cannot be loaded.
    """
    text = course(here)
    found = [_entry(here, name, text) for name in lab_ids(here)]
    return tuple(sorted(found, key=lambda entry: _rank(entry, text)))


def lab_rows(runs: Path | None) -> tuple[LabRow, ...]:
    """Every lab with this student's progress, in the course's order."""
    here = places(runs=runs)
    return _rows(in_order(here), stored_runs(here.runs))


def next_step(runs: Path | None, folder: Path) -> NextStep:
    """The first lab without full marks, and what to type about it for somebody who stands in `folder`."""
    rows = lab_rows(runs)
    whole = [row for row in rows if not row.problem]
    lab = next((row for row in whole if not row.done), None)
    line, elsewhere = _line(lab, folder) if lab else ("", False)
    return NextStep(
        lab=lab,
        line=line,
        elsewhere=elsewhere,
        done=sum(row.done for row in whole),
        labs=len(whole),
        broken=tuple(row.id for row in rows if row.problem),
    )


def find_run(here: Places, run: str | None) -> Path:
    """A run's folder: by path, by the start of its name, or the newest. Raises UsageError."""
    if run is not None and (Path(run) / REQUEST).is_file():
        return Path(run).resolve()
    known = [found.folder for found in stored_runs(here.runs)]
    found = [folder for folder in known if run is None or folder.name.startswith(run)]
    if found:
        return found[0]
    if run is None:
        raise UsageError(
            where=str(here.runs), found="no run yet", fix="`labkit next` says which lab to begin with"
        )
    near = difflib.get_close_matches(Path(run).name, [folder.name for folder in known], n=1)
    fix = f"did you mean '{near[0]}'?" if near else "see `labkit list runs`"
    raise UsageError(where=f"RUN in {here.runs}", found=f"no run '{run}'", fix=fix)


def _entry(here: Places, name: str, text: Course) -> Entry:
    try:
        lab = load(lab_folder(here, name))
    except LabkitError as error:
        return Entry(id=name, section="", lab=error)
    return Entry(id=name, section=next(iter(text.sections_of(lab.course)), ""), lab=lab)


def _rank(entry: Entry, text: Course) -> tuple[bool, tuple[Place, ...], str]:
    if not isinstance(entry.lab, Lab):
        return True, (), entry.id
    return False, text.places(entry.lab.course) or (NOWHERE,), entry.id


def _rows(entries: Sequence[Entry], runs: Sequence[RunSummary]) -> tuple[LabRow, ...]:
    own: dict[str, list[RunSummary]] = {}
    for run in runs:
        if run.own and not run.lab_folder:
            own.setdefault(run.lab, []).append(run)
    return tuple(_row(entry, own) for entry in entries)


def _row(entry: Entry, own: Mapping[str, Sequence[RunSummary]]) -> LabRow:
    lab = entry.lab
    if not isinstance(lab, Lab):
        return LabRow(id=entry.id, problem=str(lab))
    tries = own.get(lab.id, ())
    # A run of before the lab's points were dealt anew says nothing about it as it is now.
    scores = [run.score for run in tries if run.score is not None and run.max_score == lab.max_score]
    return LabRow(
        id=lab.id,
        title=lab.title,
        question=lab.question,
        section=entry.section,
        tier=lab.tier.value,
        max_score=lab.max_score,
        tries=len(tries),
        best=max(scores, default=None),
    )


def _line(lab: LabRow, folder: Path) -> tuple[str, bool]:
    """What to type where the student stands, and whether it is to be typed elsewhere: where the work lies."""
    run = f"labkit run {lab.id}"
    here = find_marker(folder)
    if here is not None and here.lab == lab.id:
        return run, False
    for work, marker in work_folders(folder if here is None else folder.parent):
        if isinstance(marker, Marker) and marker.lab == lab.id:
            return f"cd {shlex.quote(os.path.relpath(work, folder))} && {run}", False
    if lab.tries:
        return run, True
    start = f"labkit start {lab.id}"
    return (start if here is None else f"cd .. && {start}"), False

"""Hallway: what needs no guest: listing runs, showing, starting a working folder, grading again, linting."""

from __future__ import annotations

import getpass
from pathlib import Path

from labkit.catalogue import course, find_run
from labkit.grade.run import grade as judge
from labkit.labfile.course import unplaced
from labkit.labfile.draw import parameters
from labkit.labfile.lint import forgeable
from labkit.labfile.lint import lint as complaints
from labkit.labfile.load import load
from labkit.labfile.workfolder import Marker, write_marker
from labkit.model.errors import LabkitError, UsageError
from labkit.model.events import Listener
from labkit.model.lab import Lab
from labkit.model.rows import Complaints, RunDone, RunRow
from labkit.model.verdict import Status
from labkit.page import put_page
from labkit.places import Places, is_shipped, lab_folder, lab_ids, lab_word, places
from labkit.report.handout import render_handout
from labkit.report.verdict_json import parse_verdict_json, render_verdict_json
from labkit.store.layout import REQUEST, VERDICT
from labkit.store.reader import digest, read
from labkit.store.runs import RunState, RunSummary, summary
from labkit.store.runs import runs as stored_runs
from labkit.store.writer import write_verdict

HANDOUT = "README.md.j2"


def list_runs(runs: Path | None) -> tuple[RunRow, ...]:
    """The stored runs, newest first."""
    return tuple(map(_run_row, stored_runs(places(runs=runs).runs)))


def show(run: str | None, runs: Path | None) -> RunDone:
    """The verdict of a stored run, as it was written: by folder, by the start of its name, or the newest."""
    here = places(runs=runs)
    folder = find_run(here, run)
    path = folder / VERDICT
    if not path.is_file():
        raise UsageError(
            where=str(folder),
            found="no verdict: the run was interrupted",
            fix=f"see what it left with `labkit grade {folder}`, or run it again",
        )
    verdict = parse_verdict_json(path.read_text(encoding="utf-8"), str(path))
    return RunDone(run=folder, verdict=verdict, lab=summary(folder).lab_folder or verdict.lab)


def start(lab: str, folder: Path | None, seed: str | None) -> tuple[Path, str]:
    """Lay out a working folder: the starter, the handout with this student's numbers, the marker.

    Returns the folder, and how a command line names the lab there. Refuses to write over anything that is.
    """
    here = places()
    loaded = load(lab_folder(here, lab))
    target = (folder or Path(loaded.id)).resolve()
    if target.exists() and any(target.iterdir() if target.is_dir() else [target]):
        raise UsageError(
            where=str(target), found="there is something already", fix=f"name another: labkit start {lab} DIR"
        )
    marker = Marker(lab=loaded.id, seed=seed or getpass.getuser())
    numbers = parameters(loaded, marker.seed)
    template = loaded.folder / HANDOUT
    values = {
        "p": numbers,
        "key": loaded.answers(numbers) if loaded.answers else {},
        "lab": loaded,
        "seed": marker.seed,
    }
    text = render_handout(template.read_text(encoding="utf-8"), values, str(template))
    try:
        _lay_out(target, loaded.folder / "starter", text)
        write_marker(target, marker)
    except OSError as error:
        raise UsageError(
            where=error.filename or str(target),
            found=error.strerror or str(error),
            fix=f"name a folder that you may write to: labkit start {lab} DIR",
        ) from error
    return target, lab_word(here, loaded.folder)


def _lay_out(target: Path, starter: Path, handout: str) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for source in sorted(starter.iterdir()):
        (target / source.name).write_bytes(source.read_bytes())
        (target / source.name).chmod(source.stat().st_mode & 0o777)
    (target / "README.md").write_text(handout, encoding="utf-8")


def grade(run: Path, lab: str | None, listen: Listener) -> RunDone:
    """Judge a run directory again from its evidence alone, and keep the verdict in it.

    `lab` names the lab where the run's own request does not (a lab outside this checkout).
    """
    if not (run / REQUEST).is_file():
        raise UsageError(where=f"RUN {run}", found="no run directory", fix="see `labkit list runs`")
    evidence, here = read(run), places()
    loaded = load(lab_folder(here, lab or evidence.request.lab))
    verdict = judge(loaded, evidence, evidence_digest=digest(run))
    write_verdict(run, render_verdict_json(verdict))
    word = lab_word(here, loaded.folder)
    put_page(run, verdict, evidence, word, listen)
    return RunDone(run=run, verdict=verdict, lab=word)


def lint(labs: tuple[str, ...]) -> Complaints:
    """What is wrong with these labs, all of them if none is named. Raises UsageError for one not there.

    What else lies in the folder of labs is passed over, so that `labkit lint labs/*` may be said.
    """
    here = places()
    names = [name for name in labs if not _is_beside_labs(here, name)] or labs or lab_ids(here)
    text = course(here)
    refusals: list[str] = []
    standings: list[str] = []
    for folder in [lab_folder(here, name) for name in names]:
        try:
            lab = load(folder)
        except LabkitError as error:
            refusals.append(str(error))
            continue
        refusals += map(str, complaints(lab))
        refusals += map(str, unplaced(lab, text) if is_shipped(here, lab.folder) else ())
        standings.append(_standing(lab))
    return Complaints(refusals=tuple(refusals), standings=tuple(standings))


def _is_beside_labs(here: Places, name: str) -> bool:
    path = Path(name)
    return (
        "/" in name
        and path.exists()
        and path.resolve().parent == here.labs
        and path.name not in lab_ids(here)
    )


def _standing(lab: Lab) -> str:
    weak, graded = len(forgeable(lab)), sum(check.points > 0 for check in lab.checks)
    if weak:
        count = f"{weak} of {graded} graded checks do not hold"
        return f"{lab.id}: practice only, {count} at tier {lab.tier.value}"
    return f"{lab.id}: runs may be official, each graded check holds at tier {lab.tier.value}"


def _run_row(run: RunSummary) -> RunRow:
    return RunRow(
        run=run.folder,
        lab=run.lab,
        kernel=run.kernel,
        seed=run.seed,
        started_at=run.started_at,
        status=None if run.state is RunState.INTERRUPTED else Status(run.state.value),
        score=run.score,
        max_score=run.max_score or 0,
        problem="interrupted" if run.state is RunState.INTERRUPTED else "",
    )

"""Hallway: what a check asks, and what became of it in the student's last run."""

from __future__ import annotations

import difflib
from pathlib import Path

from labkit.catalogue import in_order
from labkit.labfile.load import load
from labkit.labfile.workfolder import find_marker
from labkit.model.errors import UsageError
from labkit.model.lab import Check, FileRelation, Lab
from labkit.model.rows import Explained
from labkit.model.verdict import Finding, Verdict
from labkit.places import Places, lab_folder, places
from labkit.report.verdict_json import parse_verdict_json
from labkit.store.layout import VERDICT
from labkit.store.runs import RunState
from labkit.store.runs import runs as stored_runs


def explain(name: str, lab: str | None, runs: Path | None, folder: Path) -> Explained:
    """The check called `name` of `lab`; without one, of the lab that the working folder `folder` was started
    for, or else of the only lab that has such a check.

    Raises UsageError where no lab has it, or several do.
    """
    here = places(runs=runs)
    owner = _owner(here, name, lab, folder)
    check = next(it for it in owner.checks if it.id == name)
    run, finding = _last(here, owner, name)
    needs = tuple(it.says for it in owner.checks if it.id in check.needs)
    return Explained(
        lab=owner.id,
        title=owner.title,
        check=check.id,
        says=check.says,
        points=check.points,
        max_score=owner.max_score,
        evidence=check.evidence,
        hint=check.hint,
        needs=needs,
        reads=_reads(check),
        run=run,
        finding=finding,
    )


def _owner(here: Places, name: str, lab: str | None, folder: Path) -> Lab:
    if lab is None and (marker := find_marker(folder)) is not None:
        lab = marker.lab
    if lab is not None:
        owner = load(lab_folder(here, lab))
        if all(check.id != name for check in owner.checks):
            raise _unknown(name, [check.id for check in owner.checks], f"{owner.id} has no such check")
        return owner
    labs = [entry.lab for entry in in_order(here) if isinstance(entry.lab, Lab)]
    owners = [each for each in labs if any(check.id == name for check in each.checks)]
    if not owners:
        raise _unknown(name, [check.id for each in labs for check in each.checks], "no lab has such a check")
    if len(owners) > 1:
        raise UsageError(
            where=f"CHECK {name}",
            found=f"several labs have it: {', '.join(each.id for each in owners)}",
            fix=f"say which: labkit explain {name} {owners[0].id}",
        )
    return owners[0]


def _unknown(name: str, known: list[str], found: str) -> UsageError:
    near = difflib.get_close_matches(name, known, n=1)
    many = ", ".join(known) if len(known) <= 20 else "`labkit explain` wants an id as a verdict has it in []"
    return UsageError(
        where=f"CHECK {name}", found=found, fix=f"did you mean '{near[0]}'?" if near else f"there are: {many}"
    )


def _reads(check: Check) -> str:
    """Where a check looks, if the lab's file says so: what a function reads only its verdicts tell."""
    match check.judge:
        case FileRelation(scene=scene, moment=moment, path=path, key=key):
            return f"scene {scene}, {moment}: {path}" + (f", {key}" if key else "")
        case _:
            return ""


def _last(here: Places, lab: Lab, name: str) -> tuple[str, Finding | None]:
    """The student's newest run of this lab with a verdict, and what it says of the check."""
    for run in stored_runs(here.runs):
        if run.lab == lab.id and run.state is not RunState.INTERRUPTED and run.own:
            path = run.folder / VERDICT
            verdict: Verdict = parse_verdict_json(path.read_text(encoding="utf-8"), str(path))
            found = next((it for it in verdict.checks if it.id == name), None)
            return run.folder.name, found
    return "", None

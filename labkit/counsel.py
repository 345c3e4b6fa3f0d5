"""Hallway: what a check asks, and what became of it. Which wrong ideas may be told is decided here.

A wrong submission's sentence ("takes malloc's word for it") names a belief that is not so, and in a lab of
predictions every belief struck out leaves fewer to choose from. So who has yet to pass the check is told only
how many wrong ideas are known to fail it; who has passed it with work of their own is told which.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from labkit.catalogue import find_run, in_order
from labkit.labfile.functions import other_paragraphs
from labkit.labfile.load import load
from labkit.labfile.workfolder import find_marker
from labkit.labfile.wrongs import Wrong, wrongs
from labkit.model.errors import BadInput, LabFileError, UsageError
from labkit.model.explained import Explained
from labkit.model.lab import Check, FileRelation, Lab
from labkit.model.verdict import Finding, Outcome
from labkit.places import Places, lab_folder, lab_word, places
from labkit.report.verdict_json import parse_verdict_json
from labkit.store.layout import VERDICT
from labkit.store.runs import RunState, RunSummary, summary
from labkit.store.runs import runs as stored_runs


def explain(check: str, run: str | None, lab: str | None, runs: Path | None, folder: Path) -> Explained:
    """A check of a run's lab, or of `lab`, or of the lab that whoever stands in `folder` means.

    That is the lab of the working folder, else that of the newest run, else the only one with such a check; a
    run of it that has been graded is told of, too. Raises UsageError with the nearest name.
    """
    here = places(runs=runs)
    if run is not None and lab is not None:
        raise UsageError(where="labkit explain", found="RUN and --lab", fix="give one of both")
    if run is not None:
        told = summary(find_run(here, run))
        if not told.lab:
            fix = "name another of `labkit list runs`"
            raise UsageError(where=str(told.folder), found="a run that cannot be read", fix=fix)
        return _explained(here, load(lab_folder(here, told.lab_folder or told.lab)), check, told)
    marker = find_marker(folder) if lab is None else None
    if marker is not None:
        lab = marker.lab
    newest = stored_runs(here.runs)
    if lab is not None:
        loaded = load(lab_folder(here, lab))
        own = (each for each in newest if each.own and _is_of(here, each, loaded))
        return _explained(here, loaded, check, next(own, None) if marker else None)
    for last in newest[:1]:
        with suppress(BadInput):  # a guess: its lab may be gone
            loaded = load(lab_folder(here, last.lab_folder or last.lab))
            if check in _ids(loaded):
                return _explained(here, loaded, check, last)
    return _explained(here, _only_lab_with(here, check), check, None)


def check_ids(lab: str | None, folder: Path) -> tuple[str, ...]:
    """The checks that a person in `folder` may mean, for completion."""
    here = places()
    marker = find_marker(folder)
    if lab or marker:
        return _ids(load(lab_folder(here, lab or (marker.lab if marker else ""))))
    return tuple(sorted({name for one in _labs(here) for name in _ids(one)}))


def _labs(here: Places) -> Iterator[Lab]:
    return (entry.lab for entry in in_order(here) if isinstance(entry.lab, Lab))


def _ids(lab: Lab) -> tuple[str, ...]:
    return tuple(check.id for check in lab.checks)


def _is_of(here: Places, run: RunSummary, lab: Lab) -> bool:
    return (run.lab_folder or run.lab) == lab_word(here, lab.folder)


def _only_lab_with(here: Places, check: str) -> Lab:
    labs = tuple(_labs(here))
    having = [lab for lab in labs if check in _ids(lab)]
    if len(having) == 1:
        return having[0]
    if having:
        names = ", ".join(lab.id for lab in having)
        fix = f"name one: labkit explain {check} --lab {having[0].id}"
        raise UsageError(where="CHECK", found=f"labs {names} each have a check '{check}'", fix=fix)
    known = sorted({name for lab in labs for name in _ids(lab)})
    near = difflib.get_close_matches(check, known, n=1)
    fix = f"did you mean '{near[0]}'?" if near else "the page of a run names its checks: labkit show"
    raise UsageError(where="CHECK", found=f"no lab has a check '{check}'", fix=fix)


def _explained(here: Places, lab: Lab, name: str, run: RunSummary | None) -> Explained:
    check = next((each for each in lab.checks if each.id == name), None)
    if check is None:
        near = difflib.get_close_matches(name, _ids(lab), n=1)
        fix = f"did you mean '{near[0]}'?" if near else "its checks are: " + ", ".join(_ids(lab))
        raise UsageError(where="CHECK", found=f"{lab.id} has no check '{name}'", fix=fix)
    finding = _finding(run, name) if run else None
    ideas = tuple(wrong.says for wrong in _wrongs(lab) if name in wrong.fails)
    known = run is not None and run.own and finding is not None and finding.outcome is Outcome.PASS
    return Explained(
        id=name,
        says=check.says,
        lab=lab_word(here, lab.folder),
        title=lab.title,
        points=check.points,
        evidence=check.evidence,
        hint=check.hint,
        more=() if isinstance(check.judge, FileRelation) else other_paragraphs(check.judge),
        looks=_looks(lab, check, finding),
        needs=check.needs,
        wrongs=ideas if known else (),
        unsaid=0 if known else len(ideas),
        finding=finding,
        run=run.folder if run and finding else None,
    )


def _wrongs(lab: Lab) -> tuple[Wrong, ...]:
    try:
        return wrongs(lab)
    except LabFileError:  # its author's business, and lint says it: a student may ask all the same
        return ()


def _finding(run: RunSummary, name: str) -> Finding | None:
    """What became of the check; None where the run has no verdict, or one without it."""
    if run.state is RunState.INTERRUPTED:
        return None
    path = run.folder / VERDICT
    verdict = parse_verdict_json(path.read_text(encoding="utf-8"), str(path))
    return next((found for found in verdict.checks if found.id == name), None)


def _looks(lab: Lab, check: Check, finding: Finding | None) -> tuple[str, ...]:
    """The file that the check looks at, and the scenes of the lab it may come from."""
    if isinstance(check.judge, FileRelation):
        fact = check.judge
        key = f", its {fact.key}" if fact.key else ""
        return (f"{fact.path}{key}, {fact.moment} in scene '{fact.scene}'",)
    if finding is not None and finding.where is not None:
        return ()  # its `where` says it better
    return tuple(f"scene '{scene.name}': {scene.says}" for scene in lab.scenes)

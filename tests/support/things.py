"""A small lab for a class's tests, and what is handed in for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from labmaker import make_lab

from labkit.course.desk import GradeAsk
from labkit.labfile.draw import parameters
from labkit.labfile.submission import load_submission
from labkit.labfile.workfolder import Marker, write_marker
from labkit.model.coursework import Ledger, Result, Standing
from labkit.model.lab import Lab

STEPS = {"act": {"run": "./thing.sh", "runs_as": "student"}}
HAND_IN = {"thing.sh": "shell", "extra.c": "c"}
GOOD_C = "int main(void) { return 0; }\n"


def thing_lab(folder: Path, tier: str = "root", run: str = "") -> Path:
    """A lab that runs what was handed in: the student's own code, or, with `run`, labkit's."""
    return make_lab(
        folder,
        tier=tier,
        steps={"act": {"run": run}} if run else STEPS,
        check="said",
        scene={"programs": ["extra"]},
        hand_in=HAND_IN,
        files={"solution/thing.sh": "#!/bin/sh\necho yes\n", "solution/extra.c": GOOD_C},
    )


def hand_in(folder: Path, *, says: str = "yes", code: str = GOOD_C) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "thing.sh").write_text(f"#!/bin/sh\necho {says}\n")
    (folder / "extra.c").write_text(code)
    return folder


def ask_for(lab: Path, there: Path, out: Path) -> GradeAsk:
    return GradeAsk(lab=str(lab), submissions=there, out=out)


def ends(found: Ledger) -> dict[str, tuple[Standing, float | None]]:
    return {result.student.id: (result.standing, result.score) for result in found.results}


def timeless(result: Result) -> Result:
    """What of a result is the same whenever it was graded."""
    return replace(result, graded_at=result.graded_at.min, seconds=0.0, run="")


def hand_in_solution(lab: Lab, folder: Path, seed: str) -> None:
    """The lab's own solution to the seed's numbers, in the folder that a student of that seed has."""
    folder.mkdir(parents=True)
    for name, text in load_submission(lab, lab.folder / "solution", parameters(lab, seed)).items():
        (folder / name).write_text(text)
    write_marker(folder, Marker(lab=lab.id, seed=seed))

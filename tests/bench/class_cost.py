"""How many submissions of lab2 a minute, and whether many cost as much each as few."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from timing import Measure, command

from labkit.labfile.draw import parameters
from labkit.labfile.load import load
from labkit.labfile.submission import load_submission
from labkit.labfile.workfolder import Marker, write_marker
from labkit.places import lab_folder, places

FEW, MANY = 5, 40


def batches(labkit: Path) -> tuple[Measure, ...]:
    """Seconds of `labkit run lab2` over FEW and over MANY submissions, and of one of them in each."""
    found = []
    for count in (FEW, MANY):
        print(f"a class of {count} …", flush=True)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            words = (labkit, "run", "lab2", *_submissions(folder, count), "--runs", folder / "runs")
            began = time.monotonic()
            command(*map(str, words), "--jobs", "auto", "--quiet")()
            took = round(time.monotonic() - began, 2)
        found.append(Measure(name=f"class of {count}, --jobs auto", samples=(took,)))
        found.append(Measure(name=f"  each of {count}", samples=(round(took / count, 3),)))
    return tuple(found)


def _submissions(folder: Path, count: int) -> list[Path]:
    """Right solutions, each to numbers of its own."""
    lab = load(lab_folder(places(), "lab2"))
    made = []
    for number in range(count):
        work = folder / f"student-{number:02}"
        work.mkdir()
        seed = f"bench-{number}"
        for name, text in load_submission(lab, lab.folder / "solution", parameters(lab, seed)).items():
            (work / name).write_text(text, encoding="utf-8")
        write_marker(work, Marker(lab=lab.id, seed=seed))
        made.append(work)
    return made

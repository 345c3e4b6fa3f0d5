"""What the page of a run costs, out of evidence that is read already: the first of a process, and another."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from timing import Measure, usual

GOLDEN = Path(__file__).resolve().parents[2] / "labs" / "lab2" / "evidence" / "pass-6.12"

# Seconds of the first page and of the second; the modules that a run has loaded anyhow are loaded before.
CODE = """
import json, sys, tempfile, time
from pathlib import Path
from labkit.grade.run import grade
from labkit.labfile.load import load
from labkit.model.events import silent
from labkit.store.reader import read
golden = Path(sys.argv[1])
lab, evidence = load(golden.parents[1]), read(golden)
verdict = grade(lab, evidence)
took = []
with tempfile.TemporaryDirectory() as folder:
    for _ in range(2):
        began = time.monotonic()
        from labkit.page import put_page
        put_page(Path(folder), verdict, evidence, lab.id, silent)
        took.append(time.monotonic() - began)
print(json.dumps(took))
"""


def pages(count: int) -> tuple[Measure, ...]:
    print("the page of a run …", flush=True)
    taken = [_sample() for _ in range(count)]
    first, again = zip(*taken, strict=True)
    return (
        Measure(name="page of a lab2 run, the process' first", samples=first),
        Measure(name="page of a lab2 run, its second", samples=again),
    )


def _sample() -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", CODE, GOLDEN], stdout=subprocess.PIPE, env=usual(), check=True, text=True
    )
    first, again = json.loads(done.stdout)
    return round(first, 4), round(again, 4)

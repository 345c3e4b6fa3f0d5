"""Turn a finished run into golden evidence of its lab: the checks' own test, which needs no guest.

    .venv/bin/labkit run lab2 --kernel 6.12
    .venv/bin/python tests/labs/make_golden.py RUN labs/lab2/evidence/pass-6.12

The folder gets what a verdict looks at, byte for byte (the store proves it by SHA-256), and not the logs for
people. Beside it, NAME.expect.json says what the checks made of it on that day. Look at that file before you
commit it: from then on it is what the checks must say.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from labkit.grade.run import grade
from labkit.labfile.load import load
from labkit.model.verdict import Verdict
from labkit.store.reader import read

FOR_PEOPLE = ("console.log", "qemu.log", "qmp.jsonl", "argv.txt", "verdict.json", "report.html")


def summary(verdict: Verdict) -> dict[str, object]:
    """What must not change: the status, the score, and each check's outcome and points."""
    return {
        "status": verdict.status.value,
        "score": verdict.score,
        "checks": {check.id: [check.outcome.value, check.points] for check in verdict.checks},
    }


def expectation(golden: Path) -> Path:
    """The file beside a golden folder that says what is expected of it."""
    return golden.with_name(golden.name + ".expect.json")


def make_golden(run: Path, golden: Path) -> Path:
    """Copy a run to labs/<id>/evidence/<name>, which must not exist yet; returns the expectation's path."""
    lab = load(golden.parents[1])
    verdict = grade(lab, read(run))
    shutil.copytree(run, golden, ignore=shutil.ignore_patterns(*FOR_PEOPLE))
    path = expectation(golden)
    path.write_text(json.dumps(summary(verdict), indent=2) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.stdout.write(f"{make_golden(Path(sys.argv[1]), Path(sys.argv[2]).resolve())}\n")

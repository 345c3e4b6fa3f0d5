"""Recorded runs of every lab still mean what they meant: same evidence, same verdict, no guest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from make_golden import expectation, summary

from labkit.grade.run import grade
from labkit.labfile.load import load
from labkit.store.reader import read

LABS = Path(__file__).resolve().parents[2] / "labs"
GOLDEN = sorted(path for path in LABS.glob("*/evidence/*") if path.is_dir())


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda path: f"{path.parents[1].name}-{path.name}")
def test_golden_evidence_gives_the_verdict_written_beside_it(golden: Path) -> None:
    verdict = grade(load(golden.parents[1]), read(golden))
    expected = json.loads(expectation(golden).read_text(encoding="utf-8"))
    assert summary(verdict) == expected, verdict.reason


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda path: f"{path.parents[1].name}-{path.name}")
def test_golden_pass_is_full_marks_and_golden_fail_is_not(golden: Path) -> None:
    verdict = grade(load(golden.parents[1]), read(golden))
    full = verdict.score == verdict.max_score
    assert full == golden.name.startswith("pass"), f"{verdict.score} of {verdict.max_score}"

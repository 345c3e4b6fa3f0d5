from __future__ import annotations

import hashlib
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from store_values import REQUEST, SPEC, whole_scene

from labkit.model.evidence import (
    SceneEnd,
)
from labkit.model.machine import Accel
from labkit.model.official import Official
from labkit.store.reader import digest, read
from labkit.store.runs import RunState, runs, summary
from labkit.store.writer import RunWriter, create


@pytest.fixture
def run(tmp_path: Path) -> RunWriter:
    return create(tmp_path / "runs", REQUEST)


def test_the_files_that_only_people_read_may_be_left_out(run: RunWriter) -> None:
    scene = whole_scene(run)
    for path in (scene.console_log, scene.qemu_log, scene.qmp_log):
        path.write_text("noise\n")
    whole = read(run.folder), digest(run.folder)
    for path in (scene.console_log, scene.qemu_log, scene.qmp_log, scene.folder / "argv.txt"):
        path.unlink()
    assert (read(run.folder), digest(run.folder)) == whole


def test_the_digest_changes_with_any_evidence_and_with_nothing_else(tmp_path: Path) -> None:
    one, same, other = (create(tmp_path, REQUEST) for _ in range(3))
    for run in (one, same):
        whole_scene(run)
    scene = other.scene("oom", number=1, machine=SPEC, release="6.12.0", accel=Accel.TCG)
    scene.end(SceneEnd.COMPLETED)
    same.verdict("{}")
    assert digest(one.folder) == digest(same.folder)
    assert digest(one.folder) != digest(other.folder)


def test_the_digest_is_what_sha256sum_says(run: RunWriter) -> None:
    whole_scene(run)
    argv = ["sha256sum", "oom/end.json", "request.json"]
    listing = subprocess.run(argv, cwd=run.folder, capture_output=True, check=True)
    assert hashlib.sha256(listing.stdout).hexdigest() == digest(run.folder)


def test_whose_work_a_run_was_is_told(tmp_path: Path) -> None:
    official = Official(student="ada", attempt=1)
    own = create(tmp_path, replace(REQUEST, official=None, lab_folder="/labs/mine"))
    others = [
        create(tmp_path, replace(REQUEST, official=None, demonstration=True)),
        create(tmp_path, replace(REQUEST, official=official)),
    ]
    torn = create(tmp_path, REQUEST)
    (torn.folder / "request.json").write_text("{")
    assert (summary(own.folder).own, summary(own.folder).lab_folder) == (True, "/labs/mine")
    assert [summary(run.folder).own for run in (*others, torn)] == [False, False, False]


def test_runs_are_listed_newest_first_with_their_state(tmp_path: Path) -> None:
    states = []
    for hour, verdict in enumerate(
        (
            None,
            '{"status": "graded", "score": 9.5, "max_score": 10}',
            '{"status": "ungraded", "score": null}',
            "half a ver",
        )
    ):
        run = create(tmp_path, replace(REQUEST, started_at=f"2026-11-23T0{hour}:00:00Z"))
        if verdict is not None:
            run.verdict(verdict)
    (tmp_path / "notes").mkdir()
    (tmp_path / "20261123T090000Z-empty-1").mkdir()
    states = [(summary.state, summary.lab, summary.score, summary.max_score) for summary in runs(tmp_path)]
    assert states == [
        (RunState.INTERRUPTED, "", None, None),
        (RunState.UNGRADED, "lab2", None, None),
        (RunState.UNGRADED, "lab2", None, None),
        (RunState.GRADED, "lab2", 9.5, 10),
        (RunState.INTERRUPTED, "lab2", None, None),
    ]
    assert runs(tmp_path / "none") == ()

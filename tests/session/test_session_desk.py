"""What needs no guest: a working folder is begun, and a stored run shown, in words that can be pasted."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from labmaker import make_checkout, make_lab

from labkit import desk
from labkit.cli.front import enter
from labkit.grade.run import grade
from labkit.labfile.load import load
from labkit.model.errors import ExitCode
from labkit.model.events import silent
from labkit.model.evidence import Request
from labkit.model.machine import Accel
from labkit.report.verdict_json import render_verdict_json
from labkit.store.reader import read
from labkit.store.writer import create

STEPS = {"calm": {"run": "true"}}


@pytest.fixture
def labs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A lab of the checkout and one of the same id elsewhere."""
    checkout = make_checkout(tmp_path / "checkout")
    monkeypatch.setattr("labkit.places.CHECKOUT", checkout)
    monkeypatch.setenv("LABKIT_RUNS", str(tmp_path / "runs"))
    made = [make_lab(folder / "calm", steps=STEPS) for folder in (checkout / "labs", tmp_path / "my labs")]
    for lab in made:
        (lab / "README.md.j2").write_text("seed {{ seed }}\n")
        (lab / "starter").mkdir()
    return made[0], made[1]


def stored(lab: Path, runs: Path, lab_folder: str) -> Path:
    """A run of a lab that was interrupted in its first scene, and judged all the same."""
    loaded = load(lab)
    request = Request(
        lab=loaded.id,
        lab_digest=loaded.digest,
        seed="s",
        parameters={},
        kernel="6.12",
        accel=Accel.TCG,
        submission_name="calm",
        submission={},
        labkit="0",
        started_at="2026-11-23T00:00:00Z",
        lab_folder=lab_folder,
    )
    run = create(runs, request)
    run.verdict(render_verdict_json(grade(loaded, read(run.folder))))
    return run.folder


def test_a_run_of_a_lab_elsewhere_is_replayed_by_its_folder(
    labs: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "500")
    shipped, elsewhere = labs
    for lab, folder, word in ((shipped, "", "calm"), (elsewhere, str(elsewhere), str(elsewhere))):
        run = stored(lab, tmp_path / "runs", folder)
        assert desk.show(str(run), None).lab == word
        assert desk.grade(run, str(lab), silent).lab == word
        assert enter(["show", str(run)]) == ExitCode.PASSED
        replay = capsys.readouterr().out.splitlines()[-1].split(maxsplit=1)[1].strip()
        assert shlex.split(replay) == ["labkit", "run", word, "--seed", "s", "--kernel", "6.12"]


def test_start_says_how_the_lab_is_run_from_the_new_folder(
    labs: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped, elsewhere = labs
    monkeypatch.chdir(tmp_path)
    assert desk.start("calm", None, "s") == (tmp_path / "calm", "calm")
    assert desk.start("my labs/calm", Path("other"), "s") == (tmp_path / "other", str(elsewhere))
    assert desk.start(str(shipped), Path("third"), "s") == (tmp_path / "third", "calm")

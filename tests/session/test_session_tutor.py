"""`labkit explain`: the right check of the right lab, in the lab's words, with the last own run's finding."""

from __future__ import annotations

from pathlib import Path

import pytest
from labmaker import make_checkout, make_lab

from labkit import tutor
from labkit.cli.front import enter
from labkit.grade.run import grade
from labkit.labfile.load import load
from labkit.labfile.workfolder import Marker, write_marker
from labkit.model.errors import ExitCode, UsageError
from labkit.model.evidence import Request
from labkit.model.machine import Accel
from labkit.places import places
from labkit.report.verdict_json import render_verdict_json
from labkit.store.reader import read
from labkit.store.writer import create

STEPS = {"calm": {"run": "true"}}


@pytest.fixture
def labs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two labs with a check of one name."""
    checkout = make_checkout(tmp_path / "checkout")
    for name in ("early", "late"):
        make_lab(checkout / "labs" / name, steps=STEPS)
    monkeypatch.setattr("labkit.places.CHECKOUT", checkout)
    monkeypatch.setenv("LABKIT_RUNS", str(tmp_path / "runs"))
    monkeypatch.chdir(tmp_path)
    return checkout / "labs"


def check_of(labs: Path, lab: str) -> str:
    return load(labs / lab).checks[0].id


def keep(lab: Path, *, demonstration: bool) -> None:
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
        demonstration=demonstration,
    )
    run = create(places().runs, request)
    run.verdict(render_verdict_json(grade(loaded, read(run.folder))))


def test_a_check_of_several_labs_needs_the_lab_s_name(labs: Path, tmp_path: Path) -> None:
    name = check_of(labs, "early")
    with pytest.raises(UsageError, match="early, late"):
        tutor.explain(name, None, None, tmp_path)
    assert tutor.explain(name, "late", None, tmp_path).lab == "late"


def test_in_a_working_folder_its_lab_is_meant(labs: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    write_marker(work, Marker(lab="early", seed="s"))
    assert tutor.explain(check_of(labs, "early"), None, None, work).lab == "early"


def test_a_misspelt_check_gets_the_nearest_one(labs: Path, tmp_path: Path) -> None:
    name = check_of(labs, "early")
    with pytest.raises(UsageError, match=f"did you mean '{name}'"):
        tutor.explain(name[:-1] + "x", "early", None, tmp_path)
    with pytest.raises(UsageError, match="no lab has such a check"):
        tutor.explain("xyzzy", None, None, tmp_path)


def test_the_last_run_of_one_s_own_is_told_and_no_demonstration(labs: Path, tmp_path: Path) -> None:
    name = check_of(labs, "early")
    keep(labs / "early", demonstration=True)
    assert tutor.explain(name, "early", None, tmp_path).finding is None
    keep(labs / "early", demonstration=False)
    told = tutor.explain(name, "early", None, tmp_path)
    assert told.finding is not None
    assert told.finding.id == name


def test_the_page_has_what_the_lab_says(
    labs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    check = load(labs / "early").checks[0]
    assert enter(["explain", check.id, "early"]) == ExitCode.PASSED
    page = capsys.readouterr().out
    assert check.says in page
    assert check.hint in page
    assert check.evidence.value in page
    assert "No run of yours has looked at it yet" in page

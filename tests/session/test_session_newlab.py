"""`labkit new`: what it makes lints and runs, with full marks for its solution and not for what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from labkit import desk
from labkit.labfile.forgers import forgers
from labkit.labfile.load import load
from labkit.labfile.wrongs import wrongs
from labkit.model.errors import UsageError
from labkit.model.events import silent
from labkit.model.verdict import Outcome, Verdict
from labkit.session import RunAsk, run


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    return desk.new("my_pages", tmp_path)


def played(lab: Path, submission: Path, runs: Path) -> Verdict:
    return run(RunAsk(lab=str(lab), path=submission, runs=runs), silent).verdict


def failed(verdict: Verdict) -> set[str]:
    return {check.id for check in verdict.checks if check.outcome is not Outcome.PASS}


def test_a_new_lab_has_nothing_to_complain_about(lab: Path) -> None:
    found = desk.lint((str(lab),))
    assert found.refusals == ()
    assert "may be official" in found.standings[0]


@pytest.mark.parametrize("name", ["My-Lab", "1st", "", "a b", "x" * 33, "../x", "a\n"])
def test_an_id_that_no_lab_can_have_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no id of a lab"):
        desk.new(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(lab: Path) -> None:
    (lab / "lab.toml").write_text("mine")
    with pytest.raises(UsageError, match="something already"):
        desk.new("my_pages", lab.parent)
    assert (lab / "lab.toml").read_text() == "mine"


def test_a_working_folder_of_it_has_the_student_s_numbers(lab: Path, tmp_path: Path) -> None:
    made, word = desk.start(str(lab), tmp_path / "work", "ada")
    assert word == str(lab)
    handout = (made / "README.md").read_text()
    assert "{" not in handout
    assert f"labkit shell {lab}" in handout


@pytest.mark.guest
def test_its_solution_passes_and_each_wrong_submission_fails_just_its_checks(
    lab: Path, tmp_path: Path
) -> None:
    loaded = load(lab)
    assert failed(played(lab, lab / "solution", tmp_path / "runs")) == set()
    for wrong in wrongs(loaded):
        assert failed(played(lab, wrong.folder, tmp_path / "runs")) == wrong.fails
    for forger in forgers(loaded):
        assert failed(played(lab, forger.folder, tmp_path / "runs")) >= set(forger.aims)
    assert failed(played(lab, lab / "starter", tmp_path / "runs")) == {"written", "asked"}

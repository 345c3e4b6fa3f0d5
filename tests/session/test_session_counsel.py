"""What a check asks, found from wherever a student asks; and which wrong ideas may be told."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from labkit.authoring import new_lab
from labkit.counsel import check_ids, explain
from labkit.home import whereabouts
from labkit.labfile.load import load
from labkit.labfile.workfolder import Marker, write_marker
from labkit.model.errors import UsageError
from labkit.model.evidence import Request
from labkit.model.explained import Explained
from labkit.model.machine import Accel
from labkit.model.verdict import EvidenceClass, Finding, Outcome, Status, Verdict
from labkit.places import places
from labkit.report.verdict_json import render_verdict_json
from labkit.store.writer import create


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lab of two checks beside the checkout, and no run yet."""
    monkeypatch.setenv("LABKIT_RUNS", str(tmp_path / "runs"))
    return new_lab("mine", tmp_path)[0]


def keep(lab: Path, asked: Outcome, *, demonstration: bool = False) -> str:
    """A run of the lab in which `asked` ended so; its name."""
    request = Request(
        lab="mine",
        lab_digest=load(lab).digest,
        seed="ada",
        parameters={},
        kernel="6.12",
        accel=Accel.TCG,
        submission_name="mine",
        submission={},
        labkit="0",
        started_at="2026-11-23T00:00:00Z",
        lab_folder=str(lab),
        demonstration=demonstration,
    )
    finding = Finding(
        id="asked",
        says="it asks",
        outcome=asked,
        points=4.0 if asked is Outcome.PASS else 0.0,
        max_points=4,
        evidence=EvidenceClass.OBSERVER,
        expected="much",
        actual="little",
        where=None,
        hint="look",
    )
    verdict = Verdict(
        lab="mine",
        title="Mine",
        status=Status.GRADED,
        reason="",
        score=finding.points,
        max_score=10,
        seed="ada",
        tier="user",
        kernel="6.12",
        release="6.12",
        accelerator="tcg",
        started="clone",
        practice=True,
        digests={},
        checks=(finding,),
    )
    run = create(places().runs, request)
    run.verdict(render_verdict_json(verdict))
    return run.folder.name


def told(check: str, folder: Path, run: str | None = None, lab: Path | None = None) -> Explained:
    return explain(check, run, str(lab) if lab else None, None, folder)


def test_a_check_of_a_lab_without_a_run(lab: Path, tmp_path: Path) -> None:
    what = told("got", tmp_path, lab=lab)
    assert what.says == "It has only the pages in memory that it was told to write to."
    assert (what.points, what.needs, what.finding, what.run) == (6, ("asked",), None, None)
    assert (what.wrongs, what.unsaid) == ((), 1)


def test_a_run_brings_what_it_expected_and_found(lab: Path, tmp_path: Path) -> None:
    name = keep(lab, Outcome.FAIL)
    for what in (told("asked", tmp_path), told("asked", tmp_path, run=name)):
        assert what.finding is not None
        assert (what.finding.expected, what.finding.actual) == ("much", "little")
        assert what.run is not None
        assert what.run.name == name


@pytest.mark.parametrize(
    ("outcome", "demonstration", "wrongs"),
    [
        (Outcome.PASS, False, ("asks only for what it writes to",)),
        (Outcome.PARTIAL, False, ()),
        (Outcome.FAIL, False, ()),
        (Outcome.PASS, True, ()),
    ],
)
def test_wrong_ideas_are_told_to_who_has_passed_with_work_of_their_own(
    lab: Path, tmp_path: Path, outcome: Outcome, demonstration: bool, wrongs: tuple[str, ...]
) -> None:
    keep(lab, outcome, demonstration=demonstration)
    what = told("asked", tmp_path)
    assert (what.wrongs, what.unsaid) == (wrongs, 1 - len(wrongs))


@pytest.mark.parametrize(
    ("words", "found", "fix"),
    [
        (("exakt", None), "no lab has a check 'exakt'", "did you mean 'exact'?"),
        (("exakt", "lab3"), "lab3 has no check 'exakt'", "did you mean 'exact'?"),
        (("zzz", "lab3"), "lab3 has no check 'zzz'", "its checks are: exact, "),
        (("exact", "lab33"), "no lab 'lab33'", "did you mean 'lab3'?"),
    ],
)
def test_a_typo_is_answered_with_the_nearest_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, str | None], found: str, fix: str
) -> None:
    monkeypatch.setenv("LABKIT_RUNS", str(tmp_path))
    with pytest.raises(UsageError) as error:
        explain(words[0], None, words[1], None, tmp_path)
    assert error.value.found == found
    assert error.value.fix.startswith(fix)


def test_a_run_and_a_lab_are_one_too_many(lab: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="give one of both"):
        told("asked", tmp_path, run="x", lab=lab)
    with pytest.raises(UsageError, match="no run 'x'"):
        told("asked", tmp_path, run="x")


def test_a_lab_that_is_gone_is_no_guess(lab: Path, tmp_path: Path) -> None:
    keep(lab, Outcome.FAIL)
    (lab / "lab.toml").unlink()
    assert told("exact", tmp_path).lab == "lab3"


def test_in_a_working_folder_its_lab_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_RUNS", str(tmp_path / "runs"))
    write_marker(tmp_path, Marker(lab="lab3", seed="ada"))
    assert told("exact", tmp_path).lab == "lab3"
    assert "exact" in check_ids(None, tmp_path)
    assert "hog-killed" not in check_ids(None, tmp_path)


def test_labkit_alone_knows_the_last_run_and_what_failed(lab: Path, tmp_path: Path) -> None:
    name = keep(lab, Outcome.FAIL)
    keep(lab, Outcome.PASS, demonstration=True)
    last = whereabouts(tmp_path).last
    assert last is not None
    assert (last.name, last.failed, last.score, last.max_score) == (name, ("asked",), 0.0, 10)
    assert last.seconds_ago > 0


def test_labkit_alone_sees_working_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_RUNS", str(tmp_path / "runs"))
    (tmp_path / "w").mkdir()
    write_marker(tmp_path / "w", Marker(lab="lab3", seed="ada"))
    assert whereabouts(tmp_path).works == (("w", "lab3"),)
    assert asdict(whereabouts(tmp_path / "w"))["lab"] == "lab3"

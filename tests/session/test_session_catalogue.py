"""The labs in the course's order, how far a student is with each, and which one is next."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from labmaker import make_checkout, make_lab

from labkit import catalogue
from labkit.labfile.workfolder import Marker, write_marker
from labkit.model.evidence import Request
from labkit.model.machine import Accel
from labkit.model.official import Official
from labkit.model.rows import NextStep
from labkit.places import places
from labkit.store.writer import create

STEPS = {"calm": {"run": "true"}}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four labs of the course, one beside it, one that cannot be loaded; each is worth a point."""
    folder = make_checkout(tmp_path / "checkout")
    for name, course in {
        "early": "First Things",
        "alpha": "Alpha; Last Things",
        "zeta": "Alpha",
        "aged": "Last Things; First Things",
        "stray": "none",
    }.items():
        make_lab(folder / "labs" / name, steps=STEPS, course=course)
    (folder / "labs" / "broken").mkdir()
    (folder / "labs" / "broken" / "lab.toml").write_text("id = 1\n")
    monkeypatch.setattr("labkit.places.CHECKOUT", folder)
    monkeypatch.setenv("LABKIT_RUNS", str(tmp_path / "runs"))
    return folder


def keep(lab: str, score: float | None, **changed: object) -> None:
    """A run of a lab in the student's folder of runs."""
    usual = {
        "lab": lab,
        "lab_digest": "0",
        "seed": "s",
        "parameters": {},
        "kernel": "6.12",
        "accel": Accel.TCG,
        "submission_name": lab,
        "submission": {},
        "labkit": "0",
        "started_at": "2026-11-23T00:00:00Z",
    }
    max_score = changed.pop("max_score", 1)
    run = create(places().runs, Request(**{**usual, **changed}))  # type: ignore[arg-type]
    status = "ungraded" if score is None else "graded"
    run.verdict(json.dumps({"status": status, "score": score, "max_score": max_score}))


@pytest.mark.usefixtures("checkout")
def test_labs_stand_where_the_first_section_they_name_stands() -> None:
    assert [(row.id, row.section) for row in catalogue.lab_rows(None)] == [
        ("early", "First Things"),
        ("zeta", "First Things"),  # names nothing further
        ("alpha", "First Things"),
        ("aged", "Last Things"),
        ("stray", ""),
        ("broken", ""),
    ]


@pytest.mark.usefixtures("checkout")
def test_progress_is_the_best_of_the_student_s_own_practice() -> None:
    keep("early", 0.0)
    keep("early", 0.5)
    keep("early", 0.25)
    keep("zeta", 1.0, demonstration=True)
    keep("alpha", 1.0, official=Official(student="ada", attempt=1))
    keep("aged", None)
    keep("stray", 9.0, max_score=9)  # of before its points were dealt anew
    keep("broken", 1.0)
    rows = {row.id: row for row in catalogue.lab_rows(None)}
    assert {name: (row.tries, row.best) for name, row in rows.items()} == {
        "early": (3, 0.5),
        "zeta": (0, None),
        "alpha": (0, None),
        "aged": (1, None),
        "stray": (1, None),
        "broken": (0, None),
    }
    keep("early", 1.0)
    assert [row.id for row in catalogue.lab_rows(None) if row.done] == ["early"]


@pytest.mark.usefixtures("checkout")
def test_a_lab_elsewhere_that_has_the_same_id_is_another_one() -> None:
    keep("early", 1.0, lab_folder="/somewhere/early")
    assert catalogue.lab_rows(None)[0].tries == 0


def step(folder: Path) -> NextStep:
    return catalogue.next_step(None, folder)


@pytest.mark.usefixtures("checkout")
def test_next_is_the_first_without_full_marks_and_how_to_begin_or_go_on(tmp_path: Path) -> None:
    here = tmp_path / "here"
    (here / "my zeta").mkdir(parents=True)
    (here / "early").mkdir()
    assert (step(here).line, step(here).elsewhere) == ("labkit start early", False)
    write_marker(here / "early", Marker(lab="early", seed="s"))
    assert step(here).line == "cd early && labkit run early"
    assert step(here / "early").line == "labkit run early"
    keep("early", 1.0)
    found = step(here)
    assert found.lab is not None
    assert (found.lab.id, found.done, found.labs, found.broken) == ("zeta", 1, 5, ("broken",))
    assert step(here / "early").line == "cd .. && labkit start zeta"
    write_marker(here / "my zeta", Marker(lab="zeta", seed="s"))
    assert step(here).line == "cd 'my zeta' && labkit run zeta"
    assert step(here / "early").line == "cd '../my zeta' && labkit run zeta"
    keep("zeta", 0.5)
    assert (step(tmp_path).line, step(tmp_path).elsewhere) == ("labkit run zeta", True)


@pytest.mark.usefixtures("checkout")
def test_when_all_is_done_nothing_is_next(tmp_path: Path) -> None:
    for row in catalogue.lab_rows(None):
        keep(row.id, 1.0)
    assert step(tmp_path) == NextStep(lab=None, line="", done=5, labs=5, broken=("broken",))

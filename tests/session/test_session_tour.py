"""Every lab in one go: working folders or the reference solutions, guests of different labs side by side."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from labmaker import make_checkout, make_lab

from labkit.catalogue import lab_rows
from labkit.labfile.workfolder import MARKER, Marker, write_marker
from labkit.model.errors import ExitCode, HostError, LabFileError, SubmissionError, UsageError
from labkit.model.events import Event, silent
from labkit.model.rows import RunDone, SubmissionRow
from labkit.tour import SHOWN, TourAsk, run

STEPS = {"act": {"run": "sleep 1; ./thing.sh"}}
TWO_CORES = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core: no two guests at once")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two labs that run what was handed in, `beta` after `alpha`, and runs of their own."""
    folder = make_checkout(tmp_path / "checkout")
    for name, course in {"alpha": "Alpha", "beta": "Beta"}.items():
        make_lab(
            folder / "labs" / name,
            steps=STEPS,
            check="said",
            course=course,
            hand_in={"thing.sh": "shell"},
            files={"solution/thing.sh": "#!/bin/sh\necho yes\n"},
        )
    monkeypatch.setattr("labkit.places.CHECKOUT", folder)
    monkeypatch.setenv("LABKIT_RUNS", str(tmp_path / "runs"))
    return folder


def work(folder: Path, lab: str, says: str = "yes") -> None:
    folder.mkdir(parents=True)
    (folder / "thing.sh").write_text(f"#!/bin/sh\necho {says}\n")
    write_marker(folder, Marker(lab=lab, seed="ada"))


def scores(rows: tuple[SubmissionRow, ...]) -> dict[str, float | type | None]:
    return {
        row.name: row.outcome.verdict.score if isinstance(row.outcome, RunDone) else type(row.outcome)
        for row in rows
    }


@TWO_CORES
@pytest.mark.guest
@pytest.mark.usefixtures("checkout")
def test_without_working_folders_the_solutions_are_shown_side_by_side(tmp_path: Path) -> None:
    told = list[Event]()
    found = run(TourAsk(), tmp_path, None, told.append)
    assert (scores(found.rows), found.demonstration) == ({"alpha": 1, "beta": 1}, True)
    assert (found.exit_code, found.untouched) == (ExitCode.PASSED, ())
    assert told[0].text == SHOWN
    pictures = [event.text for event in told if event.fraction is not None]
    assert any(re.fullmatch(r"0 of 2 done: (alpha, beta|beta, alpha)", text) for text in pictures)
    both = sum(row.seconds or 0 for row in found.rows)
    assert both >= 2  # each slept a second
    assert [row.tries for row in lab_rows(None)] == [0, 0]  # nobody's work


@pytest.mark.guest
@pytest.mark.usefixtures("checkout")
def test_working_folders_are_graded_and_what_hinders_one_hinders_no_other(tmp_path: Path) -> None:
    here = tmp_path / "here"
    work(here / "b", "beta")
    work(here / "second", "beta", says="no")
    work(here / "old", "gone")
    (here / "torn").mkdir()
    (here / "torn" / MARKER).write_text("lab = ")
    found = run(TourAsk(), here, 1, silent)
    assert scores(found.rows) == {
        "beta b": 1,
        "beta second": 0,
        "gone": UsageError,
        "torn": SubmissionError,
    }
    assert (found.demonstration, found.untouched) == (False, ("alpha",))
    assert found.exit_code is ExitCode.BAD_INPUT
    assert {row.id: row.best for row in lab_rows(None)} == {"alpha": None, "beta": 1}


@pytest.mark.guest
def test_a_lab_that_cannot_run_here_has_a_row_that_says_so(checkout: Path, tmp_path: Path) -> None:
    large = checkout / "labs" / "alpha" / "lab.toml"
    large.write_text(large.read_text().replace('"128MiB"', '"128GiB"'))
    (checkout / "labs" / "beta" / "lab.toml").write_text("id = 1\n")
    found = run(TourAsk(), tmp_path, None, silent)
    assert scores(found.rows) == {"alpha": HostError, "beta": LabFileError}
    assert found.exit_code is ExitCode.HOST_CANNOT
    assert [row.seconds for row in found.rows] == [None, None]


@pytest.mark.usefixtures("checkout")
def test_inside_a_working_folder_it_is_refused(tmp_path: Path) -> None:
    work(tmp_path / "here", "beta")
    with pytest.raises(UsageError, match="the working folder of beta"):
        run(TourAsk(), tmp_path / "here", None, silent)

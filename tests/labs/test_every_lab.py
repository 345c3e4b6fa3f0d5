"""What holds of every lab in labs/, whichever they are: its files are whole, its solution gets all the points
on both kernels, its starter runs through, and what is wrong fails what it is to fail.

CI has half an hour for everything, and a lab may have fifteen wrong submissions of ten seconds each. So CI
plays of each lab the solution on both kernels, the starter, and the wrong one of which the most checks
hear. `make soak` plays the others once, and then all of them twice on both kernels (soak/verdicts.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lab_table import PAGE, kernels, with_table
from playing import Case, Ends, ends

from labkit.labfile.course import COURSE_FILE, load_course, unplaced
from labkit.labfile.lint import forgeable, lint
from labkit.labfile.load import load
from labkit.labfile.wrongs import Wrong, wrongs
from labkit.model.lab import Lab
from labkit.model.rows import RunDone

FOLDER = Path(__file__).resolve().parents[2] / "labs"
LABS = [load(path.parent) for path in sorted(FOLDER.glob("*/lab.toml"))]
BOTH = ("6.1", "6.12")
SEED = "ci"
WRONG_IN_CI = 1  # of each lab

each_lab = pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.id)


def ranked(lab: Lab) -> Iterator[Wrong]:
    """A lab's wrong submissions, each time the one that keeps the most checks from passing which yet do."""
    left, rest = {check.id for check in lab.checks if check.points}, list(wrongs(lab))
    while rest:
        best = max(rest, key=lambda wrong: len((wrong.fails | wrong.blocked) & left))
        rest.remove(best)
        left -= best.fails | best.blocked
        yield best


def case(lab: Lab, work: str, kernel: str) -> Case:
    return Case(lab=lab.folder, work=lab.folder / work, kernel=kernel, seed=SEED)


def played_as(work: str, *kernels: str) -> list[object]:
    """Parameters `lab` and `case` for one submission of every lab."""
    every = [(lab, case(lab, work, kernel)) for lab in LABS for kernel in kernels]
    return [pytest.param(lab, one, id=f"{lab.id}-{one.kernel}") for lab, one in every]


WRONGS = [
    pytest.param(
        lab,
        wrong,
        case(lab, f"wrong/{wrong.name}", "6.12"),
        id=f"{lab.id}-{wrong.name}",
        marks=() if place < WRONG_IN_CI else pytest.mark.soak,
    )
    for lab in LABS
    for place, wrong in enumerate(ranked(lab))
]


@each_lab
def test_its_files_are_whole_and_its_runs_may_be_official(lab: Lab) -> None:
    assert lint(lab) == ()
    assert forgeable(lab) == ()
    assert list(unplaced(lab, load_course(FOLDER / COURSE_FILE))) == []
    assert lab.id == lab.folder.name


@each_lab
def test_its_scripts_use_no_program_that_only_labkits_own_shell_has(lab: Lab) -> None:
    """busybox behind /run/labkit/sh has usleep, the guest has not: found out when a poll has to wait."""
    scripts = [path for path in lab.folder.rglob("*.sh") if "evidence" not in path.parts]
    own = [path for path in scripts if not path.read_text().startswith("#!/run/labkit/sh")]
    assert [path.name for path in own if re.search(r"\busleep\b", path.read_text())] == []


@each_lab
def test_evidence_of_a_pass_and_of_a_fail_is_kept_for_both_kernels(lab: Lab) -> None:
    kept = {path.name for path in (lab.folder / "evidence").glob("*/")}
    assert {f"{end}-{kernel}" for end in ("pass", "fail") for kernel in BOTH} <= kept
    assert kernels(lab)[:2] == BOTH


def test_the_table_that_people_read_is_up_to_date() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert with_table(text) == text, "run tests/labs/lab_table.py"


@pytest.mark.guest
@pytest.mark.parametrize(("lab", "case"), played_as("solution", *BOTH))
def test_the_solution_gets_all_the_points(lab: Lab, case: Case, played: Callable[[Case], RunDone]) -> None:
    verdict = played(case).verdict
    assert ends(lab, verdict) == Ends()
    assert verdict.score == lab.max_score


@pytest.mark.guest
@pytest.mark.parametrize(("lab", "case"), played_as("starter", "6.12"))
def test_the_starter_runs_through_and_gets_less(
    lab: Lab, case: Case, played: Callable[[Case], RunDone]
) -> None:
    found = ends(lab, played(case).verdict)
    assert not found.odd
    assert found.failed


@pytest.mark.guest
@pytest.mark.parametrize(("lab", "wrong", "case"), WRONGS)
def test_what_is_wrong_fails_just_what_it_is_to_fail(
    lab: Lab, wrong: Wrong, case: Case, played: Callable[[Case], RunDone]
) -> None:
    assert ends(lab, played(case).verdict) == Ends(failed=wrong.fails, blocked=wrong.blocked)

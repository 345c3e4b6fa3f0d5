"""Submissions that cheat, each in a real guest: none gains a point, nor an ungraded run to argue about.

.venv/bin/pytest tests/labs/test_forgers.py     # 6.12; code in the kernel on 6.1 too
make soak                                        # all of them on both kernels
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from forger_table import PAGE, every_forger, with_table
from playing import Case, Ends, ends

from labkit.labfile.forgers import Forger, forgers
from labkit.labfile.lint import forgeable, lint
from labkit.labfile.load import load
from labkit.labfile.wrongs import Wrong, wrongs
from labkit.model.lab import Lab, Tier
from labkit.model.rows import RunDone
from labkit.model.verdict import Outcome, Status

LABS = Path(__file__).resolve().parents[2] / "labs"
GROUNDS = tuple(load(LABS / "forgers" / tier.value) for tier in Tier)
ALL = every_forger()
BOTH = ("6.1", "6.12")
IN_CI = {Tier.KERNEL: BOTH}  # what the kernels' own structures decide; elsewhere one of them
AT_LEAST = 25


def case(lab: Lab, work: Path, kernel: str) -> Case:
    return Case(lab=lab.folder, work=work, kernel=kernel, seed="forger")


FORGERS = [
    pytest.param(
        forger,
        case(lab, forger.folder, kernel),
        id=f"{lab.id}-{forger.name}-{kernel}",
        marks=() if kernel in IN_CI.get(lab.tier, ("6.12",)) else pytest.mark.soak,
    )
    for lab, forger in ALL
    for kernel in BOTH
]
SOLUTIONS = [
    pytest.param(lab, case(lab, lab.folder / "solution", kernel), id=f"{lab.id}-{kernel}")
    for lab in GROUNDS
    for kernel in BOTH
]
WRONGS = [
    pytest.param(lab, wrong, case(lab, wrong.folder, "6.12"), id=f"{lab.id}-{wrong.name}")
    for lab in GROUNDS
    for wrong in wrongs(lab)
]


def test_there_are_enough_of_them_and_no_two_try_the_same() -> None:
    assert len({forger.says for _, forger in ALL}) == len(ALL) >= AT_LEAST
    assert {lab.tier for lab, _ in ALL} == set(Tier)


def test_the_table_that_people_read_is_up_to_date() -> None:
    assert with_table(PAGE.read_text(encoding="utf-8")) == PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("lab", GROUNDS, ids=lambda lab: lab.id)
def test_a_proving_ground_is_a_whole_lab_whose_runs_may_be_official(lab: Lab) -> None:
    assert lint(lab) == ()
    assert forgeable(lab) == ()
    graded = {check.id for check in lab.checks if check.points}
    assert {aim for forger in forgers(lab) for aim in forger.aims} == graded


@pytest.mark.guest
@pytest.mark.parametrize(("forger", "case"), FORGERS)
def test_a_forger_gains_nothing(forger: Forger, case: Case, played: Callable[[Case], RunDone]) -> None:
    verdict = played(case).verdict
    assert verdict.status is Status.GRADED, verdict.reason
    gained = {check.id: check.points for check in verdict.checks if check.id in forger.aims and check.points}
    assert gained == {}
    assert {check.outcome for check in verdict.checks if check.id in forger.aims} <= {
        Outcome.FAIL,
        Outcome.BLOCKED,
    }


@pytest.mark.guest
@pytest.mark.parametrize(("lab", "case"), SOLUTIONS)
def test_who_does_what_is_asked_gets_it_all(lab: Lab, case: Case, played: Callable[[Case], RunDone]) -> None:
    """Or a forger would gain nothing where nobody gains anything."""
    verdict = played(case).verdict
    assert ends(lab, verdict) == Ends(), [check.actual for check in verdict.checks]


@pytest.mark.guest
@pytest.mark.parametrize(("lab", "wrong", "case"), WRONGS)
def test_wrong_submissions_fail_just_what_they_do_not_do(
    lab: Lab, wrong: Wrong, case: Case, played: Callable[[Case], RunDone]
) -> None:
    assert ends(lab, played(case).verdict) == Ends(failed=wrong.fails, blocked=wrong.blocked)

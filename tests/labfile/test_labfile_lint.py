"""lint complains about what loads and is not a finished lab."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from labkit.labfile.lint import forgeable, lint
from labkit.labfile.load import load
from labkit.labfile.wrongs import wrongs
from labkit.model.errors import LabFileError


def found(folder: Path) -> list[str]:
    return [complaint.found for complaint in lint(load(folder))]


def test_a_finished_lab_has_no_complaint(tiny: Path) -> None:
    assert lint(load(tiny)) == ()


def test_a_missing_handout_is_told(tiny: Path) -> None:
    (tiny / "README.md.j2").unlink()
    assert found(tiny) == ["no handout"]


@pytest.mark.parametrize("name", ["starter/hog.c", "solution/plan.toml.j2"])
def test_a_missing_file_of_starter_or_solution_is_told(tiny: Path, name: str) -> None:
    (tiny / name).unlink()
    assert found(tiny) == [f"{Path(name).name.removesuffix('.j2')} is missing"]


def test_a_graded_check_that_nobody_fails_is_told(tiny: Path) -> None:
    (tiny / "wrong/units/expect.toml").write_text('says = "x"\nfails = ["judged"]\n')
    assert found(tiny) == ["no wrong submission fails 'limited'"]


def test_an_expectation_of_an_unknown_check_is_told_and_raises(tiny: Path) -> None:
    (tiny / "wrong/units/expect.toml").write_text('says = "x"\nfails = ["limitd"]\n')
    assert found(tiny) == ["no check 'limitd'"]
    with pytest.raises(LabFileError, match="did you mean 'limited'"):
        wrongs(load(tiny))


def test_an_expectation_with_a_typo_is_told(tiny: Path) -> None:
    (tiny / "wrong/units/expect.toml").write_text('says = "x"\nfail = ["limited"]\n')
    with pytest.raises(LabFileError):
        wrongs(load(tiny))


def test_a_parameter_that_nothing_reads_is_told(spoil: Callable[..., Path]) -> None:
    dead = '[[parameter]]\nname = "dead"\nkind = "choice"\nvalues = [1]\n\n[[hand_in]]'
    assert found(spoil("[[hand_in]]", dead)) == ["parameter 'dead' is never used"]


@pytest.mark.parametrize(
    ("tier", "evidence", "holding"),
    [
        ("root", "observer", "witness or sealed or physical"),
        ("root", "testimony", "witness or sealed or physical"),
        ("user", "testimony", "observer or witness or sealed or physical"),
        ("kernel", "witness", "sealed or physical"),
    ],
)
def test_a_lab_made_forgeable_is_refused(
    spoil: Callable[..., Path], tier: str, evidence: str, holding: str
) -> None:
    """The first check, 2 points, is of a class that the tier can forge; the second is only shown."""
    spoil('evidence = "witness"', f'evidence = "{evidence}"')
    spoil("points = 1", "points = 0")
    spoil("points = 3", "points = 2")
    folder = spoil('tier = "user"', f'tier = "{tier}"')
    (complaint,) = lint(load(folder))
    assert str(complaint) == (
        f"{folder}/lab.toml: check 'judged': graded on {evidence}, which tier {tier} can forge; "
        f"judge what is {holding}, or show it for 0 points"
    )
    assert [check.id for check in forgeable(load(folder))] == ["judged"]


@pytest.mark.parametrize("claimed", ["witness", "sealed", "physical"])
def test_a_captured_file_is_no_better_than_who_captured_it(spoil: Callable[..., Path], claimed: str) -> None:
    spoil('points = 1\nevidence = "observer"', f'points = 1\nevidence = "{claimed}"')
    lab = load(spoil('tier = "user"', 'tier = "root"'))
    assert [check.id for check in forgeable(lab)] == ["limited"]
    assert any("'limited': graded on observer, which tier root can forge" in str(it) for it in lint(lab))


def test_a_class_that_nobody_reads_is_told(spoil: Callable[..., Path]) -> None:
    folder = spoil('witness = { probes = ["zones", "tasks", "modules", "text"] }\n', "")
    assert found_in(folder) == ["its class is witness, and no scene has the host read that"]
    spoil('evidence = "witness"', 'evidence = "sealed"')
    assert found_in(folder) == ["its class is sealed, and no scene has the host read that"]


def test_a_physical_check_wants_tags(spoil: Callable[..., Path]) -> None:
    folder = spoil('evidence = "witness"', 'evidence = "physical"')
    assert found_in(folder) == ["its class is physical, and no scene has the host read that"]
    assert (
        found_in(
            spoil(
                '["zones", "tasks", "modules", "text"] }',
                '["zones", "tasks", "modules", "text"], tags = true }',
            )
        )
        == []
    )


def test_a_seal_wants_the_kernels_text(spoil: Callable[..., Path]) -> None:
    spoil('evidence = "witness"', 'evidence = "sealed"')
    folder = spoil('"modules", "text"]', '"modules"]')
    assert found_in(folder) == ["its class is sealed, and no scene has the host read that"]


def found_in(folder: Path) -> list[str]:
    return [complaint.found for complaint in lint(load(folder))]


def test_what_is_only_shown_may_be_of_any_class(spoil: Callable[..., Path]) -> None:
    spoil('points = 2\nevidence = "witness"', 'points = 0\nevidence = "testimony"')
    assert lint(load(spoil("points = 3", "points = 1"))) == ()


def test_wrong_submissions_are_read_with_what_they_must_fail(tiny: Path) -> None:
    lazy, units = wrongs(load(tiny))
    assert (lazy.name, sorted(lazy.fails), sorted(lazy.blocked)) == ("lazy", ["judged"], ["limited"])
    assert (units.name, sorted(units.fails), sorted(units.blocked)) == ("units", ["limited"], [])

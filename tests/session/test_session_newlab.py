"""The lab of `labkit new` in real guests: its solution gets all points, nothing else of it does."""

from __future__ import annotations

from pathlib import Path

import pytest
from playing import Case, Ends, ends, play_all

from labkit.authoring import new_lab
from labkit.labfile.forgers import forgers
from labkit.labfile.load import load
from labkit.labfile.wrongs import wrongs
from labkit.model.errors import LabkitError, UsageError
from labkit.model.rows import RunDone
from labkit.model.verdict import Outcome


def test_a_lab_outside_the_checkout_is_named_by_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert new_lab("mine", Path()) == (tmp_path / "mine", "./mine")
    assert new_lab("mine", Path("labs"))[1] == "./labs/mine"


def test_the_name_of_a_lab_of_the_course_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is a lab 'lab2'"):
        new_lab("lab2", tmp_path)


def whole(outcome: RunDone | LabkitError) -> RunDone:
    if isinstance(outcome, LabkitError):
        raise outcome
    return outcome


@pytest.mark.guest
def test_a_new_lab_runs_at_once(tmp_path: Path) -> None:
    folder, _ = new_lab("mine", tmp_path)
    lab = load(folder)
    works = [folder / "solution", folder / "starter"]
    works += [wrong.folder for wrong in wrongs(lab)] + [forger.folder for forger in forgers(lab)]
    cases = {work: Case(lab=folder, work=work, kernel="6.12", seed="ci") for work in works}
    done = play_all(cases.values(), tmp_path / "runs", print)
    verdicts = {work: whole(done[case]).verdict for work, case in cases.items()}
    assert verdicts[folder / "solution"].score == lab.max_score
    assert ends(lab, verdicts[folder / "starter"]).failed
    for wrong in wrongs(lab):
        assert ends(lab, verdicts[wrong.folder]) == Ends(failed=wrong.fails, blocked=wrong.blocked)
    for forger in forgers(lab):
        gained = [check.id for check in verdicts[forger.folder].checks if check.outcome is Outcome.PASS]
        assert not forger.aims & set(gained)

"""`labkit new` lays out a lab that loads and that lint finds nothing in."""

from __future__ import annotations

from pathlib import Path

import pytest

from labkit.labfile.forgers import forgers
from labkit.labfile.lint import forgeable, lint
from labkit.labfile.load import load
from labkit.labfile.newlab import write_new_lab
from labkit.labfile.wrongs import wrongs
from labkit.model.errors import UsageError
from labkit.model.verdict import EvidenceClass


def test_a_new_lab_is_whole_and_its_runs_may_be_official(tmp_path: Path) -> None:
    lab = load(write_new_lab("my_lab", tmp_path))
    assert (lab.id, lab.title, lab.folder) == ("my_lab", "My lab", tmp_path / "my_lab")
    assert lint(lab) == ()
    assert forgeable(lab) == ()
    assert {check.evidence for check in lab.checks} == {EvidenceClass.OBSERVER, EvidenceClass.WITNESS}
    assert wrongs(lab)
    assert forgers(lab)


def test_its_handout_is_still_a_template(tmp_path: Path) -> None:
    made = write_new_lab("my_lab", tmp_path)
    assert "{{ p.mapped }}" in (made / "README.md.j2").read_text(encoding="utf-8")
    assert "@{" not in "".join(path.read_text("utf-8") for path in made.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("name", "near"), [("My-Lab", "my_lab"), ("3lab", "lab"), ("../up", "up"), ("", "mylab")]
)
def test_a_name_that_no_lab_may_have_is_answered_with_one(tmp_path: Path, name: str, near: str) -> None:
    with pytest.raises(UsageError) as told:
        write_new_lab(name, tmp_path)
    assert told.value.found == f"'{name}' is no name for a lab"
    assert told.value.fix.endswith(f": {near}")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(tmp_path: Path) -> None:
    write_new_lab("mine", tmp_path)
    with pytest.raises(UsageError, match="there is something already"):
        write_new_lab("mine", tmp_path)


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError) as told:
        write_new_lab("mine", tmp_path / "file")
    assert str(tmp_path / "file") in told.value.where
    assert "--in FOLDER" in told.value.fix

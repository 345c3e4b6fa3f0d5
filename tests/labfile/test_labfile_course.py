"""course.toml is read with the care of a lab file, and a lab that names what it lacks is told so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from labkit.labfile.course import load_course, unplaced
from labkit.labfile.load import load
from labkit.labfile.workfolder import MARKER, Marker, work_folders, write_marker
from labkit.model.course import WHOLE
from labkit.model.errors import LabFileError, SubmissionError

LABS = Path(__file__).resolve().parents[2] / "labs"
COURSE = load_course(LABS / "course.toml")


def test_the_course_is_the_text_s_own_headings() -> None:
    assert COURSE.title == "Memory Management Internals"
    assert [section.name for section in COURSE.sections][:2] == [
        "Physical Memory Organization",
        "Buddy Allocator",
    ]
    for number, section in enumerate(COURSE.sections):
        assert COURSE.find(section.name) == (number, WHOLE)
        assert [COURSE.find(part) for part in section.parts] == [
            (number, inner) for inner in range(len(section.parts))
        ]


@pytest.mark.parametrize(
    ("text", "where", "found"),
    [
        ('title = "x"\n', "section", "not given"),
        ('title = "x"\nsection = [{ name = "A" }, { name = "B", also = ["a"] }]\n', "section[1]", "'a' is"),
        ('title = "x"\nsection = [{ nmae = "A" }]\n', "section[0].nmae", "unknown key"),
    ],
)
def test_a_slip_in_it_is_told_with_its_key(tmp_path: Path, text: str, where: str, found: str) -> None:
    (tmp_path / "course.toml").write_text(text)
    with pytest.raises(LabFileError) as told:
        load_course(tmp_path / "course.toml")
    assert told.value.where == f"{tmp_path / 'course.toml'}: {where}"
    assert told.value.found.startswith(found)


def test_a_lab_that_names_no_section_of_it_is_complained_of() -> None:
    lab = load(LABS / "lab2")
    assert list(unplaced(lab, COURSE)) == []
    odd = replace(lab, course="OOM Killer; Huge Page")
    (complaint,) = unplaced(odd, COURSE)
    assert complaint.found == "the course has no section 'Huge Page'"
    assert complaint.fix.endswith("did you mean 'Huge Pages'?")


def test_working_folders_are_found_by_their_markers(tmp_path: Path) -> None:
    for name in ("b", "a", "notes", "torn"):
        (tmp_path / name).mkdir()
    write_marker(tmp_path / "b", Marker(lab="lab2", seed="s"))
    write_marker(tmp_path / "a", Marker(lab="lab3", seed="s"))
    (tmp_path / "torn" / MARKER).write_text("lab = ")
    (tmp_path / "c").symlink_to(tmp_path / "b")
    found = work_folders(tmp_path)
    assert [path.name for path, _ in found] == ["a", "b", "c", "torn"]
    assert found[1][1] == Marker(lab="lab2", seed="s")
    assert isinstance(found[3][1], SubmissionError)
    assert work_folders(tmp_path / "gone") == ()

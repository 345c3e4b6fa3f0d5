"""What students hand in is refused with a reason or taken as text; what the lab ships is rendered."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from labkit.labfile.draw import parameters
from labkit.labfile.load import load
from labkit.labfile.submission import MAX_BYTES, load_submission
from labkit.model.errors import LabFileError, SubmissionError
from labkit.model.lab import Lab, Parameters


@pytest.fixture
def lab(tiny: Path) -> Lab:
    return load(tiny)


@pytest.fixture
def drawn(lab: Lab) -> Parameters:
    return parameters(lab, "seed")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "hog.c").write_text("int main(void) { return 0; }\n")
    (folder / "plan.toml").write_text("limit = 1\n")
    return folder


def refusal(lab: Lab, work: Path, drawn: Parameters) -> SubmissionError:
    with pytest.raises(SubmissionError) as caught:
        load_submission(lab, work, drawn)
    return caught.value


def test_only_declared_files_are_taken(lab: Lab, work: Path, drawn: Parameters) -> None:
    (work / "Makefile").write_text("all:")
    assert set(load_submission(lab, work, drawn)) == {"hog.c", "plan.toml"}


def test_a_missing_file_is_named_with_what_the_lab_says_of_it(
    lab: Lab, work: Path, drawn: Parameters
) -> None:
    (work / "hog.c").unlink()
    error = refusal(lab, work, drawn)
    assert error.where.endswith("hog.c")
    assert "a hog" in error.fix


def test_a_missing_folder_is_named(lab: Lab, work: Path, drawn: Parameters) -> None:
    assert refusal(lab, work / "nowhere", drawn).found == "no such folder"


def test_a_symbolic_link_is_refused(lab: Lab, work: Path, drawn: Parameters) -> None:
    (work / "hog.c").unlink()
    (work / "hog.c").symlink_to("/etc/passwd")
    assert refusal(lab, work, drawn).found == "a symbolic link"


def test_a_fifo_is_refused_and_not_waited_for(lab: Lab, work: Path, drawn: Parameters) -> None:
    (work / "hog.c").unlink()
    os.mkfifo(work / "hog.c")
    assert refusal(lab, work, drawn).found == "not a regular file"


def test_a_folder_in_place_of_a_file_is_refused(lab: Lab, work: Path, drawn: Parameters) -> None:
    (work / "hog.c").unlink()
    (work / "hog.c").mkdir()
    assert refusal(lab, work, drawn).found == "not a regular file"


def test_the_largest_file_is_taken_and_a_larger_one_is_not(lab: Lab, work: Path, drawn: Parameters) -> None:
    (work / "hog.c").write_bytes(b" " * MAX_BYTES)
    load_submission(lab, work, drawn)
    (work / "hog.c").write_bytes(b" " * (MAX_BYTES + 1))
    assert refusal(lab, work, drawn).found == "larger than 256 KiB"


def test_bytes_that_are_not_utf8_are_refused(lab: Lab, work: Path, drawn: Parameters) -> None:
    (work / "hog.c").write_bytes(b"ok \xff")
    assert refusal(lab, work, drawn).found == "not UTF-8 at byte 3"


def test_toml_that_does_not_parse_is_named_by_line(lab: Lab, work: Path, drawn: Parameters) -> None:
    (work / "plan.toml").write_text("limit = 1\nother =\n")
    assert "line 2" in refusal(lab, work, drawn).found


def test_a_student_s_template_is_not_rendered(lab: Lab, work: Path, drawn: Parameters) -> None:
    (work / "plan.toml").rename(work / "plan.toml.j2")
    assert refusal(lab, work, drawn).found == "not handed in"


def test_the_solution_is_rendered_with_parameters_and_key(lab: Lab, drawn: Parameters) -> None:
    texts = load_submission(lab, lab.folder / "solution", drawn)
    limit = drawn["limit"]
    assert isinstance(limit, int)
    assert texts["plan.toml"] == f"limit = {limit}\ndouble = {limit * 2}\n"


def test_what_a_wrong_submission_leaves_alone_comes_from_the_solution(lab: Lab, drawn: Parameters) -> None:
    right = load_submission(lab, lab.folder / "solution", drawn)
    lazy = load_submission(lab, lab.folder / "wrong" / "lazy", drawn)
    assert lazy["hog.c"] != right["hog.c"]
    assert lazy["plan.toml"] == right["plan.toml"]


def test_a_template_that_names_nothing_known_is_the_author_s_error(lab: Lab, drawn: Parameters) -> None:
    (lab.folder / "solution" / "plan.toml.j2").write_text("limit = {{ p.limmit }}\n")
    with pytest.raises(LabFileError, match=r"plan\.toml\.j2.*limmit"):
        load_submission(lab, lab.folder / "solution", drawn)

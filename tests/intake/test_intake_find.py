"""Whose each submission is: in folders of one's own and in what platforms let an instructor download."""

from __future__ import annotations

import zipfile
from datetime import datetime, timezone
from pathlib import Path

import pytest

from labkit.intake.find import find
from labkit.intake.roster import load_roster, matched
from labkit.intake.unpack import unpack
from labkit.model.coursework import Parcel, Platform, Student
from labkit.model.errors import UsageError

NAMES = ("hog.c", "limit.sh")

CANVAS = {
    "lovelaceada_1001_90001_hog.c": b"ada",
    "lovelaceada_1001_90002_limit-2.sh": b"ada's second",
    "babbagecharles_LATE_1002_90003_work.zip": b"",  # filled below
    "o'neill-smith_1003_90004_hog-1.c": b"again",
}
MOODLE = {
    "Ada Lovelace_501_assignsubmission_file_/hog.c": b"ada",
    "Ada Lovelace_501_assignsubmission_file_/limit.sh": b"sh",
    "Ada Lovelace_501_assignsubmission_onlinetext_/onlinetext.html": b"<p>",
    "José_María Ñandú_502_assignsubmission_file_/hog.c": b"jose",
}
GRADESCOPE = """\
submission_71:
  :submitters:
  - :name: Ada Lovelace
    :sid: 0815
    :email: ada@x.edu
  - :name: Mary S.
    :sid:
    :email: mary@x.edu
  :created_at: 2026-11-30 22:58:59.123456000 Z
  :score: 3.0
  :history: []
submission_72:
  :submitters:
  - :name: Charles Babbage
    :sid: '1791'
    :email: cb@x.edu
  :created_at: !ruby/object:ActiveSupport::TimeWithZone 2026-12-01 09:00:00 +01:00
"""


def laid_out(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


@pytest.fixture(params=["folder", "zip"])
def lay(request: pytest.FixtureRequest, tmp_path: Path):  # type: ignore[no-untyped-def]
    """Files as a folder, or as the archive that a browser has downloaded."""
    if request.param == "folder":
        return lambda files: laid_out(tmp_path / "class", files)
    return lambda files: packed(tmp_path / "class.zip", files)


def told(parcels: tuple[Parcel, ...]) -> dict[tuple[str, int], dict[str, bytes]]:
    return {(it.student.id, it.attempt): dict(unpack(it, NAMES).files) for it in parcels}


def test_a_folder_or_an_archive_a_student(lay, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    inner = packed(tmp_path / "inner.zip", {"lab2/hog.c": b"bob"}).read_bytes()
    where = lay(
        {"ada/hog.c": b"ada", "ada/deep/er/x": b"", "bob.zip": inner, "README.txt": b"", ".DS_Store": b""}
    )
    found = find(where)
    assert told(found.parcels) == {("ada", 1): {"hog.c": b"ada"}, ("bob", 1): {"hog.c": b"bob"}}
    assert found.strays == ("README.txt",)


def test_attempts_stand_inside_or_in_the_name(lay) -> None:  # type: ignore[no-untyped-def]
    where = lay(
        {
            "ada/attempt-1/hog.c": b"1",
            "ada/attempt-2/hog.c": b"2",
            "bob-attempt-3/hog.c": b"3",
            "bob/hog.c": b"first",
        }
    )
    assert told(find(where).parcels) == {
        ("ada", 1): {"hog.c": b"1"},
        ("ada", 2): {"hog.c": b"2"},
        ("bob", 1): {"hog.c": b"first"},
        ("bob", 3): {"hog.c": b"3"},
    }


def test_canvas_tells_whose_it_is_which_was_late_and_which_was_handed_in_again(lay, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    inner = packed(tmp_path / "work.zip", {"hog.c": b"charles"}).read_bytes()
    parcels = find(lay(CANVAS | {"babbagecharles_LATE_1002_90003_work.zip": inner})).parcels
    assert told(parcels) == {
        ("1001", 1): {"hog.c": b"ada", "limit.sh": b"ada's second"},
        ("1002", 1): {"hog.c": b"charles"},
        ("1003", 1): {"hog.c": b"again"},
    }
    assert [(it.student.name, it.late) for it in parcels] == [
        ("lovelaceada", False),
        ("babbagecharles", True),
        ("o'neill-smith", False),
    ]


def test_moodle_tells_the_participant_and_what_was_typed_is_no_file(lay) -> None:  # type: ignore[no-untyped-def]
    parcels = find(lay(MOODLE)).parcels
    assert told(parcels) == {("501", 1): {"hog.c": b"ada", "limit.sh": b"sh"}, ("502", 1): {"hog.c": b"jose"}}
    assert parcels[1].student.name == "José_María Ñandú"


def test_moodle_without_folders_is_understood_too(lay) -> None:  # type: ignore[no-untyped-def]
    flat = {name.replace("_/", "_"): data for name, data in MOODLE.items()}
    assert told(find(lay(flat)).parcels)[("501", 1)] == {"hog.c": b"ada", "limit.sh": b"sh"}


def test_gradescope_tells_in_its_own_file_who_submitted_together_and_when(lay) -> None:  # type: ignore[no-untyped-def]
    where = lay(
        {
            "submission_metadata.yml": GRADESCOPE.encode(),
            "submission_71/hog.c": b"both",
            "submission_72/hog.c": b"charles",
        }
    )
    parcels = {it.student.id: it for it in find(where).parcels}
    assert {name: unpack(it, NAMES).files["hog.c"] for name, it in parcels.items()} == {
        "0815": b"both",
        "mary@x.edu": b"both",
        "1791": b"charles",
    }
    assert parcels["0815"].submitted_at == datetime(2026, 11, 30, 22, 58, 59, 123456, tzinfo=timezone.utc)
    assert parcels["1791"].submitted_at == datetime(2026, 12, 1, 8, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("files", "platform", "found"),
    [
        ({"README.txt": b""}, None, "nothing handed in"),
        ({"ada/hog.c": b""}, Platform.CANVAS, "nothing handed in"),
        ({"ada/hog.c": b"", "ada.zip": b"PK"}, None, "two are attempt 1 of ada"),
        ({"submission_metadata.yml": b"a: ["}, None, "no YAML"),
        ({"submission_metadata.yml": b"- 1"}, None, "no submissions"),
    ],
)
def test_a_download_that_is_none_or_unclear_is_refused(
    files: dict[str, bytes], platform: Platform | None, found: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=found):
        find(laid_out(tmp_path / "class", files), platform)


def test_nothing_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not there"):
        find(tmp_path / "none")


def test_a_link_among_the_students_is_nobody(tmp_path: Path) -> None:
    where = laid_out(tmp_path / "class", {"ada/hog.c": b"ada"})
    (where / "eve").symlink_to("/etc")
    found = find(where)
    assert ([it.student.id for it in found.parcels], found.strays) == (["ada"], ("eve",))


def roster(folder: Path, text: str) -> Path:
    path = folder / "roster.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "id,name,email\nada,Ada Lovelace,ada@x.edu\nbob,Bob,\n",
        "\ufeffid,name,email\r\nada,Ada Lovelace,ada@x.edu\r\n\r\nbob,Bob,\r\n",
        "Student,ID,SIS User ID,SIS Login ID,Section,Lab (1)\n    Points Possible,,,,,20\n"
        '"Lovelace, Ada",ada,1815,ada@x.edu,S1,\n"Bob",bob,77,,S1,\n"Student, Test",99,,,S1,\n',
        "Identifier,Full name,Email address,ID number\n"
        "Participant 501,Ada Lovelace,ada@x.edu,1815\nParticipant 502,Bob,,77\n",
        "First Name,Last Name,SID,Email,Role\nAda,Lovelace,1815,ada@x.edu,Student\n"
        "Bob,,77,bob@x.edu,Student\n",
    ],
    ids=["own", "excel", "canvas", "moodle", "gradescope"],
)
def test_rosters_of_every_maker_are_read(text: str, tmp_path: Path) -> None:
    first, second = load_roster(roster(tmp_path, text)).students
    assert first.id in ("ada", "501", "1815")
    assert first.email == "ada@x.edu"
    assert "Ada" in first.name
    assert second.name == "Bob"


@pytest.mark.parametrize(
    ("text", "where", "found"),
    [
        ("", "", "nothing in it"),
        ("colour,size\nred,1\n", ":1", "no column"),
        ("id,name\nada,A\nada,B\n", ":3", "ada stands twice"),
    ],
)
def test_a_roster_that_is_none_is_refused_with_its_line(
    text: str, where: str, found: str, tmp_path: Path
) -> None:
    path = roster(tmp_path, text)
    with pytest.raises(UsageError, match=found) as caught:
        load_roster(path)
    assert caught.value.where == f"{path}{where}"


def test_a_parcel_is_a_students_by_id_number_address_or_a_name_that_only_one_has(tmp_path: Path) -> None:
    known = load_roster(
        roster(
            tmp_path,
            "id,name,email,sis\nada,Ada Lovelace,ada@x.edu,1815\nbob,Bob,,77\n"
            "b2,Sam,,\nb3,Sam,,\nzoe,Zoe,,\n",
        )
    )

    def parcel(**student: str) -> Parcel:
        return Parcel(student=Student(**student), source=tmp_path, origin="x")  # type: ignore[arg-type]

    handed_in = [
        parcel(id="90", name="lovelaceada"),
        parcel(id="77"),
        parcel(id="x", email="ADA@x.edu"),
        parcel(id="y", name="Sam"),
        parcel(id="ADA"),
    ]
    found = matched(handed_in, known)
    assert [it.student.id for it in found.parcels] == ["ada", "bob", "ada"]
    assert [it.student.id for it in found.strangers] == ["y", "ADA"]
    assert [it.id for it in found.absent] == ["b2", "b3", "zoe"]

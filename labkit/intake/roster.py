"""Who is in the course: a CSV of one's own, or as Canvas, Moodle or Gradescope export it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from labkit.intake.box import printable
from labkit.model.coursework import Matched, Parcel, Roster, Student
from labkit.model.errors import UsageError

MAX_BYTES = 32 << 20
# The columns that tell who somebody is, in the words of each exporter, the best one first.
COLUMNS = {
    "id": ("id", "identifier", "sid", "student id", "id number", "sis user id", "email", "email address"),
    "name": ("name", "student", "full name"),
    "first": ("first name",),
    "last": ("last name", "surname"),
    "email": ("email", "email address", "sis login id"),
    "sis": ("sis", "sis user id", "sid", "student id", "id number"),
    "login": ("sis login id", "login", "username"),
    "section": ("section",),
}
_PARTICIPANT = re.compile(r"Participant (\d+)")  # Moodle's grading worksheet


def load_roster(path: Path) -> Roster:
    """The students in a CSV file. Raises UsageError with the line."""
    rows = list(csv.reader(io.StringIO(_text(path), newline="")))
    if not rows:
        raise UsageError(where=str(path), found="nothing in it", fix="begin with a line: id,name,email")
    at = _columns(rows[0])
    if "id" not in at:
        found = f"no column that tells one from another: {', '.join(map(printable, rows[0]))[:120]}"
        raise UsageError(where=f"{path}:1", found=found, fix="name one column id")
    students: dict[str, Student] = {}
    for number, row in enumerate(rows[1:], start=2):
        student = _student(row, at)
        if student is None:
            continue
        if student.id in students:
            found = f"{printable(student.id)} stands twice"
            raise UsageError(where=f"{path}:{number}", found=found, fix="keep one line a student")
        students[student.id] = student
    return Roster(students=tuple(students.values()))


def matched(parcels: Sequence[Parcel], roster: Roster) -> Matched:
    """Whose each parcel is: by id, by registrar's number, by address, by login, or by a name that one has."""
    known = _index(roster)
    found, strangers, there = [], [], set()
    for parcel in parcels:
        student = next((known[word] for word in _words(parcel.student) if word in known), None)
        if student is None:
            strangers.append(parcel)
        else:
            found.append(replace(parcel, student=student))
            there.add(student.id)
    absent = tuple(student for student in roster.students if student.id not in there)
    return Matched(parcels=tuple(found), absent=absent, strangers=tuple(strangers))


def _index(roster: Roster) -> Mapping[str, Student]:
    """Every word that means one student and no other."""
    claims: dict[str, set[str]] = {}
    by_id = {student.id: student for student in roster.students}
    for student in roster.students:
        for word in _words(student):
            claims.setdefault(word, set()).add(student.id)
    alone = {word: by_id[next(iter(ids))] for word, ids in claims.items() if len(ids) == 1}
    return alone | {f"id {student.id}": student for student in roster.students}


def _words(student: Student) -> list[str]:
    """How somebody may be called, the surest first. Canvas writes a name lastnamefirstname."""
    words = [f"id {student.id}", *(f"id {other}" for other in (student.sis, *student.others) if other)]
    if student.email:
        words.append(f"mail {student.email.casefold()}")
    if student.name:
        words.append("name " + "".join(sorted(re.findall(r"\w", student.name.casefold()))))
    return words


def _student(row: list[str], at: Mapping[str, int]) -> Student | None:
    """None for lines that are nobody: blank ones, Canvas's points possible and its test student."""

    def cell(name: str) -> str:
        return row[at[name]].strip() if name in at and at[name] < len(row) else ""

    name = cell("name") or " ".join(filter(None, (cell("first"), cell("last"))))
    id_ = cell("id")
    if worksheet := _PARTICIPANT.fullmatch(id_):
        id_ = worksheet[1]
    if not id_ or name.strip() == "Points Possible" or name == "Student, Test":
        return None
    return Student(
        id=id_,
        name=name,
        email=cell("email") if "@" in cell("email") else "",
        sis=cell("sis") if cell("sis") != id_ else "",
        section=cell("section"),
        others=tuple(word for word in (cell("login"),) if word),
    )


def _columns(header: list[str]) -> dict[str, int]:
    names = [name.strip().casefold() for name in header]
    found = {}
    for column, words in COLUMNS.items():
        for word in words:
            if word in names:
                found[column] = names.index(word)
                break
    return found


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise UsageError(where=str(path), found="larger than 32 MiB", fix="give the roster of one course")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(
            where=str(path), found=error.strerror or str(error), fix="give the roster, a CSV file"
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(
            where=str(path), found=f"not UTF-8 at byte {error.start}", fix="save it as UTF-8"
        ) from error

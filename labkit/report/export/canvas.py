"""An instructor's own gradebook export from Canvas with one column filled; every other cell stays as it was.

Canvas, "How do I import grades in the Gradebook?": rows are told by ID, then SIS User ID, then SIS Login ID;
a row may hold "Points Possible"; EX excuses; a title with its assignment's number in brackets is that
assignment, and one that Canvas does not know would offer to make a new one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from labkit.model.coursework import Ruling, Student
from labkit.model.errors import UsageError

KEYS = ("ID", "SIS User ID", "SIS Login ID")
EXCUSED = "EX"
POSSIBLE = "Points Possible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """The CSV's text, and the students with a score for whom it has no row."""

    text: str
    missing: tuple[Student, ...]


def fill_canvas(text: str, title: str, rulings: Sequence[Ruling], where: str = "the gradebook") -> Filled:
    """Fill the column of the assignment `title` with the final scores.

    A student without a final score keeps what the cell held, and one who is excused stays so. Raises
    UsageError for a CSV that is no gradebook's, or has no such column or two of them, or where the assignment
    is worth other points: Canvas would take 10 of 10 for 10 of 100.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    if not rows or "ID" not in rows[0]:
        raise UsageError(
            where=where, found="no column ID in its first line", fix="export the gradebook from Canvas as CSV"
        )
    column = _column(rows[0], title, where)
    _refuse_other_points(rows, column, rulings, where)
    keys = [rows[0].index(key) for key in KEYS if key in rows[0]]
    finals = _by_word(rulings)
    done: set[str] = set()
    for row in rows[1:]:
        ruling = next((finals[row[at]] for at in keys if at < len(row) and row[at] in finals), None)
        if ruling is None or len(row) <= column:
            continue
        done.add(ruling.student.id)
        if ruling.final is not None and row[column].strip().upper() != EXCUSED:
            row[column] = f"{ruling.final:.2f}"
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=newline).writerows(rows)
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    left = tuple(it.student for it in rulings if it.final is not None and it.student.id not in done)
    return Filled(text=mark + out.getvalue(), missing=left)


def _column(header: list[str], title: str, where: str) -> int:
    found = [at for at, name in enumerate(header) if name == title or name.startswith(f"{title} (")]
    if len(found) != 1:
        titles = ", ".join(name for name in header if name.endswith(")"))[:200] or "none"
        raise UsageError(
            where=where,
            found=f"{len(found)} columns called {title!r}",
            fix=f"give the whole title with --title; there are: {titles}",
        )
    return found[0]


def _refuse_other_points(
    rows: Sequence[list[str]], column: int, rulings: Sequence[Ruling], where: str
) -> None:
    worth = next((row[column] for row in rows[1:] if len(row) > column and POSSIBLE in row[0]), "")
    try:
        points = float(worth)
    except ValueError:  # no such row, or Canvas's own words in it
        return
    if other := [ruling.max_score for ruling in rulings if ruling.max_score != points]:
        raise UsageError(
            where=where,
            found=f"{rows[0][column]} is worth {points:g} points there, and {other[0]} here",
            fix=f"give the assignment {other[0]} points in Canvas, and export the gradebook again",
        )


def _by_word(rulings: Sequence[Ruling]) -> dict[str, Ruling]:
    found: dict[str, Ruling] = {}
    for ruling in rulings:
        student = ruling.student
        for word in (student.id, student.sis, student.email, *student.others):
            if word:
                found.setdefault(word, ruling)
    return found

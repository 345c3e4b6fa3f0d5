"""A class as a plain table: CSV for a spreadsheet, JSON for a program."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

from labkit.model.coursework import Ledger, Result, Ruling
from labkit.report.text import tame

COLUMNS = (
    "student", "name", "attempt", "counts", "standing", "score", "penalty", "final", "max_score", "late_days",
    "submitted_at", "graded_at", "seed", "submission_sha256", "run", "reason",
)  # fmt: skip
MAX_CELL = 4000  # characters; a spreadsheet takes 32,767
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the begin of one


def render_csv(ledger: Ledger, *, bom: bool = False) -> str:
    """A row an attempt, CRLF as RFC 4180 has it. With `bom` Excel takes it for UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in _rows(ledger):
        writer.writerow([_cell(row[name]) for name in COLUMNS])
    return ("\ufeff" if bom else "") + out.getvalue()


def render_json(ledger: Ledger) -> str:
    """An array, an object an attempt; what has no value is null."""
    return json.dumps(list(_rows(ledger)), indent=1, ensure_ascii=True) + "\n"


def _rows(ledger: Ledger) -> Iterator[dict[str, object]]:
    rulings = {ruling.student.id: ruling for ruling in ledger.rulings}
    for result in ledger.results:
        ruling = rulings.get(result.student.id)
        yield _row(result, ruling if ruling is not None and ruling.attempt == result.attempt else None)


def _row(result: Result, ruling: Ruling | None) -> dict[str, object]:
    return {
        "student": result.student.id,
        "name": result.student.name,
        "attempt": result.attempt,
        "counts": ruling is not None,
        "standing": result.standing.value,
        "score": result.score,
        "penalty": ruling.penalty if ruling else None,
        "final": ruling.final if ruling else None,
        "max_score": result.max_score,
        "late_days": ruling.late_days if ruling else None,
        "submitted_at": result.submitted_at.isoformat() if result.submitted_at else None,
        "graded_at": result.graded_at.isoformat(),
        "seed": result.seed,
        "submission_sha256": result.submission,
        "run": result.run,
        "reason": result.reason,
    }


def _cell(value: object) -> str:
    """Numbers as they are; foreign text in one line, and never as a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:g}"
    text = tame(str(value)[:MAX_CELL]).replace("\n", " | ")
    return f"'{text}" if text.startswith(FORMULA) else text

"""A whole class as Canvas, Jenkins, KTAP's readers, spreadsheets and programs take it."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from graded_class import ADA, BOB, CLASS, DAN, EVIL, LEDGER, VERDICTS, ruling
from hypothesis import given
from hypothesis import strategies as st

from labkit.model.coursework import Student
from labkit.model.errors import UsageError
from labkit.report.export.canvas import fill_canvas
from labkit.report.export.junit import render_junit
from labkit.report.export.ktap import render_ktap
from labkit.report.export.table import COLUMNS, FORMULA, render_csv, render_json

HERE = Path(__file__).parent
GRADEBOOK = (
    "Student,ID,SIS User ID,SIS Login ID,Section,The OOM killer (4711),Other (1)\r\n"
    "    Points Possible,,,,,4,10\r\n"
    '"A, Ada",ada,,ada@x.edu,S1,,"7,5"\r\n'
    '"B, Bob",900,77,,"S ""2""",1.00,\r\n'
    '"D, Dan",dan,,,S1,,\r\n'
    '"E, Excused",eve,,,S1,EX,\r\n'
    '"Student, Test",999,,,S1,,\r\n'
)


def test_canvas_gets_one_column_filled_and_the_rest_as_it_was() -> None:
    rulings = (*LEDGER.rulings, ruling(Student(id="eve"), 4.0), ruling(Student(id="gone"), 1.0))
    filled = fill_canvas(GRADEBOOK, "The OOM killer", rulings)
    expected = GRADEBOOK.replace('S1,,"7,5"', 'S1,4.00,"7,5"').replace("1.00,", "2.50,")
    assert filled.text == expected
    assert [student.id for student in filled.missing] == ["cyd", EVIL, "gone"]


def test_canvas_takes_the_file_back_with_its_mark_and_its_line_ends() -> None:
    text = "\ufeff" + GRADEBOOK.replace("\r\n", "\n")
    assert fill_canvas(text, "The OOM killer", ()).text == text


@pytest.mark.parametrize(
    ("text", "title", "found"),
    [
        (GRADEBOOK, "Unknown", "0 columns"),
        (GRADEBOOK.replace("Other (1)", "The OOM killer (2)"), "The OOM killer", "2 columns"),
        (GRADEBOOK.replace(",4,10", ",40,10"), "The OOM killer", "is worth 40 points there, and 4 here"),
        ("", "x", "no column ID"),
    ],
)
def test_a_column_that_is_not_one_is_refused(text: str, title: str, found: str) -> None:
    with pytest.raises(UsageError, match=found):
        fill_canvas(text, title, LEDGER.rulings)


def test_jenkins_takes_the_xml_and_reads_each_end_in_it() -> None:
    text = render_junit(LEDGER, VERDICTS)
    schema = xmlschema.XMLSchema(HERE / "junit-10.xsd")
    schema.validate(text)
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", text)
    suites = re.findall(r"<testsuite .*?</testsuite>", text, re.DOTALL)
    assert len(suites) == len(CLASS)
    assert 'failures="1"' in suites[1]
    assert "<error" in suites[2]
    assert suites[3].count("<rerunFailure") == 2
    assert "<skipped" in suites[4]
    assert '<property name="score" value="3"' in suites[1]


LINE = re.compile(r"(ok|not ok) (\d+)(?: ([^#]*?))?(?: # (SKIP|TODO|XFAIL|TIMEOUT|ERROR)(?: .*)?)?")


def read_ktap(lines: list[str], indent: str = "") -> list[Any]:
    """Strictly after Documentation/dev-tools/ktap.rst: version, plan, results in order, nested first."""
    assert lines.pop(0) == f"{indent}KTAP version 1"
    plan = re.fullmatch(re.escape(indent) + r"1\.\.(\d+)", lines.pop(0))
    assert plan is not None
    found: list[Any] = []
    nested: list[Any] = []
    while len(found) < int(plan[1]):
        if lines[0] == f"{indent}  KTAP version 1":
            nested = list(read_ktap(lines, indent + "  "))
            continue
        line = lines.pop(0)
        assert line.startswith(indent)
        match = LINE.fullmatch(line[len(indent) :])
        assert match is not None, line
        assert int(match[2]) == len(found) + 1
        found.append((match[1] == "ok", match[3] or "", match[4], nested))
        nested = []
    return found


def test_ktap_is_read_strictly_whatever_a_student_is_called() -> None:
    lines = render_ktap(LEDGER).splitlines()
    found = read_ktap(lines)
    assert lines == []
    assert [ok for ok, _, _, _ in found] == [True, False, False, False, False]
    assert found[3][2] == "ERROR"
    assert [(ok, name) for ok, name, _, _ in found[1][3]] == [(True, "touches"), (False, "order")]


def test_the_table_has_a_row_an_attempt_and_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(render_csv(LEDGER), newline="")))
    assert len(rows) == len(CLASS)
    assert (rows[1]["score"], rows[1]["penalty"], rows[1]["final"]) == ("3", "0.5", "2.5")
    assert (rows[3]["score"], rows[3]["final"], rows[3]["standing"]) == ("", "", "ungraded")
    assert rows[4]["student"].startswith("'=HYPERLINK")
    assert render_csv(LEDGER, bom=True).startswith("\ufeff")


def test_a_program_gets_null_where_there_is_no_value() -> None:
    rows = json.loads(render_json(LEDGER))
    assert set(rows[0]) == set(COLUMNS)
    assert (rows[3]["score"], rows[0]["final"]) == (None, 4.0)
    assert rows[4]["student"] == EVIL


@given(st.text(), st.text(), st.text())
def test_no_cell_is_a_formula_and_every_row_keeps_its_columns(id_: str, name: str, reason: str) -> None:
    odd = replace(BOB, student=Student(id=id_, name=name), reason=reason)
    text = render_csv(replace(LEDGER, results=(odd, ADA, DAN), rulings=()))
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert not [cell for row in rows[1:] for cell in row if cell.startswith(FORMULA)]
    assert "\x00" not in text

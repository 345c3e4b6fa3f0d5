"""`labkit course` before anything is graded, and what is done with results that stand."""

from __future__ import annotations

import base64
import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from graded_class import BOB, CLASS, VERDICTS

from labkit.cli.course import parse_shard
from labkit.cli.front import enter
from labkit.model.errors import ExitCode, UsageError
from labkit.report.verdict_json import render_verdict_json
from labkit.store.journal import CourseRecord, Journal


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course's folder with results of lab2, and the verdicts of those that ran."""
    journal = Journal(folder=tmp_path / "autumn")
    journal.begin(CourseRecord(lab="lab2", kernel="", key="", submissions="/in"))
    for result in CLASS:
        kept = replace(result, run=f"run-{result.key[:8]}" if result.key in VERDICTS else "")
        journal.put(kept)
        if kept.run:
            (journal.runs / kept.run).mkdir(parents=True)
            text = render_verdict_json(VERDICTS[result.key])
            (journal.runs / kept.run / "verdict.json").write_text(text)
    return journal.folder


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("words", "where", "found"),
    [
        (["grade", "lab2", "/gone", "--out", "o", "--shard", "3/2"], "--shard 3/2", "no part of a whole"),
        (["grade", "lab2", "/gone", "--out", "o", "--key", "k"], "--key", "no --official"),
        (["grade", "lab2", "/gone", "--out", "o"], "SUBMISSIONS /gone", "not there"),
        (["grade", "lab9", ".", "--out", "o"], "LAB", "no lab"),
        (["show", "."], "", "no course.json in it"),
        (["export", "--for", "csv"], "labkit course export", "no DIR or no --to"),
        (["export", "--for", "github"], "--for github", "no --verdict"),
        (["export", "--for", "github", "--verdict", "/gone"], "/gone", "No such file"),
        (["bundle", "lab3", "--for", "github", "--out", "w.yml"], "--for github", "no --source"),
        (
            ["bundle", "lab3", "--for", "github", "--out", "w.yml", "--source", "a b"],
            "--source a b",
            "no repository",
        ),
        (["autograde", "lab3", "--root", "."], "submission_metadata.json", "No such file"),
    ],
)
@pytest.mark.usefixtures("elsewhere")
def test_a_mistyped_line_is_2_with_where_and_what_was_found(
    words: list[str], where: str, found: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert enter(["course", *words]) == ExitCode.BAD_INPUT
    text = " ".join(capsys.readouterr().err.split())
    assert where in text
    assert found in text


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/0", "-1/2", "1/2/3"])
def test_a_shard_that_is_no_part_of_a_whole_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_shard(text)


def test_a_shard_is_read() -> None:
    assert (parse_shard("2/3"), parse_shard(None)) == ((2, 3), None)


def test_the_rules_are_kept_and_what_they_make_of_scores_apart_from_these(
    course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in (course / "results").iterdir()}
    rules = tmp_path / "rules.toml"
    rules.write_text("due = 2026-12-01T00:00:00Z\nper_day = 50\n")
    assert enter(["course", "policy", str(course), "--policy", str(rules), "--explain", "Bob B."]) == 0
    assert "final: 3 of" in capsys.readouterr().out
    assert (course / "policy.toml").read_bytes() == rules.read_bytes()
    assert {entry["student"]["id"] for entry in json.loads((course / "rulings.json").read_text())} >= {"bob"}
    rules.write_text("due = 2026-12-01T00:00:00Z\n[extensions]\nbob = 2\nbbo = 3\n")
    assert enter(["course", "show", str(course), "--policy", str(rules)]) == 0
    assert "extensions of the rules for ids that nobody here has: bbo\n" in capsys.readouterr().out
    rules.write_text("due = 2026-12-01T00:00:00Z\nper_day = 50\n")
    assert enter(["course", "show", str(course), "--policy", str(rules)]) == 0
    rules.write_text("per_day = 500\n")
    assert enter(["course", "policy", str(course), "--policy", str(rules)]) == ExitCode.BAD_INPUT
    rules.write_text('[showing]\nchecks = { ordre = "hidden" }\n')  # or `order` would be shown
    assert enter(["course", "policy", str(course), "--policy", str(rules)]) == ExitCode.BAD_INPUT
    assert "did you mean 'order'?" in " ".join(capsys.readouterr().err.split())
    assert "per_day = 50\n" in (course / "policy.toml").read_text()
    assert {path.name: path.read_bytes() for path in (course / "results").iterdir()} == before


@pytest.mark.parametrize(
    ("target", "number"), [("csv", 1), ("json", 1), ("junit", 1), ("ktap", 1), ("gradescope", 5), ("ags", 5)]
)
def test_each_export_is_written_where_it_was_wanted(
    target: str, number: int, course: Path, tmp_path: Path
) -> None:
    to = tmp_path / "exports" / target
    assert enter(["course", "export", str(course), "--for", target, "--to", str(to)]) == 0
    files = [to] if to.is_file() else [path for path in to.rglob("*") if path.is_file()]
    assert len(files) == number
    assert all(path.stat().st_size for path in files)


def test_canvas_gets_its_own_file_back_with_a_column_filled(
    course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book, to = tmp_path / "book.csv", tmp_path / "filled.csv"
    book.write_text("Student,ID,OOM (7)\nBob,bob,\nZoe,zoe,\n")
    words = ["course", "export", str(course), "--for", "canvas", "--to", str(to), "--fill", str(book)]
    assert enter(words) == ExitCode.BAD_INPUT  # no column has the lab's title
    assert "0 columns called 'The OOM killer'" in " ".join(capsys.readouterr().err.split())
    assert enter([*words, "--title", "OOM"]) == 0
    assert list(csv.reader(to.read_text().splitlines())) == [
        ["Student", "ID", "OOM (7)"],
        ["Bob", "bob", "3.00"],
        ["Zoe", "zoe", ""],
    ]
    told = capsys.readouterr().err
    assert "no row for: " in told
    assert "ada, cyd" in told


def test_pages_are_written_for_everybody(course: Path) -> None:
    assert enter(["course", "pages", str(course), "-q"]) == 0
    assert (course / "class.html").is_file()
    assert len(list((course / "feedback").iterdir())) == len(CLASS)


def test_github_gets_a_workflow(tmp_path: Path) -> None:
    out = tmp_path / "classroom.yml"
    assert (
        enter(["course", "bundle", "lab3", "--for", "github", "--source", "a/labkit", "--out", str(out)]) == 0
    )
    job = yaml.safe_load(out.read_text())["jobs"]["grade"]
    assert "labkit run lab3 submission" in out.read_text()
    assert job["steps"][1]["with"]["repository"] == "a/labkit"


def test_a_step_without_a_verdict_still_has_a_denominator(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["course", "export", "--for", "github", "--verdict", str(tmp_path / "none.json"), "--lab", "lab2"]
    assert enter(words) == 0
    document = json.loads(base64.b64decode(capsys.readouterr().out))
    assert (document["max_score"], document["status"]) == (20, "error")
    assert [(test["status"], test["score"]) for test in document["tests"]] == [("error", 0.0)]


def test_a_step_of_github_classroom_gets_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "v.json"
    path.write_text(render_verdict_json(VERDICTS[BOB.key]))
    assert enter(["course", "export", "--for", "github", "--verdict", str(path)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1

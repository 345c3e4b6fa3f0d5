"""One result for Gradescope, GitHub Classroom and LTI: as each reader's own rules want it."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from typing import Any

import pytest
import yaml
from graded_class import BOB, CLASS, CYD, DAN, EVE, VERDICTS, finding, ruling, verdict
from jsonschema import Draft202012Validator

from labkit.model.coursework import Showing, Visibility
from labkit.model.verdict import Outcome, Status
from labkit.report.export.ags import render_ags
from labkit.report.export.github import render_github, render_workflow
from labkit.report.export.gradescope import render_gradescope

VISIBILITY = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
# gradescope-autograders.readthedocs.io, "Output Format"
GRADESCOPE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "score": {"type": "number"},
        "execution_time": {"type": "number"},
        "output": {"type": "string"},
        "output_format": FORMAT,
        "test_output_format": FORMAT,
        "test_name_format": FORMAT,
        "visibility": VISIBILITY,
        "stdout_visibility": VISIBILITY,
        "extra_data": {"type": "object"},
        "leaderboard": {"type": "array"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "score": {"type": "number"},
                    "max_score": {"type": "number"},
                    "status": {"enum": ["passed", "failed"]},
                    "name": {"type": "string"},
                    "name_format": FORMAT,
                    "number": {"type": "string", "pattern": r"^\d+(\.\d+)*$"},
                    "output": {"type": "string"},
                    "output_format": FORMAT,
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "visibility": VISIBILITY,
                    "extra_data": {"type": "object"},
                },
            },
        },
    },
}


@pytest.mark.parametrize("result", CLASS, ids=lambda result: ascii(result.student.id)[:8])
def test_gradescope_takes_every_end(result: Any) -> None:
    text = render_gradescope(result, VERDICTS.get(result.key), Showing())
    document = json.loads(text)
    Draft202012Validator(GRADESCOPE).validate(document)
    assert "\x1b" not in text
    assert document.get("score") == result.score  # none for an ungraded one, 0 for a refused one
    if result.score is None:
        assert "a person looks at it" in document["output"]
        assert "lost" not in document["output"]
    else:
        assert sum(test.get("max_score", 0) for test in document["tests"]) in (0, 4)


def test_gradescope_gets_the_score_after_the_rules_and_what_they_took() -> None:
    document = json.loads(render_gradescope(BOB, VERDICTS[BOB.key], Showing(), ruling(BOB.student, 2.5)))
    assert (document["score"], document["output"]) == (2.5, "attempt 1: score 3 of 4")
    statuses = [(test["number"], test.get("score"), test["status"]) for test in document["tests"]]
    assert statuses == [("1", 3.0, "passed"), ("2", 0.0, "failed"), ("3", None, "failed")]


def test_no_visible_test_says_a_word_about_a_hidden_one() -> None:
    secret = "41 MiB and never 42"
    found = verdict(
        finding("touches", Outcome.PASS, 3.0, 3),
        finding("order", Outcome.FAIL, 0.0, 1, secret),
        finding("after", Outcome.BLOCKED, None, 0, f"order is not met: {secret}"),
    )
    showing = Showing(checks={"order": Visibility.HIDDEN})
    tests = json.loads(render_gradescope(BOB, found, showing))["tests"]
    assert [test["visibility"] for test in tests] == ["visible", "hidden", "visible"]
    assert secret in tests[1]["output"]
    assert all(secret not in json.dumps(test) for test in (tests[0], tests[2]))


def test_classroom_gets_a_denominator_whatever_happened() -> None:
    for result in (BOB, EVE):
        document = json.loads(base64.b64decode(render_github(VERDICTS[result.key]), validate=True))
        assert (document["version"], document["max_score"]) == (1, 4)
        assert document["status"] == "fail"
        for test in document["tests"]:
            assert set(test) == {
                "name", "status", "message", "test_code", "filename", "line_no", "execution_time", "score",
            }  # fmt: skip
            assert test["status"] in ("pass", "fail", "error")
    broken = replace(VERDICTS[BOB.key], status=Status.UNGRADED, score=None)
    document = json.loads(base64.b64decode(render_github(broken)))
    assert (document["status"], document["max_score"]) == ("error", 4)
    assert {(test["status"], test["score"]) for test in document["tests"]} == {("error", 0.0)}


def test_the_workflow_is_yaml_whose_reporter_reads_the_step_that_grades() -> None:
    text = render_workflow("lab2", labkit="course/labkit", kernel="6.1")
    job = yaml.safe_load(text)["jobs"]["grade"]
    ids = [step["id"] for step in job["steps"] if "id" in step]
    reporter = job["steps"][-1]
    runners = reporter["with"]["runners"].split(",")
    assert runners == ids
    assert set(reporter["env"]) == {f"{name.upper()}_RESULTS" for name in ids}
    assert "labkit run lab2 submission --kernel 6.1 --json" in text
    assert "[[" not in text.replace("${{", "")
    script = next(step["run"] for step in job["steps"] if step.get("id") == "labkit").splitlines()
    place = {
        word: at
        for at, line in enumerate(script)
        for word in ("::stop-", "labkit run", '"::$token::"')
        if word in line
    }
    assert place["::stop-"] < place["labkit run"] < place['"::$token::"']


@pytest.mark.parametrize("result", CLASS, ids=lambda result: ascii(result.student.id)[:8])
def test_a_score_for_lti_has_what_the_platform_requires(result: Any) -> None:
    final = None if result.score is None else 3.0
    document = json.loads(render_ags(ruling(result.student, final), result.graded_at))
    assert {"userId", "timestamp", "activityProgress", "gradingProgress"} <= set(document)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,}Z", document["timestamp"])
    assert document["activityProgress"] == "Completed"
    if final is None:
        assert document["gradingProgress"] == "PendingManual"
        assert "scoreGiven" not in document
    else:
        assert document["gradingProgress"] == "FullyGraded"
        assert 0 <= document["scoreGiven"] <= document["scoreMaximum"]
    assert document["userId"] == result.student.id


def test_who_handed_in_nothing_is_not_ready_at_lti() -> None:
    document = json.loads(render_ags(ruling(CYD.student, None, attempt=None), DAN.graded_at))
    assert (document["activityProgress"], document["gradingProgress"]) == ("Initialized", "NotReady")

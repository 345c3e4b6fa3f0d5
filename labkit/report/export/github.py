"""GitHub Classroom: a step's result as its reporter reads it, and a workflow that runs a lab.

classroom-resources/autograding-grading-reporter: base64 of a JSON object, `version` 1; each test has a status
pass, fail or error and a score. Without `max_score` a crash would leave the denominator to the others.
"""

from __future__ import annotations

import base64
import json
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from labkit.model.verdict import Finding, Outcome, Status, Verdict
from labkit.report.text import tame

_STATUS = {Outcome.PASS: "pass", Outcome.PARTIAL: "fail", Outcome.FAIL: "fail", Outcome.BLOCKED: "fail"}


def render_github(verdict: Verdict) -> str:
    """The value of the step's output `result`."""
    graded = [check for check in verdict.checks if check.max_points]
    ungraded = verdict.status is Status.UNGRADED
    whole = all(check.outcome is Outcome.PASS for check in graded)
    document = {
        "version": 1,
        "status": "error" if ungraded else "pass" if whole else "fail",
        "max_score": verdict.max_score,
        "tests": [_test(check, ungraded=ungraded) for check in graded],
    }
    return base64.b64encode(json.dumps(document).encode()).decode("ascii")


def render_github_failure(max_score: int) -> str:
    """The same of a submission of which there is no verdict: it does not compile, or labkit failed."""
    test = {
        "name": "graded",
        "status": "error",
        "message": "there is no verdict: the step's log says why",
        "test_code": "the submission compiles and is run",
        "filename": "",
        "line_no": 0,
        "execution_time": 0,
        "score": 0.0,
    }
    document = {"version": 1, "status": "error", "max_score": max_score, "tests": [test]}
    return base64.b64encode(json.dumps(document).encode()).decode("ascii")


def render_workflow(lab: str, *, labkit: str, kernel: str = "") -> str:
    """.github/workflows/classroom.yml of an assignment. `labkit` is where it is cloned from."""
    return _world().get_template("classroom.yml.j2").render(lab=lab, labkit=labkit, kernel=kernel)


def _test(check: Finding, *, ungraded: bool) -> dict[str, object]:
    error = ungraded or check.outcome not in _STATUS
    hint = check.hint if check.outcome in (Outcome.FAIL, Outcome.PARTIAL) else ""
    said = [f"expected: {check.expected}", f"actual: {check.actual}", *([f"hint: {hint}"] if hint else [])]
    return {
        "name": check.id,
        "status": "error" if error else _STATUS[check.outcome],
        "message": tame("\n".join(said)),
        "test_code": tame(check.says),
        "filename": check.where.path if check.where else "",
        "line_no": check.where.line or 0 if check.where else 0,
        "execution_time": 0,
        "score": 0.0 if error else check.points or 0.0,
    }


@cache
def _world() -> Environment:
    # Its own marks: ${{ … }} is the workflow's.
    return Environment(
        loader=PackageLoader("labkit.report.export", "templates"),
        undefined=StrictUndefined,
        autoescape=False,  # YAML, of words that labkit's own command line has checked
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        keep_trailing_newline=True,
    )

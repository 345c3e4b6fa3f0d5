"""A result as Gradescope's autograder harness reads it: /autograder/results/results.json.

Members and visibilities: gradescope-autograders.readthedocs.io/en/latest/specs, "Output Format". A run
without a score has no `score` and no test with one: Gradescope then shows that its autograder failed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from labkit.model.coursework import Result, Ruling, Showing, Standing, Visibility
from labkit.model.verdict import Finding, Outcome, Verdict
from labkit.report.shown import shown
from labkit.report.text import tame

TO_A_PERSON = (
    "labkit could not grade this. That is not your fault; nothing was counted, and a person looks at it."
)


def render_gradescope(
    result: Result, verdict: Verdict | None, showing: Showing, ruling: Ruling | None = None
) -> str:
    """The JSON text. `ruling` gives the score after the course's rules; what it says is put on top."""
    document: dict[str, object] = {
        "execution_time": round(result.seconds),
        "output_format": "text",
        "test_output_format": "text",
        "stdout_visibility": Visibility.HIDDEN.value,
        "extra_data": {"seed": result.seed, "submission_sha256": result.submission, "key": result.key},
    }
    match result.standing:
        case Standing.UNGRADED:
            document |= {"output": TO_A_PERSON, "tests": []}
        case Standing.REFUSED:
            document |= {"score": 0.0, "output": tame(result.reason), "tests": []}
        case Standing.GRADED:
            final = result.score if ruling is None or ruling.final is None else ruling.final
            said = "" if ruling is None else "\n".join(ruling.because)
            tests = list(_tests(verdict, showing)) if verdict is not None else []
            document |= {"score": final, "output": tame(said), "tests": tests}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def render_gradescope_failure() -> str:
    """What is there until something better is: a harness that finds nothing would blame the student."""
    return json.dumps({"output": TO_A_PERSON, "output_format": "text", "tests": []}, indent=2) + "\n"


def _tests(verdict: Verdict, showing: Showing) -> Iterator[dict[str, object]]:
    """Every check. What a student may read by now says nothing of what is hidden (shown() sees to it)."""
    open_ = {check.id: check for check in shown(verdict, showing, is_due=False).checks}
    for number, check in enumerate(verdict.checks, start=1):
        seen = open_.get(check.id, check)
        test: dict[str, object] = {
            "name": tame(seen.says),
            "number": str(number),
            "output": _output(seen),
            "visibility": showing.of(check.id).value,
            "tags": [check.evidence.value],
            "extra_data": {"check": check.id, "outcome": check.outcome.value},
        }
        if check.max_points:
            test |= {"score": check.points or 0.0, "max_score": check.max_points}
        if check.outcome in (Outcome.PASS, Outcome.FAIL, Outcome.PARTIAL, Outcome.BLOCKED):
            test["status"] = "passed" if check.outcome is Outcome.PASS else "failed"
        yield test


def _output(check: Finding) -> str:
    told = [("expected", check.expected), ("actual", check.actual)]
    if check.outcome in (Outcome.FAIL, Outcome.PARTIAL):
        told.append(("hint", check.hint))
    return tame("\n".join(f"{name}: {text}" for name, text in told if text))

"""A class as JUnit XML, in the shape that Jenkins reads (jenkinsci/xunit-plugin, junit-10.xsd).

A suite is an attempt, a test case a graded check. What labkit failed at and tried again is a rerunFailure.
Control characters that XML 1.0 forbids are made visible.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from labkit.model.coursework import Ledger, Result, Standing
from labkit.model.verdict import Finding, Outcome, Verdict
from labkit.report.text import tame

if TYPE_CHECKING:
    from junitparser.xunit2 import TestCase, TestSuite

UNSCORED = (Outcome.UNSUPPORTED, Outcome.BROKEN)


def render_junit(ledger: Ledger, verdicts: Mapping[str, Verdict]) -> str:
    """The XML text. `verdicts` are by Result.key; a result without one is one test case."""
    from junitparser.xunit2 import JUnitXml

    report = JUnitXml(ledger.lab)
    for result in ledger.results:
        report.add_testsuite(_suite(result, verdicts.get(result.key)))
    report.update_statistics()
    text = report.tostring()
    return text.decode("utf-8") if isinstance(text, bytes) else str(text)


def _suite(result: Result, verdict: Verdict | None) -> TestSuite:
    from junitparser import Error
    from junitparser.xunit2 import RerunFailure, TestCase, TestSuite

    suite = TestSuite(_plain(f"{result.student.id}, attempt {result.attempt}"))
    suite.timestamp = result.graded_at.isoformat(timespec="seconds")
    for name, value in _properties(result).items():
        suite.add_property(name, _plain(value))
    if result.standing is Standing.GRADED and verdict is not None:
        for check in verdict.checks:
            if check.max_points:
                suite.add_testcase(_case(result, check))
        return suite
    case = TestCase(result.standing.value, classname=_plain(result.lab), time=result.seconds)
    case.result = [Error(_plain(result.reason), result.standing.value)]
    for failure in result.failures:
        case.add_interim_result(RerunFailure(_plain(failure), "labkit"))
    suite.add_testcase(case)
    return suite


def _case(result: Result, check: Finding) -> TestCase:
    from junitparser import Error, Failure, Skipped
    from junitparser.xunit2 import TestCase

    case = TestCase(check.id, classname=_plain(f"{result.lab}.{result.student.id}"), time=0)
    message = _plain(f"expected {check.expected}; actual {check.actual}")
    if check.outcome in (Outcome.FAIL, Outcome.PARTIAL):
        case.result = [Failure(message, check.outcome.value)]
    elif check.outcome is Outcome.BLOCKED:
        case.result = [Skipped(message, "blocked")]
    elif check.outcome in UNSCORED:
        case.result = [Error(message, check.outcome.value)]
    case.system_out = f"{check.points or 0:g} of {check.max_points} points, {check.evidence.value}"
    return case


def _properties(result: Result) -> dict[str, str]:
    return {
        "student": result.student.id,
        "score": "" if result.score is None else f"{result.score:g}",
        "max_score": str(result.max_score),
        "seed": result.seed,
        "submission.sha256": result.submission,
        "tries": str(len(result.failures) + 1),
    }


def _plain(text: str) -> str:
    """Without what XML 1.0 forbids: tame() leaves no control character but tab and newline, no surrogate."""
    return "".join(char for char in tame(text) if char not in "\ufffe\uffff")

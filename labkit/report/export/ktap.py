"""A class as KTAP version 1 (Documentation/dev-tools/ktap.rst): a test an attempt, a subtest a check."""

from __future__ import annotations

from collections.abc import Iterator

from labkit.model.coursework import Ledger, Mark, Result, Standing
from labkit.model.verdict import Outcome
from labkit.report.text import tame_line

VERSION = "KTAP version 1"
_DIRECTIVES = {
    Outcome.BLOCKED.value: " # SKIP blocked",
    Outcome.UNSUPPORTED.value: " # SKIP unsupported",
    Outcome.BROKEN.value: " # ERROR broken",
}


def render_ktap(ledger: Ledger) -> str:
    """The text; an attempt is ok when it has full marks."""
    lines = [VERSION, f"1..{len(ledger.results)}"]
    for number, result in enumerate(ledger.results, start=1):
        lines += _attempt(number, result)
    return "\n".join(lines) + "\n"


def _attempt(number: int, result: Result) -> Iterator[str]:
    graded = [mark for mark in result.marks if mark.max_points]
    if graded:
        yield f"  {VERSION}"
        yield f"  1..{len(graded)}"
        yield from (f"  {_line(at, mark)}" for at, mark in enumerate(graded, start=1))
    name = _described(f"{result.student.id} attempt {result.attempt}")
    whole = result.standing is Standing.GRADED and result.score == result.max_score
    reason = {Standing.UNGRADED: " # ERROR ungraded", Standing.REFUSED: ""}.get(result.standing, "")
    yield f"{'ok' if whole else 'not ok'} {number} {name}{reason}"


def _line(number: int, mark: Mark) -> str:
    word = "ok" if mark.outcome in (Outcome.PASS.value, Outcome.BLOCKED.value) else "not ok"
    if mark.outcome == Outcome.UNSUPPORTED.value:
        word = "ok"  # as the kernel's own: what was skipped did not fail
    return f"{word} {number} {_described(mark.id)}{_DIRECTIVES.get(mark.outcome, '')}"


def _described(text: str) -> str:
    """A description: one line, and no # in it, which would begin a directive."""
    return tame_line(text).replace("#", "%").strip() or "unnamed"

"""What a student may see of a verdict: the checks shown already, and nothing that betrays the rest."""

from __future__ import annotations

from dataclasses import dataclass, replace

from labkit.model.coursework import Showing
from labkit.model.verdict import Finding, Outcome, Verdict

UNSEEN_NEED = "a check that it needs did not pass"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """`points` of `max_points` are those of the shown checks alone; None where one of them has no score."""

    checks: tuple[Finding, ...]
    points: float | None
    max_points: int
    hidden: int
    hidden_points: int

    @property
    def whole(self) -> bool:
        return not self.hidden


def shown(verdict: Verdict, showing: Showing, *, is_due: bool) -> Shown:
    """The student's part. A blocked check names those it needs: not where one of them is hidden."""
    open_ = [check for check in verdict.checks if showing.shown(check.id, is_due=is_due)]
    hidden = [check for check in verdict.checks if check not in open_]
    checks = tuple(_unnamed(check) if hidden else check for check in open_)
    # A check that is blocked has no points of its own and takes none: the run is still graded.
    scored = [check.points or 0.0 for check in open_]
    return Shown(
        checks=checks,
        points=None if verdict.score is None else sum(scored),
        max_points=sum(check.max_points for check in open_),
        hidden=len(hidden),
        hidden_points=sum(check.max_points for check in hidden),
    )


def _unnamed(check: Finding) -> Finding:
    if check.outcome is not Outcome.BLOCKED:
        return check
    return replace(check, expected="", actual=UNSEEN_NEED, where=None, hint="")

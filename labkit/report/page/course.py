"""Pages of a class: one for the instructor, one for each student. In the visual language of a run's page."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from labkit.model.coursework import Ledger, Mark, Result, Ruling, Showing, Standing
from labkit.model.verdict import Finding, Verdict
from labkit.report.course import LESS
from labkit.report.page.render import world
from labkit.report.shown import shown

CLASS = "class.html.j2"
FEEDBACK = "feedback.html.j2"
BINS = 10
STANDINGS = {
    Standing.GRADED: ("graded", "pass"),
    Standing.REFUSED: ("refused", "fail"),
    Standing.UNGRADED: ("ungraded", "broken"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A check that somebody failed: what it found there; `run` is that run's page, from the class's."""

    finding: Finding
    run: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stumble:
    """A check and how many of those graded did not get all its points."""

    id: str
    failed: int
    of: int
    share: float
    example: Example | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Attempts that ended in the same way: the checks they failed, or why nothing of them was run."""

    says: str
    students: tuple[str, ...]


def render_class(ledger: Ledger, examples: Mapping[str, Example], labkit: str) -> str:
    """The instructor's page. `examples` are by check."""
    finals = {ruling.student.id: ruling for ruling in ledger.rulings}
    return (
        world()
        .get_template(CLASS)
        .render(
            ledger=ledger,
            labkit=labkit,
            ends=_ends(ledger),
            bars=distribution(tuple(finals.values()), ledger.max_score),
            stumbles=stumbles(ledger.results, examples),
            groups=alike(ledger.results),
            finals=finals,
            standings=STANDINGS,
        )
    )


def render_feedback(
    result: Result, ruling: Ruling | None, verdict: Verdict | None, showing: Showing, *, is_due: bool
) -> str:
    """A student's page: only what they may see by now, and the seed that plays it again."""
    part = None if verdict is None else shown(verdict, showing, is_due=is_due)
    return (
        world()
        .get_template(FEEDBACK)
        .render(
            result=result,
            ruling=ruling,
            verdict=verdict,
            part=part,
            hides=not is_due and showing.hides,
            standing=STANDINGS[result.standing],
        )
    )


def distribution(rulings: tuple[Ruling, ...], top: int) -> list[tuple[str, int, float]]:
    """Of tenths of the maximum: '0 to 2', how many final scores lie there, and the share of the tallest."""
    finals = [ruling.final for ruling in rulings if ruling.final is not None]
    counts = Counter(min(BINS - 1, int(BINS * final / top)) if top else 0 for final in finals)
    tallest = max(counts.values(), default=0)
    edges = [top * edge / BINS for edge in range(BINS + 1)]
    return [
        (f"{low:g} to {high:g}", counts[at], round(100 * counts[at] / tallest, 1) if tallest else 0.0)
        for at, (low, high) in enumerate(pairwise(edges))
    ]


def stumbles(results: tuple[Result, ...], examples: Mapping[str, Example]) -> list[Stumble]:
    """The graded checks, those most failed first."""
    failed: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for mark in (mark for result in results for mark in result.marks if mark.max_points):
        seen[mark.id] += 1
        failed[mark.id] += mark.outcome in LESS
    rows = [
        Stumble(
            id=name,
            failed=failed[name],
            of=number,
            share=round(100 * failed[name] / number, 1),
            example=examples.get(name) if failed[name] else None,
        )
        for name, number in seen.items()
    ]
    return sorted(rows, key=lambda row: -row.failed)


def alike(results: tuple[Result, ...]) -> list[Alike]:
    """Attempts with the same failure, the largest groups first; those with full marks are no failure."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for result in results:
        if says := _failure(result):
            groups[says].append(result.student.name or result.student.id)
    rows = [Alike(says=says, students=tuple(names)) for says, names in groups.items()]
    return sorted(rows, key=lambda row: (-len(row.students), row.says))


def _failure(result: Result) -> str:
    if result.standing is not Standing.GRADED:
        # Where it was found is each one's own; what was found may be everybody's.
        first = result.reason.split("\n", 1)[0]
        return f"{result.standing.value}: {first.partition(': ')[2] or first}"
    failed = [mark.id for mark in result.marks if _failed(mark)]
    return "fails " + ", ".join(failed) if failed else ""


def _failed(mark: Mark) -> bool:
    return bool(mark.max_points) and mark.outcome in LESS


def _ends(ledger: Ledger) -> list[tuple[str, str, int]]:
    counts = Counter(result.standing for result in ledger.results)
    return [(*STANDINGS[standing], counts[standing]) for standing in Standing if counts[standing]]

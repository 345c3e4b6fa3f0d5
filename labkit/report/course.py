"""A class → one line a student: which attempt counts, its score, what the rules took, what failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from labkit.model.coursework import Change, Ledger, Result, Ruling, Standing
from labkit.model.verdict import Outcome
from labkit.report.terminal import WIDE
from labkit.report.text import count_of, oneline, points

NAME_COLUMNS = 28
LESS = (Outcome.FAIL.value, Outcome.PARTIAL.value)
_STYLES = {Standing.GRADED: "", Standing.UNGRADED: "cyan", Standing.REFUSED: "red"}


@dataclass(frozen=True, slots=True)
class CoursePage:
    """The table of a class; it asks the console for its width when it is drawn."""

    ledger: Ledger

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        del console
        yield _table(self.ledger, wide=options.max_width >= WIDE)
        yield Text()
        yield Text(course_counts(self.ledger), style="bold")
        yield from _rest(self.ledger)


def render_course(ledger: Ledger) -> RenderableType:
    """The whole table and what it comes to."""
    return CoursePage(ledger)


def render_course_summary(ledger: Ledger) -> RenderableType:
    """One line: what a script's log or a quiet run needs."""
    return Text(course_counts(ledger))


def render_ruling(ruling: Ruling) -> RenderableType:
    """What the rules make of one student, step by step."""
    lines = [oneline(_named(ruling.student.id, ruling.student.name), style="bold")]
    lines += [oneline(f"  {step}") for step in ruling.because]
    lines.append(oneline(f"  final: {_final(ruling)} of {ruling.max_score}", style="bold"))
    return Text("\n").join(lines)


def render_changes(changes: Sequence[Change]) -> RenderableType:
    """Who would have another result, from what to what, and why; then how many would not."""
    moved = [change for change in changes if change.because]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", expand=True)
    table.add_column("student", no_wrap=True, overflow="ellipsis", max_width=NAME_COLUMNS, style="bold")
    for name in ("try", "from", "to"):
        table.add_column(name, no_wrap=True, justify="right")
    table.add_column("why", ratio=1)
    for change in moved:
        why = oneline("; ".join((*change.because, change.how)))
        cells = (str(change.attempt), _number(change.before), _number(change.after))
        table.add_row(oneline(_named(change.student.id, change.student.name)), *cells, why)
    same = len(changes) - len(moved)
    counts = f"{count_of(len(moved), 'result')} would change, {same} judged again and the same"
    return Group(table, Text(), Text(counts, style="bold")) if moved else Text(counts, style="bold")


def _number(score: float | None) -> str:
    return "none" if score is None else points(score)


def _table(ledger: Ledger, *, wide: bool) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", expand=True)
    table.add_column("student", no_wrap=True, overflow="ellipsis", max_width=NAME_COLUMNS, style="bold")
    table.add_column("try", justify="right")
    table.add_column("score", no_wrap=True, justify="right")
    ruled = any(ruling.penalty for ruling in ledger.rulings)
    if ruled:
        table.add_column("final", no_wrap=True, justify="right")
    table.add_column("what failed", no_wrap=True, overflow="ellipsis", ratio=1)
    if wide:
        table.add_column("run", no_wrap=True, overflow="ellipsis", style="dim")
    finals = {ruling.student.id: ruling for ruling in ledger.rulings}
    for result in ledger.results:
        ruling = finals.get(result.student.id)
        counts = ruling is not None and ruling.attempt == result.attempt
        cells = [
            oneline(_named(result.student.id, result.student.name)),
            Text(str(result.attempt)),
            _score(result),
        ]
        if ruled:
            cells.append(Text(_final(ruling)) if ruling is not None and counts else Text("·", style="dim"))
        cells.append(_failed(result))
        table.add_row(*cells, *([oneline(result.run)] if wide else []))
    return table


def _named(id_: str, name: str) -> str:
    return f"{name} ({id_})" if name and name != id_ else id_


def _score(result: Result) -> Text:
    style = _STYLES[result.standing]
    if result.standing is Standing.GRADED and result.score is not None:
        full = result.score == result.max_score
        return Text(f"{points(result.score)}/{result.max_score}", style="green" if full else style)
    return Text("0, refused" if result.standing is Standing.REFUSED else "no score", style=style)


def _failed(result: Result) -> Text:
    if result.standing is not Standing.GRADED:
        return oneline(result.reason, style=_STYLES[result.standing])
    failed = [mark.id for mark in result.marks if mark.max_points and mark.outcome in LESS]
    again = f"; tried {len(result.failures) + 1} times" if result.failures else ""
    note = f"; {result.reason}" if result.reason else ""
    return oneline(", ".join(failed) + again + note)


def _final(ruling: Ruling) -> str:
    return "no score" if ruling.final is None else points(ruling.final)


def course_counts(ledger: Ledger) -> str:
    """How many ended how: '40 attempts of 38 students: 35 graded (31 full marks), 3 refused, 2 ungraded'."""
    ends = Counter(result.standing for result in ledger.results)
    students = len({result.student.id for result in ledger.results})
    full = sum(it.standing is Standing.GRADED and it.score == it.max_score for it in ledger.results)
    words = [
        f"{ends[standing]} {standing.value}"
        + (f" ({full} full marks)" if standing is Standing.GRADED else "")
        for standing in Standing
        if ends[standing]
    ]
    whose = f"{count_of(len(ledger.results), 'attempt')} of {count_of(students, 'student')}"
    return f"{ledger.lab}: {whose}: {', '.join(words) or 'nothing graded'}"


def _rest(ledger: Ledger) -> Iterator[Text]:
    if ledger.absent:
        names = ", ".join(student.name or student.id for student in ledger.absent)
        yield oneline(f"handed in nothing: {names}")
    if ledger.strangers:
        yield oneline(f"extensions of the rules for ids that nobody here has: {', '.join(ledger.strangers)}")
    if ledger.elsewhere:
        yield oneline(f"{count_of(ledger.elsewhere, 'attempt')} left to another grader or shard")
    kept = len(ledger.results) - ledger.fresh
    if ledger.fresh and kept > 0:
        yield oneline(f"{ledger.fresh} graded now, {kept} stood already", style="dim")
    yield oneline(f"results, runs and pages: {ledger.folder}", style="dim")

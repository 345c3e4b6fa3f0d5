"""A batch → one line a submission: whose, how many points, what failed or why there is no score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from labkit.model.errors import BadInput, ExitCode, LabkitError
from labkit.model.rows import RunDone, SubmissionRow
from labkit.model.verdict import Outcome, Status, Verdict
from labkit.report.terminal import WIDE
from labkit.report.text import count_of, oneline, points, tame_line

NAME_COLUMNS = 28
_WORDS = {
    ExitCode.PASSED: "full marks",
    ExitCode.NOT_ALL_PASSED: "less",
    ExitCode.BAD_INPUT: "not gradable",
    ExitCode.HOST_CANNOT: "failed by this machine",
    ExitCode.BROKEN: "no score",
}


@dataclass(frozen=True, slots=True)
class BatchPage:
    """The table of a batch; it asks the console for its width when it is drawn."""

    rows: tuple[SubmissionRow, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        del console
        wide = options.max_width >= WIDE
        yield _table(self.rows, wide=wide)
        yield Text()
        yield Text(counts(self.rows, "submission"), style="bold")
        yield from explained(self.rows)


def render_batch(rows: Sequence[SubmissionRow]) -> RenderableType:
    """The whole table, in the order given, and what it comes to."""
    return BatchPage(tuple(rows))


def render_batch_summary(rows: Sequence[SubmissionRow]) -> RenderableType:
    """One line: what a script's log or a quiet run needs."""
    return Text(counts(rows, "submission"))


def _table(rows: Sequence[SubmissionRow], *, wide: bool) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", expand=True)
    table.add_column("submission", no_wrap=True, overflow="ellipsis", max_width=NAME_COLUMNS, style="bold")
    table.add_column("score", no_wrap=True, justify="right")
    table.add_column("what failed", no_wrap=True, overflow="ellipsis", ratio=1)
    if wide:
        table.add_column("run", no_wrap=True, overflow="ellipsis", style="dim")
    for row in rows:
        score, what, run = cells(row)
        table.add_row(oneline(row.name), score, what, *([run] if wide else []))
    return table


def cells(row: SubmissionRow) -> tuple[Text, Text, Text]:
    """A row's score, what failed or why there is none, and its run."""
    if isinstance(row.outcome, RunDone):
        return *_graded(row.outcome.verdict), oneline(row.outcome.run.name)
    return *_failed(row), Text()


def explained(rows: Sequence[SubmissionRow]) -> Iterator[Text]:
    """How the runs of these rows are shown one by one."""
    for folder in sorted({row.outcome.run.parent for row in rows if isinstance(row.outcome, RunDone)}):
        yield oneline(f"explained one by one: labkit show {folder}/RUN", style="dim")


def _graded(verdict: Verdict) -> tuple[Text, Text]:
    if verdict.status is Status.UNGRADED or verdict.score is None:
        return Text("no score", style="cyan"), oneline(verdict.reason, style="cyan")
    graded = [check for check in verdict.checks if check.max_points]
    failed = [check.id for check in graded if check.outcome in (Outcome.FAIL, Outcome.PARTIAL)]
    blocked = [check.id for check in graded if check.outcome is Outcome.BLOCKED]
    words = [", ".join(failed)] + ([f"blocked: {', '.join(blocked)}"] if blocked else [])
    style = "" if failed or blocked else "green"
    return Text(f"{points(verdict.score)}/{verdict.max_score}", style=style), oneline("; ".join(words))


def _failed(row: SubmissionRow) -> tuple[Text, Text]:
    error = row.outcome
    assert isinstance(error, LabkitError)
    style = "red" if isinstance(error, BadInput) else "cyan"
    where = error.where.rpartition(f"{row.name}/")[2]
    return Text("error", style=style), Text(f"{tame_line(where)}: {tame_line(error.found)}", style=style)


def counts(rows: Sequence[SubmissionRow], what: str) -> str:
    """How many ended how: '6 submissions: 5 full marks, 1 less'."""
    ends = Counter(row.exit_code for row in rows)
    told = ", ".join(f"{ends[code]} {words}" for code, words in _WORDS.items() if ends[code])
    return f"{count_of(len(rows), what)}: {told}"

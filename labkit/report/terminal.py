"""Verdict → what a student reads: header, a row a check, what went wrong and where, the score, what next."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from labkit.model.verdict import EvidenceClass, ExcerptLine, Finding, Mark, Outcome, Status, Verdict
from labkit.report.text import BLOCK_LIMIT, block, human_seconds, oneline, points, tame_line

WIDE = 110  # columns from which a row also says where a fact was read
EXCERPT_LIMIT = 2 * BLOCK_LIMIT

WORD = {
    Outcome.PASS: ("pass", "green"),
    Outcome.PARTIAL: ("partial", "yellow"),
    Outcome.FAIL: ("FAIL", "bold red"),
    Outcome.BLOCKED: ("blocked", "magenta"),
    Outcome.UNSUPPORTED: ("unsupported", "cyan"),
    Outcome.BROKEN: ("broken", "bold cyan"),
}
_MARK = {Mark.GOOD: "green", Mark.BAD: "bold red", Mark.MISSING: "yellow", Mark.CONTEXT: "dim"}
READ = {
    EvidenceClass.TESTIMONY: "text that the program or the guest printed",
    EvidenceClass.OBSERVER: "read in the guest by labkit's own process",
    EvidenceClass.WITNESS: "read by the host from the guest's memory",
    EvidenceClass.SEALED: "read by the host; kernel text and counters proven consistent",
    EvidenceClass.PHYSICAL: "found in the guest's RAM itself",
}


@dataclass(frozen=True, slots=True)
class VerdictPage:
    """The page of one run; it asks the console for its width when it is drawn."""

    verdict: Verdict
    run: Path | None
    lab: str = ""
    page: Path | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        del console
        verdict = self.verdict
        yield _header(verdict)
        yield Text()
        yield _rows(verdict, wide=options.max_width >= WIDE)
        for check in _to_explain(verdict):
            yield Text()
            yield _why(check)
        yield Text()
        yield _score(verdict)
        if verdict.timings:
            yield _times(verdict)
        yield _more(verdict, self.run, self.lab or verdict.lab, self.page)


def render_verdict(
    verdict: Verdict, run: Path | None, lab: str = "", page: Path | None = None
) -> RenderableType:
    """The whole page; `run` is the run directory that `where` lines are relative to.

    `lab` is how a command line names the lab, if not by the verdict's id; `page` is for a browser.
    """
    return VerdictPage(verdict, run, lab, page)


def render_summary(verdict: Verdict) -> RenderableType:
    """One line: what a script's log or a quiet run needs."""
    line = Text(f"{tame_line(verdict.lab)}: ")
    if verdict.status is Status.UNGRADED or verdict.score is None:
        return line.append(f"no score: {tame_line(verdict.reason)}")
    return line.append(f"{points(verdict.score)} of {verdict.max_score}, {_counts(verdict)}")


def _header(verdict: Verdict) -> RenderableType:
    title = Text(f"{tame_line(verdict.lab)} · {tame_line(verdict.title)}", style="bold")
    kernel = f"kernel {verdict.kernel}"
    if verdict.release and verdict.release != verdict.kernel:
        kernel += f" ({verdict.release})"
    machine = f"{kernel} · {verdict.accelerator}, {verdict.started} start"
    standing = "practice" if verdict.practice else "official"
    lines = [machine, f"seed {verdict.seed} · {standing}", *filter(None, [verdict.note])]
    return Text("\n").join([title, *(oneline(line, style="dim") for line in lines)])


def _to_explain(verdict: Verdict) -> Iterator[Finding]:
    """Every check that did not pass; of those that one fault of labkit's broke alike, the first speaks."""
    told = set()
    for check in verdict.checks:
        if check.outcome in (Outcome.BROKEN, Outcome.UNSUPPORTED):
            if check.actual in told:
                continue
            told.add(check.actual)
        if check.outcome is not Outcome.PASS:
            yield check


def _rows(verdict: Verdict, *, wide: bool) -> RenderableType:
    if not verdict.checks:
        return Text("no check was run", style="bold cyan")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=wide, header_style="dim")
    table.add_column("outcome", no_wrap=True)
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("read", no_wrap=True, style="dim")
    table.add_column("what the kernel had to show", ratio=3 if wide else None)
    if wide:
        table.add_column("where", ratio=2, overflow="fold", style="dim")
    for check in verdict.checks:
        word, style = WORD[check.outcome]
        cells = [Text(word, style=style), Text(_worth(check)), Text(check.evidence.value), block(check.says)]
        if wide:
            cells.append(Text(place_of(check)))
        table.add_row(*cells)
    return table


def _worth(check: Finding) -> str:
    if check.max_points == 0:
        return "shown"
    got = "-" if check.points is None else points(check.points)
    return f"{got}/{check.max_points}"


def place_of(check: Finding) -> str:
    if check.where is None:
        return ""
    line = "" if check.where.line is None else f":{check.where.line}"
    return tame_line(check.where.path) + line


def _why(check: Finding) -> RenderableType:
    word, style = WORD[check.outcome]
    head = Text.assemble(
        (word, style), "  ", (tame_line(check.says), "bold"), (f"  [{tame_line(check.id)}]", "dim")
    )
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    if check.expected and check.outcome is not Outcome.BLOCKED:
        facts.add_row("expected", block(check.expected))
    if check.actual:
        facts.add_row("actual", block(check.actual))
    if check.where is not None:
        facts.add_row("where", Text(place_of(check)))
        if check.where.excerpt:
            facts.add_row("", render_excerpt(check.where.excerpt))
    if check.hint and check.outcome is not Outcome.BLOCKED:
        facts.add_row("hint", block(check.hint, "italic"))
    if check.outcome is not Outcome.BLOCKED:
        facts.add_row("evidence", Text(f"{check.evidence.value}: {READ[check.evidence]}", style="dim"))
    page = Table.grid()
    page.add_row(head)
    page.add_row(Padding(facts, (0, 0, 0, 2), expand=False))
    return page


def render_excerpt(lines: tuple[ExcerptLine, ...]) -> RenderableType:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for line in lines[:EXCERPT_LIMIT]:
        style = _MARK[line.mark]
        number = "" if line.number is None else str(line.number)
        table.add_row(number, Text(line.mark.value, style=style), "|", oneline(line.text, style))
    if len(lines) > EXCERPT_LIMIT:
        table.add_row("", "", "|", oneline(f"… ({len(lines) - EXCERPT_LIMIT} more lines in the file)", "dim"))
    return table


def _score(verdict: Verdict) -> RenderableType:
    if verdict.status is Status.UNGRADED or verdict.score is None:
        lines = Text.assemble(("no score: ", "bold"), (tame_line(verdict.reason), "bold"))
        lines.append("\nThis is not your fault. Nothing was counted, neither as passed nor as failed; ")
        return lines.append("run it again, and if it stays so, `labkit doctor` says what this machine lacks.")
    style = "bold green" if verdict.score >= verdict.max_score else "bold"
    return Text.assemble(
        (f"score {points(verdict.score)} of {verdict.max_score}", style), f"   {_counts(verdict)}"
    )


def _counts(verdict: Verdict) -> str:
    words = {Outcome.PASS: "passed", Outcome.FAIL: "failed"}
    counts = Counter(check.outcome for check in verdict.checks)
    if set(counts) == {Outcome.PASS}:
        return "every check passed"
    return ", ".join(f"{counts[o]} {words.get(o, o.value)}" for o in Outcome if counts[o])


def _times(verdict: Verdict) -> RenderableType:
    spent = [f"{phase} {human_seconds(seconds)}" for phase, seconds in verdict.timings.items()]
    return oneline("times: " + ", ".join(spent), style="dim")


def _more(verdict: Verdict, run: Path | None, lab: str, page: Path | None) -> RenderableType:
    again = ["labkit", "run", lab, "--seed", verdict.seed, "--kernel", verdict.kernel]
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(style="dim", overflow="fold")
    if run is not None:
        grid.add_row("evidence", oneline(str(run)))
        grid.add_row("see again", oneline(shlex.join(["labkit", "show", str(run)])))
    if page is not None:
        grid.add_row("in a browser", oneline(str(page)))
    grid.add_row("replay", oneline(shlex.join(again)))
    return grid

"""Tables of what there is: labs, runs, built artefacts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from labkit.model.artefact import Artefact
from labkit.model.rows import LabRow, NextStep, RunRow, TemplateRow
from labkit.model.verdict import Status
from labkit.report.text import block, count_of, human_bytes, human_seconds, oneline, points, tame_line

KEY_SHOWN = 12  # characters of a content key: enough to tell two builds apart
PROGRESS_COLUMNS = len("no score yet")
NOWHERE = "Beside the course"


def render_labs(rows: Sequence[LabRow]) -> RenderableType:
    """The sections of the course, one row a lab: its id, how far the student is with it, what it is about.

    The rows come in the course's order. A lab that cannot be loaded shows why instead of its question.
    """
    if not rows:
        return Text("no labs here")
    id_columns = max(len(tame_line(row.id)) for row in rows)
    parts: list[RenderableType] = []
    for heading, labs in groupby(rows, _heading):
        parts += [oneline(heading, "bold underline"), _shelf(labs, id_columns), Text()]
    whole = [row for row in rows if not row.problem]
    told = f"full marks in {sum(row.done for row in whole)} of {count_of(len(whole), 'lab')}"
    return Group(*parts, Text(f"{told}; `labkit next` says which one to take up now", style="dim"))


def render_next(step: NextStep) -> RenderableType:
    """The lab to take up now and the line to paste, or that there is none left."""
    broken = f"cannot be loaded, see `labkit list`: {', '.join(step.broken)}" if step.broken else ""
    row = step.lab
    if row is None:
        done = Text(f"Full marks in all {step.labs} labs: nothing is left to do.", style="bold green")
        return Group(done, *([oneline(broken, "red")] if broken else []))
    lines: list[RenderableType] = [
        Text.assemble((tame_line(row.id), "bold"), f" · {tame_line(row.title)}"),
        block(row.question),
        oneline(f"{row.section or NOWHERE} · {_worth(row)}", "dim"),
        Text.assemble(
            "yours: ", _progress(row), f"; full marks in {step.done} of {count_of(step.labs, 'lab')}"
        ),
        Text(),
        Padding(oneline(step.line, "bold"), (0, 0, 0, 2), expand=False),
    ]
    if step.elsewhere:
        lines.append(Text("\nin the folder where your work on it lies; here is none."))
    return Group(*lines)


def _heading(row: LabRow) -> str:
    return "Cannot be loaded" if row.problem else row.section or NOWHERE


def _shelf(rows: Iterable[LabRow], id_columns: int) -> RenderableType:
    """The labs of one section; columns stand where those of every other section do."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold", width=id_columns)
    table.add_column(no_wrap=True, width=PROGRESS_COLUMNS)
    table.add_column(overflow="fold")
    for row in rows:
        if row.problem:
            table.add_row(oneline(row.id), "", block(row.problem, "red"))
            continue
        about = Text.assemble(tame_line(row.title), (f" · {_worth(row)}", "dim"))
        table.add_row(oneline(row.id), _progress(row), about.append("\n").append_text(block(row.question)))
    return Padding(table, (0, 0, 0, 2), expand=False)


def _worth(row: LabRow) -> str:
    return f"{row.max_score} points, tier {tame_line(row.tier)}"


def _progress(row: LabRow) -> Text:
    """'not started', '12 of 20', 'all 20'; 'no score yet' where no run came to one."""
    if row.done:
        return Text(f"all {row.max_score}", style="green")
    if row.best is not None:
        return Text(f"{points(row.best)} of {row.max_score}", style="yellow")
    return Text("no score yet" if row.tries else "not started", style="dim")


def render_runs(rows: Sequence[RunRow]) -> RenderableType:
    """One row a run directory, in the order given."""
    if not rows:
        return Text("no runs yet: labkit run LAB")
    table = _table("run", "score", "kernel", "seed")
    for row in rows:
        table.add_row(oneline(row.run.name), _outcome(row), oneline(row.kernel), oneline(row.seed))
    return table


def render_images(artefacts: Sequence[Artefact]) -> RenderableType:
    """What was built, what it takes on disk and took to build; the sum at the end."""
    if not artefacts:
        return Text("nothing is built yet: labkit image build")
    table = _table("kind", "name", "size", "built in", "key")
    for item in artefacts:
        table.add_row(
            item.kind.value,
            oneline(item.name, "bold"),
            human_bytes(item.bytes),
            human_seconds(item.seconds),
            Text(item.key[:KEY_SHOWN], style="dim"),
        )
    total = human_bytes(sum(item.bytes for item in artefacts))
    return Group(table, Text(f"{total} in all", style="dim"))


def render_templates(rows: Sequence[TemplateRow], now: float) -> RenderableType:
    """Frozen guests, the last used first; `now` is seconds since the epoch."""
    if not rows:
        return Text("no templates yet: the first run of a lab makes them")
    table = _table("guest", "on disk", "made in", "last used", "key")
    for row in rows:
        table.add_row(
            oneline(row.name, "bold"),
            human_bytes(row.bytes),
            human_seconds(row.seconds),
            f"{human_seconds(now - row.used_at)} ago" if row.used_at else "never",
            Text(row.key[:KEY_SHOWN], style="dim"),
        )
    return Group(table, Text(f"{human_bytes(sum(row.bytes for row in rows))} in all", style="dim"))


def _outcome(row: RunRow) -> Text:
    if row.status is None:
        return block(row.problem or "unfinished", "red")
    if row.status is Status.UNGRADED or row.score is None:
        return Text("no score", style="cyan")
    style = "green" if row.score >= row.max_score else ""
    return Text(f"{points(row.score)}/{row.max_score}", style=style)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in columns:
        table.add_column(name, overflow="fold")
    return table

"""Tables of what there is: labs, runs, built artefacts."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from labkit.model.artefact import Artefact
from labkit.model.rows import LabRow, RunRow, TemplateRow
from labkit.model.verdict import Status
from labkit.report.text import block, human_bytes, human_seconds, oneline, points

KEY_SHOWN = 12  # characters of a content key: enough to tell two builds apart


def render_labs(rows: Sequence[LabRow]) -> RenderableType:
    """One row a lab; a lab that cannot be loaded shows why instead of its question."""
    if not rows:
        return Text("no labs here")
    table = _table("lab", "points", "tier", "about")
    for row in rows:
        if row.problem:
            table.add_row(oneline(row.id, "bold"), "", "", block(row.problem, "red"))
            continue
        about = block(f"{row.title}\n{row.question}" if row.question else row.title)
        table.add_row(oneline(row.id, "bold"), str(row.max_score), oneline(row.tier), about)
    return table


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

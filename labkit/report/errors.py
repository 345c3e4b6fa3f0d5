"""Errors as people read them: who must act, where, what was found, what to do."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from labkit.model.errors import (
    BadInput,
    CompileError,
    HostError,
    LabFileError,
    LabkitError,
    SubmissionError,
    UsageError,
)
from labkit.report.text import block, tame_line

DETAIL_LIMIT = 40  # lines; longer logs are in the run directory or the cache

# The first class that matches speaks; subclasses stand before their parents.
_HEADS: tuple[tuple[type[LabkitError], str], ...] = (
    (UsageError, "labkit cannot do what was asked"),
    (CompileError, "the C code does not build"),
    (SubmissionError, "this submission cannot be run"),
    (LabFileError, "the lab's own files are wrong"),
    (BadInput, "labkit cannot use this"),
    (HostError, "this machine cannot do it yet"),
    (LabkitError, "labkit failed; this is not your fault"),
)


def render_error(error: LabkitError) -> RenderableType:
    """Three parts and, below, the lines of evidence that the error carries."""
    head = next(text for kind, text in _HEADS if isinstance(error, kind))
    parts = Table.grid(padding=(0, 2, 0, 0))
    parts.add_column(style="dim", no_wrap=True)
    parts.add_column(overflow="fold")
    parts.add_row("where", block(error.where))
    parts.add_row("found", block(error.found))
    parts.add_row("to do", block(error.fix, "bold"))
    shown: list[RenderableType] = [
        Text(f"error: {head}", style="bold red"),
        Padding(parts, (0, 0, 0, 2), expand=False),
    ]
    if error.detail:
        shown += [Text(), Padding(block(error.detail, limit=DETAIL_LIMIT), (0, 0, 0, 2), expand=False)]
    return Group(*shown)


def render_bug(error: BaseException, look: str) -> RenderableType:
    """One line for what nobody foresaw, and where to `look` for its traceback."""
    said = tame_line(f"{type(error).__name__}: {error}")
    line = Text.assemble(("error: ", "bold red"), ("this is a fault of labkit, not yours: ", "bold"), said)
    return line.append(f"\n  {tame_line(look)}", style="dim")


def render_stop(name: str) -> RenderableType:
    """What a stopped labkit leaves behind."""
    return Text(f"stopped by {name}: no guest runs on, nothing half-built is kept.", style="bold")

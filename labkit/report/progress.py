"""Events → what a waiting person sees: finished phases by scope, running ones with a clock.

On a terminal the picture moves; elsewhere each finished phase is one line. Quiet leaves the warnings.
Events may come from several threads.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text
from typing_extensions import assert_never

from labkit.model.events import Event, Listener, Mood
from labkit.report.text import human_bytes, human_seconds, oneline, tame_line

FRAMES_A_SECOND = 8
BAR_COLUMNS = 16


class Manner(Enum):
    """How progress is shown. LINES is for pipes, and wherever something else needs the terminal later."""

    MOVING = "moving"
    LINES = "lines"
    QUIET = "quiet"


@contextmanager
def show_progress(console: Console, manner: Manner) -> Iterator[Listener]:
    """A listener that draws on `console` until the block ends; what was drawn then stays."""
    match manner:
        case Manner.QUIET:
            yield lambda event: _say(console, event) if event.mood is Mood.WARN else None
        case Manner.LINES:
            yield lambda event: _say(console, event)
        case Manner.MOVING:
            with _moving(console) as listen:
                yield listen
        case _:
            assert_never(manner)


@dataclass(frozen=True, slots=True)
class _Phase:
    """A phase since it began: the clock's reading then, and all that is known of it by now."""

    began: float
    known: Event
    spinner: Spinner

    @property
    def ended(self) -> bool:
        return self.known.mood in (Mood.DONE, Mood.FAILED)


@dataclass(slots=True)
class Board:
    """The moving picture. A scope is a line of finished phases and, below it, a line for each running one."""

    spinner: str
    _scopes: dict[str, dict[str, _Phase]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def hear(self, event: Event) -> None:
        """Take in a BEGIN, DONE or FAILED, or the progress of a phase."""
        now = time.monotonic()
        with self._lock:
            phases = self._scopes.setdefault(event.scope, {})
            phase = phases.get(event.phase)
            if phase is None or event.mood is Mood.BEGIN:
                phases[event.phase] = _Phase(began=now, known=event, spinner=Spinner(self.spinner))
                return
            if event.mood in (Mood.DONE, Mood.FAILED) and event.seconds is None:
                event = replace(event, seconds=now - phase.began)
            phases[event.phase] = replace(phase, known=event)

    def runs(self, event: Event) -> bool:
        """Whether the event's phase is under way: a note then is its progress, otherwise a sentence."""
        with self._lock:
            phase = self._scopes.get(event.scope, {}).get(event.phase)
        return phase is not None and not phase.ended

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        del console, options
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True, style="bold")
        grid.add_column(overflow="fold")
        with self._lock:
            scopes = {scope: tuple(phases.values()) for scope, phases in self._scopes.items()}
        for scope, phases in scopes.items():
            lines: list[Text | Table] = [_running(phase) for phase in phases if not phase.ended]
            ended = [_ended(phase.known) for phase in phases if phase.ended]
            if ended:
                lines.insert(0, Text(", ").join(ended))
            for index, line in enumerate(lines):
                grid.add_row(Text() if index else oneline(scope), line)
        yield grid


@contextmanager
def _moving(console: Console) -> Iterator[Listener]:
    board = Board(spinner="line" if console.options.ascii_only else "dots")
    live = Live(board, console=console, refresh_per_second=FRAMES_A_SECOND, redirect_stdout=False)

    def listen(event: Event) -> None:
        if event.mood is Mood.WARN or (event.mood is Mood.NOTE and not board.runs(event)):
            _say(console, event)
            return
        board.hear(event)
        live.start()  # on the first event, so that a verb without any draws nothing

    try:
        yield listen
    finally:
        live.stop()


def _say(console: Console, event: Event) -> None:
    """One line for what is worth one: a warning, a sentence, a finished phase."""
    name = tame_line(event.scope)
    match event.mood:
        case Mood.BEGIN:
            return
        case Mood.NOTE:
            if event.fraction is not None:
                return
            line = Text.assemble((f"{name}: ", "bold"), tame_line(event.text))
        case Mood.WARN:
            line = Text.assemble(("warning: ", "bold yellow"), f"{name} {tame_line(event.phase)}: ")
            line.append(tame_line(event.text))
        case Mood.DONE | Mood.FAILED:
            line = Text.assemble((f"{name}: ", "bold"), _ended(event))
        case _:
            assert_never(event.mood)
    console.print(line, soft_wrap=not console.is_terminal)


def _running(phase: _Phase) -> Table:
    row = Table.grid(padding=(0, 1, 0, 0), expand=True)
    for _ in range(4):
        row.add_column(no_wrap=True)
    row.add_column(no_wrap=True, overflow="ellipsis", style="dim", ratio=1)  # gives way to the others
    bar: ProgressBar | str = ""
    if phase.known.fraction is not None:
        bar = ProgressBar(total=1.0, completed=min(1.0, max(0.0, phase.known.fraction)), width=BAR_COLUMNS)
    row.add_row(
        phase.spinner,
        oneline(phase.known.phase),
        Text(human_seconds(time.monotonic() - phase.began), style="cyan"),
        bar,
        oneline(phase.known.text),
    )
    return row


def _ended(event: Event) -> Text:
    """'boot 4.3 s', 'root 2.6 s 601 MB', and in red what failed and why."""
    words = [tame_line(event.phase)]
    if event.seconds is not None:
        words.append(human_seconds(event.seconds))
    if event.bytes is not None:
        words.append(human_bytes(event.bytes))
    if event.mood is Mood.FAILED:
        return Text(" ".join([*words, "FAILED", tame_line(event.text)]).rstrip(), style="red")
    return Text(" ".join(words), style="dim")

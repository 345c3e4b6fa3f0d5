"""Hallway: the screen of a live view."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from labkit.model.glance import Glance
from labkit.streams import console_on


def is_screen() -> bool:
    """Whether stdout is a terminal that a person looks at."""
    return console_on(sys.stdout).is_terminal


@contextmanager
def theatre(title: str, *, once: bool) -> Iterator[Callable[[Glance], None]]:
    """A screen of its own for a live view while the block lasts. With `once`, or without a screen, the
    last frame is printed at the end.
    """
    from rich.live import Live

    from labkit.report.watch.bars import Ink
    from labkit.report.watch.frame import Frame, Reel

    console = console_on(sys.stdout)
    ink = Ink(
        blocks=console.encoding.lower().startswith("utf"),
        colours=console.color_system in ("256", "truecolor") and not console.no_color,
    )
    reel = Reel(title=title, ink=ink)
    if once or not console.is_terminal:
        frames: deque[Frame] = deque(maxlen=1)
        try:
            yield lambda glance: frames.append(reel.take(glance))
        finally:
            for frame in frames:
                console.print(frame)
        return
    with Live(console=console, screen=True, auto_refresh=False, vertical_overflow="crop") as live:
        yield lambda glance: live.update(reel.take(glance), refresh=True)

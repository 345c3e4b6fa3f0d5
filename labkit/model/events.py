"""What happens while work goes on, told as values; the terminal draws them, tests collect them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class Mood(Enum):
    """WARN is for what must be seen even when quiet; a NOTE about a running phase tells how far it is."""

    BEGIN = "begin"
    NOTE = "note"
    WARN = "warn"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A phase begins, says something, or ends.

    `scope` groups phases (a scene, 'image', a pack); `fraction` is progress from 0 to 1 where it is known,
    `seconds` and `bytes` what a finished phase took and made.
    """

    scope: str
    phase: str
    mood: Mood
    text: str = ""
    fraction: float | None = None
    seconds: float | None = None
    bytes: int | None = None


Listener = Callable[[Event], None]


def silent(event: Event) -> None:
    """A listener that hears nothing."""
    del event

"""How a build tells what it does."""

from __future__ import annotations

from collections.abc import Callable

from labkit.model.artefact import ArtefactKind
from labkit.model.events import Event, Listener, Mood


def speaker(listen: Listener, kind: ArtefactKind, name: str) -> Callable[[str], None]:
    """Says a sentence about the artefact that is being built."""

    def say(text: str) -> None:
        listen(Event(scope=kind.value, phase=name, mood=Mood.NOTE, text=text))

    return say

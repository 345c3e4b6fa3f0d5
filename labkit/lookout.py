"""Hallway: the live view of a guest that stands just now, and of one that was recorded."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.model.errors import Broken, UsageError
from labkit.model.events import Listener
from labkit.model.glance import Glance
from labkit.places import places
from labkit.standing import Standing, named, peeked, standing
from labkit.store.reels import read_reel, recorded

if TYPE_CHECKING:
    from labkit.witness.glance import Glancer

FRAMES_A_SECOND = 12  # asked for are ten, on a host that is late now and then

Show = Callable[[Glance], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchAsk:
    """Which guest is watched: the one announced last, of `lab` if one is named, or of that process.

    For `seconds`, or as long as it lives; `once`: one frame. What is seen is kept in `record`, a new file.
    """

    lab: str | None = None
    seconds: float | None = None
    once: bool = False
    record: Path | None = None


def find_guest(lab: str | None) -> Standing:
    """The guest to watch. Raises UsageError where none stands."""
    found = standing(places())
    wanted = found if lab is None else named(found, lab)
    if wanted:
        return wanted[0]
    others = ", ".join(guest.card.who for guest in found)
    raise UsageError(
        where="labkit watch" + (f" {lab}" if lab else ""),
        found=f"of it none stands; there are: {others}" if others else "no guest of `labkit shell` stands",
        fix=f"open one in another terminal: labkit shell {lab or 'lab2'}",
    )


def watch(guest: Standing, ask: WatchAsk, show: Show, listen: Listener) -> int:
    """Show frame after frame until the time is over or the guest is gone; returns how many there were.

    Raises HostError where this user may not read another process' memory, Broken, and what `recorded` raises.
    """
    frames = 0
    with ExitStack() as stack:
        keep = stack.enter_context(recorded(ask.record)) if ask.record else None
        glancer = stack.enter_context(_glancer(guest, listen))
        for _ in _beats(ask):
            try:
                glance = glancer.glance()
            except OSError:
                break  # QEMU has ended
            if keep is not None:
                keep(glance)
            show(glance)
            frames += 1
    if not frames:
        raise Broken(where=guest.card.who, found="it ended before it was seen", fix="open another")
    return frames


def replay(path: Path, speed: float | None, show: Show) -> int:
    """Show a recorded view, `speed` times as fast as it was, or without a pause for None.

    Raises UsageError for a file that is none.
    """
    frames, began, first = 0, time.monotonic(), 0.0
    for glance in read_reel(path):
        first = first or glance.at
        if speed is not None:
            time.sleep(max((glance.at - first) / speed - (time.monotonic() - began), 0.0))
        show(glance)
        frames += 1
    if not frames:
        raise UsageError(where=str(path), found="a reel without a frame", fix="record it again")
    return frames


@contextmanager
def _glancer(guest: Standing, listen: Listener) -> Iterator[Glancer]:
    from labkit.witness.glance import Glancer

    with peeked(places(), guest, listen) as memory:
        yield Glancer(memory=memory)


def _beats(ask: WatchAsk) -> Iterator[None]:
    """One for each frame; fewer where that is too many, and never a heap of late ones."""
    began = time.monotonic()
    due = began
    while True:
        yield
        if ask.once or (ask.seconds is not None and time.monotonic() - began >= ask.seconds):
            return
        due = max(due + 1 / FRAMES_A_SECOND, time.monotonic())
        time.sleep(due - time.monotonic() if due > time.monotonic() else 0.0)

"""`labkit watch`: a guest's memory while it happens."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from labkit.cli import complete
from labkit.model.errors import UsageError

LabWatched = Annotated[
    str | None,
    typer.Argument(
        metavar="LAB",
        help="Whose guest, or its process; the one opened last if left out.",
        show_default=False,
        autocompletion=complete.labs,
    ),
]
Seconds = Annotated[
    float | None,
    typer.Option("--seconds", metavar="N", min=0.1, help="End after so long.", show_default="with the guest"),
]
Once = Annotated[bool, typer.Option("--once", help="One frame, printed; of a recording the last one.")]
Record = Annotated[
    Path | None, typer.Option("--record", metavar="FILE", help="Keep what is seen.", show_default=False)
]
Replay = Annotated[
    Path | None,
    typer.Option("--replay", metavar="FILE", help="Show what was kept, without a guest.", show_default=False),
]
Speed = Annotated[float, typer.Option("--speed", min=0.1, max=100.0, help="So many times as fast.")]


def watch(
    lab: LabWatched = None,
    *,
    seconds: Seconds = None,
    once: Once = False,
    record: Record = None,
    replay: Replay = None,
    speed: Speed = 1.0,
) -> int:
    """Watch a guest's memory while you type in it.

    The guest is that of a `labkit shell` or `labkit exec` in another terminal; the host reads its memory ten
    times a second and does not stop it. The map of RAM is read in parts and says how old it is. Ctrl-C ends
    the view, not the guest.
    """
    from labkit import lookout, present, theatre

    if replay is not None and (lab is not None or record is not None):
        raise UsageError(
            where="labkit watch --replay", found="a LAB or --record beside it", fix="leave it out"
        )
    if replay is not None:
        still = once or not theatre.is_screen()
        with theatre.theatre(replay.name, once=once) as show:
            lookout.replay(replay, None if still else speed, show)
        return 0
    # Where nobody looks a view without an end would never be seen; who wants a recording has said what for.
    still = once or (seconds is None and record is None and not theatre.is_screen())
    ask = lookout.WatchAsk(lab=lab, seconds=seconds, once=still, record=record)
    guest = lookout.find_guest(lab)
    with present.progress(quiet=True) as listen, theatre.theatre(guest.card.who, once=once) as show:
        lookout.watch(guest, ask, show, listen)
    return 0

"""`labkit map`: every page frame of a guest as a dot, of a run's evidence or of a guest that stands now."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from labkit.cli import complete
from labkit.cli.options import Runs
from labkit.model.errors import UsageError

_NUMBER = r"0x[0-9a-fA-F]{1,12}|[0-9]{1,12}"
_FRAMES = re.compile(f"(?P<first>{_NUMBER})(?P<how>[-+])(?P<last>{_NUMBER})")

RunName = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN",
        help="A run's name or folder; the last one if left out. With --live: a guest's lab or process.",
        show_default=False,
        autocompletion=complete.runs,
    ),
]
Live = Annotated[
    bool, typer.Option("--live", help="The guest of a `labkit shell` or `labkit exec` of another terminal.")
]
SceneName = Annotated[
    str | None, typer.Option("--scene", metavar="S", help="Of this scene's guest.", show_default="the first")
]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="MOMENT", help="As it was then.", show_default="the last that was kept"),
]
Against = Annotated[
    str | None,
    typer.Option(
        "--against", metavar="MOMENT", help="Then too, and what changed between the two.", show_default=False
    ),
]
NodeNumber = Annotated[
    int | None, typer.Option("--node", metavar="N", min=0, help="Only this node.", show_default=False)
]
Zoom = Annotated[
    str | None,
    typer.Option(
        "--zoom",
        metavar="FRAMES",
        help="Only these page frames: 81920-83967, or 0x14000+2048; with their blocks outlined.",
        show_default=False,
    ),
]
Png = Annotated[
    str | None,
    typer.Option("--png", metavar="FILE", help="Write it as a picture too; - is stdout.", show_default=False),
]
Svg = Annotated[
    str | None,
    typer.Option("--svg", metavar="FILE", help="Write it as SVG too; - is stdout.", show_default=False),
]
Light = Annotated[bool, typer.Option("--light", help="The PNG on white; an SVG follows its reader.")]


def map_(
    run: RunName = None,
    *,
    live: Live = False,
    scene: SceneName = None,
    at: At = None,
    against: Against = None,
    node: NodeNumber = None,
    zoom: Zoom = None,
    png: Png = None,
    svg: Svg = None,
    light: Light = False,
    runs: Runs = None,
) -> None:
    """Draw what every page frame of a guest is used for.

    A run keeps maps where its lab asks for them: a witness in lab.toml with "map" among its probes. With
    --live a guest is looked at that a person has open; it stands still for a tenth of a second.
    """
    from labkit import present

    frames = None if zoom is None else parse_frames(zoom)
    if png == svg == "-":
        raise UsageError(where="--png and --svg", found="both to stdout", fix="give one of them a file")
    present.check_target(png, "--png")
    present.check_target(svg, "--svg")
    from labkit.atlas import Cut, MapAsk, kept_maps, live_map

    cut = Cut(node=node, frames=frames)
    if live:
        given = {"--scene": scene, "--at": at, "--against": against, "--runs": runs}
        if odd := [name for name, value in given.items() if value is not None]:
            raise UsageError(
                where="labkit map --live", found=f"{odd[0]} too", fix="leave it out, or --live: runs have it"
            )
        with present.progress() as listen:
            view = live_map(run, cut, listen)
    else:
        view = kept_maps(MapAsk(run=run, runs=runs, scene=scene, at=at, against=against, cut=cut))
    present.page_map(view, png=png, svg=svg, light=light)


def parse_frames(text: str) -> tuple[int, int]:
    """The first frame that --zoom names, and the one after the last. Raises UsageError.

    >>> parse_frames("0x14000+2048"), parse_frames("81920-83967")
    ((81920, 83968), (81920, 83968))
    """
    match = _FRAMES.fullmatch(text)
    if match is not None:
        first, last = _number(match["first"]), _number(match["last"])
        end = first + last if match["how"] == "+" else last + 1
        if end > first:
            return first, end
    fix = "write it like 81920-83967 or 0x14000+2048"
    raise UsageError(where=f"--zoom {text}", found="no range of page frames", fix=fix)


def _number(text: str) -> int:
    return int(text, 16 if text.startswith("0x") else 10)

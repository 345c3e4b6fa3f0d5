"""`labkit explain`: what a check asks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from labkit.cli.options import Runs

CheckName = Annotated[
    str, typer.Argument(metavar="CHECK", help="Its id, as a verdict has it in brackets: [scores].")
]
OfLab = Annotated[
    str | None,
    typer.Argument(
        metavar="LAB",
        help="The lab's id; left out, that of the folder you are in, or the only one that has such a check.",
        show_default=False,
    ),
]


def explain(check: CheckName, lab: OfLab = None, *, runs: Runs = None) -> None:
    """Say what a check asks, why its evidence is believed, and what your last run showed."""
    from labkit import present, tutor

    present.explained(tutor.explain(check, lab, runs, Path.cwd()))

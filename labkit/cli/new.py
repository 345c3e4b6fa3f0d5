"""`labkit new`: a lab of one's own to begin with."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer


def new(
    lab: Annotated[str, typer.Argument(metavar="LAB", help="What the lab is to be called, such as my_lab.")],
    *,
    folder: Annotated[
        Path, typer.Option("--in", metavar="FOLDER", help="Where its folder is made.", show_default="here")
    ] = Path(),
) -> None:
    """Make a new lab: small, whole, ready to run; labs/AUTHORING.md says how to go on."""
    from labkit import authoring, present

    made, word = authoring.new_lab(lab, folder)
    start = ["labkit", "run", word, f"{word}/starter"] if "/" in word else ["labkit", "start", word]
    lines = map(shlex.join, (["labkit", "lint", word], ["labkit", "run", word], start))
    told = "is a lab that runs: one question, a program in C to hand in, two checks."
    present.text(f"{made} {told} lab.toml says what it does.\n\n  " + "\n  ".join(lines))

"""`labkit key`: what official runs are drawn from and signed with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

keys = typer.Typer(help="Make and show the keys that official runs are signed with.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="What the key is called.")]
Dir = Annotated[
    Path | None,
    typer.Option(
        "--dir", metavar="DIR", help="Where keys are kept, instead of LABKIT_KEYS.", show_default=False
    ),
]


@keys.command()
def new(name: Name = "course", folder: Dir = None) -> None:
    """Make a signing key and a course secret; never writes over one."""
    from labkit import keyring, present

    made = keyring.new(name, folder)
    present.text(
        f"{made.folder} is ready, for you alone: keep a copy where no student can read it.\n"
        f"key id {made.public.id}\n`labkit key show {name}` prints what verifiers need."
    )


@keys.command(name="list")
def list_(folder: Dir = None) -> None:
    """List the keys, with the ids that signed results name."""
    from labkit import keyring, present

    found = keyring.rows(folder)
    present.lines([f"{row.name}  {row.public.id}" for row in found] or ["no key yet: labkit key new"])


@keys.command()
def show(name: Name = "course", folder: Dir = None) -> None:
    """Print the public key to hand out; in a file, it is what `labkit verify --key FILE` takes."""
    from labkit import keyring, present

    row = keyring.row(name, folder)
    present.lines([f"key id {row.public.id}", *row.public.pem.splitlines()])

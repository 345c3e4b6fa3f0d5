"""`labkit template`: the frozen guests of which every run takes a clone."""

from __future__ import annotations

from typing import Annotated

import typer

from labkit.model.errors import UsageError

templates = typer.Typer(help="List and remove the frozen guests that runs are cloned from.")


@templates.command(name="list")
def list_() -> None:
    """List the templates, with what they take on disk and when they were last used."""
    from labkit import present, template

    present.templates(template.listing())


@templates.command()
def rm(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME...", help="Names or keys from the list.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
) -> None:
    """Remove templates; the next run makes again what it needs."""
    if bool(names) == everything:
        raise UsageError(
            where="labkit template rm",
            found="names and --all" if names else "no name",
            fix="give names or --all",
        )
    from labkit import present, template

    present.templates_removed(template.remove(tuple(names or ()), everything=everything))

"""`labkit explain`: what a check asks and what became of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from labkit.cli import complete
from labkit.cli.options import Runs


def explain(
    check: Annotated[
        str,
        typer.Argument(
            metavar="CHECK", help="A check's id, as a result names it.", autocompletion=complete.checks
        ),
    ],
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN",
            help="A run's name or folder; see below.",
            show_default=False,
            autocompletion=complete.runs,
        ),
    ] = None,
    *,
    lab: Annotated[
        str | None,
        typer.Option(
            "--lab",
            metavar="LAB",
            help="Of this lab; no run.",
            show_default=False,
            autocompletion=complete.labs,
        ),
    ] = None,
    runs: Runs = None,
) -> None:
    """Explain a check: what it asks, where its facts are read, its hint, and what your guest did.

    Without RUN and --lab it is a check of the lab whose working folder you are in, with your last run of it;
    elsewhere one of the last run, or of the only lab that has a check of that name.
    """
    from labkit import counsel, present

    present.explained(counsel.explain(check, run, lab, runs, Path.cwd()))

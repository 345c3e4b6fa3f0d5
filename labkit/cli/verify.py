"""`labkit verify`: is a signed result what it says?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def verify(
    path: Annotated[Path, typer.Argument(metavar="FILE|RUN", help="An attestation, or a run directory.")],
    *,
    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            metavar="PUB",
            help="The course's public key, a file or a name of yours; left out, your keys are tried.",
            show_default=False,
        ),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(
            "--run", metavar="DIR", help="The run directory, if FILE is not in it.", show_default=False
        ),
    ] = None,
    lab: Annotated[
        str | None,
        typer.Option("--lab", metavar="LAB", help="The lab's folder, if it is not one of this checkout."),
    ] = None,
) -> int:
    """Check a signed result: the signature, the evidence, and the verdict that it gives without a guest.

    Exit status: 0 good; 1 it is not what it says; 2 it cannot be told (no such file, one cut short, a key
    that is not known, no run directory, a lab that has changed since).
    """
    from labkit import notary, present

    found = notary.verify(notary.Question(path=path, key=key, run=run, lab=lab))
    present.lines([found.says])
    return found.exit_code

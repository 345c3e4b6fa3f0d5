"""`labkit exec`, and `labkit shell` without a lab: a fresh guest for any program or person."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labkit.cli.options import Accel, AccelChoice, Cold, Kernel
from labkit.model.errors import BadInput, ExitCode, LabkitError
from labkit.model.events import Event, Listener

if TYPE_CHECKING:
    from labkit.errand import GuestAsk, Outcome

Nodes = Annotated[
    str | None,
    typer.Option(
        "--nodes",
        metavar="NODES",
        help="Of one CPU each: 256M, 2x256M; of more or none: 256M,512M:2,128M:0.",
        show_default="2x256M",
    ),
]
MachineFile = Annotated[
    Path | None,
    typer.Option(
        "--machine",
        metavar="FILE",
        help="A TOML file with the keys of a lab file's machine, instead of --nodes.",
        show_default=False,
    ),
]
Push = Annotated[
    list[Path] | None,
    typer.Option(
        "--push",
        metavar="PATH",
        help="Lay this file or folder into the guest's /lab first; may be repeated.",
        show_default=False,
    ),
]
Kmod = Annotated[bool, typer.Option("--kmod", help="Load labkit's own kernel module first.")]
Fetch = Annotated[
    list[str] | None,
    typer.Option(
        "--fetch",
        metavar="PATH",
        help="Bring this file, folder or glob of the guest's /lab back afterwards; may be repeated.",
        show_default=False,
    ),
]
Into = Annotated[
    Path, typer.Option("--into", metavar="DIR", help="Where --fetch brings it; a folder that is there.")
]
Timeout = Annotated[
    float | None,
    typer.Option(
        "--timeout", metavar="SECONDS", min=0.001, help="Stop the command after these.", show_default=False
    ),
]
Console = Annotated[
    Path | None,
    typer.Option(
        "--console", metavar="FILE", help="Keep what the guest's kernel said meanwhile.", show_default=False
    ),
]


def exec_(
    command: Annotated[
        list[str], typer.Argument(metavar="-- COMMAND...", help="The program and its arguments.")
    ],
    *,
    kernel: Kernel = None,
    nodes: Nodes = None,
    machine: MachineFile = None,
    push: Push = None,
    fetch: Fetch = None,
    into: Into = Path(),
    timeout: Timeout = None,
    console: Console = None,
    kmod: Kmod = False,
    cold: Cold = False,
    accel: Accel = AccelChoice.AUTO,
) -> int:
    """Run a program in a fresh guest, as root in /lab, with our own input, output and exit status.

    Exit status: the program's own, 128 and n for signal n; 124 when --timeout was over; 125 when the guest
    panicked, hung or was lost, or labkit itself failed; 2 when this line is wrong.
    """
    from labkit.errand import Errand, GuestAsk, execute

    guest = GuestAsk(
        kernel=kernel,
        nodes=nodes,
        machine=machine,
        push=tuple(push or ()),
        accel=accel.value,
        cold=cold,
        kmod=kmod,
    )
    errand = Errand(
        command=tuple(command), timeout=timeout, fetch=tuple(fetch or ()), into=into, console=console
    )
    try:
        return say(execute(guest, errand, late_progress()))
    except LabkitError as error:
        if not isinstance(error, BadInput):
            error.exit_code = ExitCode.NOT_THE_COMMAND  # 3 and 4 may be the program's own
        raise


def guest_shell(guest: GuestAsk) -> int:
    """A person or a script in a fresh guest of no lab."""
    from labkit.errand import visit

    return say(visit(guest, late_progress()))


def say(outcome: Outcome) -> int:
    """The sentences of an outcome on stderr; returns its status."""
    if outcome.said:
        from labkit import present

        present.remarks(outcome.said)
    return outcome.status


@contextmanager
def late_progress() -> Iterator[Listener]:
    """Progress on stderr from the first event on. Mostly there is none, and rich costs 50 ms to import."""
    with ExitStack() as stack:

        @functools.cache
        def drawn() -> Listener:
            from labkit import present

            return stack.enter_context(present.progress())

        def listen(event: Event) -> None:
            drawn()(event)

        yield listen

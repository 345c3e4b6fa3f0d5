"""The verbs: each calls one function of a hallway, shows what it returned and gives its exit status.

Hallways are imported inside a verb: `labkit --help` must not wait for SSH, pydantic and QEMU.
"""

from __future__ import annotations

import shlex
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from labkit.cli import complete
from labkit.cli.course import courses
from labkit.cli.exec import Kmod, MachineFile, Nodes, Push, exec_, guest_shell
from labkit.cli.explain import explain
from labkit.cli.image import images
from labkit.cli.key import keys
from labkit.cli.map import map_
from labkit.cli.new import new
from labkit.cli.options import (
    Accel,
    AccelChoice,
    Cold,
    Json,
    Kernel,
    LabName,
    Quiet,
    Runs,
    Seed,
    Submission,
)
from labkit.cli.run import run
from labkit.cli.template import templates
from labkit.cli.tune import tunes
from labkit.cli.verify import verify
from labkit.cli.watch import watch
from labkit.model.errors import ExitCode, UsageError

DEBUG = "--debug"

app = typer.Typer(
    help="Kernel labs in disposable guests, graded on what the kernel really did.",
    epilog="Exit status: 0 all passed, 1 graded but not all passed, 2 bad input, 3 this host cannot, "
    "4 broken or ungraded.",
    rich_markup_mode=None,  # plain help is readable everywhere and needs no rich
    add_completion=True,  # --install-completion, for bash, zsh, fish
    context_settings={"help_option_names": ["--help", "-h"]},
    pretty_exceptions_enable=False,
)
app.command(name="exec")(exec_)
app.add_typer(images, name="image")
app.add_typer(templates, name="template")
app.add_typer(keys, name="key")
app.add_typer(courses, name="course")
app.add_typer(tunes, name="tune")
app.command(name="map")(map_)
app.command()(run)
app.command()(verify)
app.command()(watch)
app.command()(new)
app.command()(explain)


class _Listed(str, Enum):
    LABS = "labs"
    RUNS = "runs"


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"labkit {version('labkit')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def labkit(
    context: typer.Context,
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which labkit this is.")
    ] = False,
    debug: Annotated[
        bool, typer.Option(DEBUG, help="Show the traceback of an error; with any verb.")
    ] = False,
) -> None:
    del version, debug  # --debug is taken out of the line before typer sees it, wherever it stands
    if context.invoked_subcommand is None:
        from labkit import home, present

        present.home(home.whereabouts(Path.cwd()))


@app.command(name="list")
def list_(
    what: Annotated[_Listed, typer.Argument(metavar="WHAT", help="What to list.")] = _Listed.LABS,
    runs: Runs = None,
) -> None:
    """List the labs, with your progress, or the runs so far.

    Labs stand below the sections of the course. Progress is the best score of your own practice runs.
    """
    from labkit import catalogue, desk, present

    match what:
        case _Listed.LABS:
            present.labs(catalogue.lab_rows(runs))
        case _Listed.RUNS:
            present.runs(desk.list_runs(runs))


@app.command(name="next")
def next_(runs: Runs = None) -> None:
    """Say which lab to take up now.

    It is the first in the course's order without full marks; with it comes the line to paste.
    """
    from labkit import catalogue, present

    present.next_step(catalogue.next_step(runs, Path.cwd()))


@app.command()
def show(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN",
            help="A run's name or folder; the last one if left out.",
            autocompletion=complete.runs,
        ),
    ] = None,
    json: Json = None,
    runs: Runs = None,
) -> None:
    """Show the result of a run again."""
    from labkit import present

    present.check_target(json)
    from labkit import desk

    done = desk.show(run, runs)
    present.verdict(done.verdict, done.run, lab=done.lab, json=json)


@app.command()
def start(
    lab: LabName,
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="Where; a new folder named after the lab if left out."),
    ] = None,
    seed: Seed = None,
) -> None:
    """Make a folder to work in, with your handout."""
    from labkit import desk, present

    made, word = desk.start(lab, folder, seed)
    lines = (f"cd {shlex.quote(str(made))}", shlex.join(["labkit", "run", word]))
    present.text(f"{made} is ready: read README.md there, then\n\n  " + "\n  ".join(lines))


@app.command()
def shell(
    lab: Annotated[
        str | None,
        typer.Argument(
            metavar="LAB",
            help="A lab's id; without it, a guest of no lab.",
            show_default=False,
            autocompletion=complete.labs,
        ),
    ] = None,
    path: Submission = None,
    *,
    kernel: Kernel = None,
    seed: Seed = None,
    accel: Accel = AccelChoice.AUTO,
    cold: Cold = False,
    nodes: Nodes = None,
    machine: MachineFile = None,
    push: Push = None,
    kmod: Kmod = False,
) -> int:
    """Open a root shell in a lab's guest, or in a fresh one of no lab.

    With a terminal it is a login; otherwise bash reads a script from standard input.
    """
    if lab is None:
        from labkit.errand import GuestAsk

        return guest_shell(
            GuestAsk(
                kernel=kernel,
                nodes=nodes,
                machine=machine,
                push=tuple(push or ()),
                accel=accel.value,
                cold=cold,
                kmod=kmod,
            )
        )
    given = {"--nodes": nodes, "--machine": machine, "--push": push, "--kmod": kmod}
    if odd := [option for option, value in given.items() if value]:
        raise UsageError(
            where=f"labkit shell {lab}", found=odd[0], fix="leave it out, or LAB, whose file says all that"
        )
    from labkit import present
    from labkit.session import ShellAsk
    from labkit.session import shell as open_shell

    ask = ShellAsk(lab=lab, path=path, kernel=kernel, seed=seed, accel=accel.value, cold=cold)
    with present.progress(handover=True) as listen:
        return open_shell(ask, listen)


@app.command()
def grade(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run directory.")],
    *,
    lab: Annotated[
        str | None,
        typer.Option("--lab", metavar="LAB", help="The lab's folder, if it is not one of this checkout."),
    ] = None,
    json: Json = None,
    quiet: Quiet = False,
) -> int:
    """Judge the evidence of a run again, without a guest."""
    from labkit import present

    present.check_target(json)
    from labkit import desk

    with present.progress(quiet=quiet) as listen:
        done = desk.grade(run, lab, listen)
    present.verdict(done.verdict, done.run, lab=done.lab, json=json, quiet=quiet)
    return done.verdict.exit_code


@app.command()
def lint(
    labs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="LAB...", help="Ids or folders of labs; all if left out.", autocompletion=complete.labs
        ),
    ] = None,
) -> int:
    """Say what is wrong with a lab's files."""
    from labkit import desk, present

    found = desk.lint(tuple(labs or ()))
    present.text("\n".join((*(found.refusals or ("nothing to complain about",)), *found.standings)))
    return ExitCode.BAD_INPUT if found.refusals else ExitCode.PASSED


@app.command()
def doctor() -> int:
    """Say what this machine can do and what it lacks."""
    from labkit import present
    from labkit.doctor import examine

    page = examine()
    present.doctor(page)
    return page.exit_code

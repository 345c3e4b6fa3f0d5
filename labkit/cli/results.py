"""`labkit course …`: what an instructor does with a class's results once they stand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from labkit.cli.options import Accel, AccelChoice, Jobs, Quiet, parse_jobs
from labkit.model.coursework import Target
from labkit.model.errors import UsageError

Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="The folder that `labkit course grade` was given as --out.")
]
PolicyFile = Annotated[
    Path | None,
    typer.Option(
        "--policy",
        metavar="FILE",
        help="The course's rules: deadline, lateness, attempts.",
        show_default=False,
    ),
]


def show(folder: Folder, *, policy: PolicyFile = None, quiet: Quiet = False) -> None:
    """Show the class as it stands, and what the rules make of it."""
    from labkit import present
    from labkit.course.ledger import stored

    present.course(stored(folder, policy), quiet=quiet)


def policy(
    folder: Folder,
    *,
    explain: Annotated[
        str | None,
        typer.Option(
            "--explain",
            metavar="STUDENT",
            help="One student's final score, step by step.",
            show_default=False,
        ),
    ] = None,
    file: PolicyFile = None,
) -> None:
    """Say what the course's rules make of the scores: raw, penalty, final."""
    from labkit import present
    from labkit.course.ledger import ruling_of, stored

    found = stored(folder, file)
    for ruling in found.rulings if explain is None else [ruling_of(found, explain)]:
        present.ruling(ruling)


def replay(
    folder: Folder,
    student: Annotated[str, typer.Argument(metavar="STUDENT", help="An id, or a name that only one has.")],
    *,
    attempt: Annotated[
        int | None,
        typer.Option("--attempt", metavar="N", min=1, help="Which, if not the last.", show_default=False),
    ] = None,
    quiet: Quiet = False,
) -> int:
    """Judge one student's stored evidence again, without a guest.

    Exit status 1 where numbers or verdict are not as they were then.
    """
    from labkit import present
    from labkit.course.replay import replay as replay_one

    found = replay_one(folder, student, attempt)
    present.verdict(found.verdict, found.run, quiet=quiet)
    whose = f"{found.result.student.id}, attempt {found.result.attempt}"
    same = f"{whose}: the same numbers and the same verdict as when it was graded"
    present.text("\n".join(f"{whose}: {sentence}" for sentence in found.odd) or same)
    return found.exit_code


def regrade(
    folder: Folder,
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Make what was proposed stand.")] = False,
    jobs: Jobs = "auto",
    accel: Accel = AccelChoice.AUTO,
    quiet: Quiet = False,
) -> None:
    """Grade a class again after its lab changed: first what would change, with --apply for good.

    Stored evidence is judged again where only checks changed; else fresh guests play what was handed in.
    """
    from labkit import present
    from labkit.course import regrade as again

    ask = again.RegradeAsk(folder=folder, accel=accel.value, jobs=parse_jobs(jobs))
    with present.progress(quiet=quiet) as listen:
        if apply:
            ledger = again.apply(ask, listen)
        else:
            changes = again.regrade(ask, listen)
    if apply:
        present.course(ledger, quiet=quiet)
    else:
        present.changes(changes)


def pages(folder: Folder, *, quiet: Quiet = False) -> None:
    """Write the class's page and every student's anew: what they may see depends on the day."""
    from labkit import present
    from labkit.course.pages import put_all

    with present.progress(quiet=quiet) as listen:
        written = put_all(folder, listen)
    present.lines([str(written)])


def export(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="The folder of `labkit course grade --out`.", show_default=False),
    ] = None,
    *,
    target: Annotated[Target, typer.Option("--for", help="Who reads it.")],
    to: Annotated[
        Path | None,
        typer.Option(
            "--to", metavar="PATH", help="A file, or a folder of one file a result.", show_default=False
        ),
    ] = None,
    fill: Annotated[
        Path | None,
        typer.Option(
            "--fill", metavar="CSV", help="Your own export of Canvas's gradebook.", show_default=False
        ),
    ] = None,
    title: Annotated[
        str | None,
        typer.Option("--title", metavar="TEXT", help="Its column; the lab's title.", show_default=False),
    ] = None,
    bom: Annotated[bool, typer.Option("--bom", help="Begin the CSV as Excel wants UTF-8.")] = False,
    lab: Annotated[
        str | None,
        typer.Option(
            "--lab",
            metavar="LAB",
            help="For github: whose points, without a verdict.",
            show_default=False,
        ),
    ] = None,
    verdict: Annotated[
        Path | None,
        typer.Option(
            "--verdict",
            metavar="FILE",
            help="For github: print a step's result of this verdict.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write the class's results as others read them.

    csv, json, junit, ktap and canvas are one file; gradescope, ags and signed a folder with one a result.
    `--for github --verdict FILE` prints what GitHub Classroom's reporter takes.
    """
    from labkit import present
    from labkit.course import export as exports

    if target is Target.GITHUB:
        if verdict is None:
            raise UsageError(
                where="--for github", found="no --verdict", fix="give the FILE of `labkit run --json FILE`"
            )
        present.lines([exports.github_result(verdict, lab)])
        return
    if folder is None or to is None:
        raise UsageError(where="labkit course export", found="no DIR or no --to", fix="give both")
    ask = exports.ExportAsk(folder=folder, target=target, to=to, fill=fill, title=title, bom=bom)
    found = exports.export(ask)
    names = ", ".join(student.name or student.id for student in found.missing)
    present.text(
        f"{len(found.files)} files in {to}" if len(found.files) != 1 else f"written: {found.files[0]}"
    )
    if names:
        present.remarks([f"no row for: {names}"])

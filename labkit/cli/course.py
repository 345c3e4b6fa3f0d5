"""`labkit course`: a class graded, and what an instructor does with its results afterwards."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from labkit.cli.options import Accel, AccelChoice, Cold, Jobs, Kernel, LabName, Quiet, parse_jobs
from labkit.cli.results import PolicyFile, export, pages, policy, regrade, replay, show
from labkit.model.coursework import Platform
from labkit.model.errors import ExitCode, UsageError

courses = typer.Typer(help="Grade a class: many submissions, a journal, rules, exports.")


class BundleChoice(str, Enum):
    """Where a bundle runs."""

    GRADESCOPE = "gradescope"
    GITHUB = "github"


@courses.command()
def grade(
    lab: LabName,
    submissions: Annotated[
        Path,
        typer.Argument(
            metavar="SUBMISSIONS",
            help="A folder or an archive: one folder or archive a student, or a platform's download.",
        ),
    ],
    *,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where results and evidence are kept.")],
    roster: Annotated[
        Path | None,
        typer.Option("--roster", metavar="CSV", help="Who is in the course.", show_default=False),
    ] = None,
    platform: Annotated[
        Platform | None,
        typer.Option("--from", help="Whose download it is, if its names do not tell.", show_default=False),
    ] = None,
    rules: PolicyFile = None,
    official: Annotated[
        bool, typer.Option("--official", help="Draw each student's numbers from the course's secret; sign.")
    ] = False,
    key: Annotated[
        str | None,
        typer.Option(
            "--key", metavar="NAME|DIR", help="The key to sign with, or its folder.", show_default="course"
        ),
    ] = None,
    jobs: Jobs = "auto",
    pool: Annotated[
        str | None,
        typer.Option(
            "--pool", metavar="dask://HOST:PORT", help="Grade on a cluster's workers.", show_default=False
        ),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(
            "--shard", metavar="I/N", help="Only the I-th of N parts of the class.", show_default=False
        ),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Grade those once more that labkit could not grade.")
    ] = False,
    kernel: Kernel = None,
    accel: Accel = AccelChoice.AUTO,
    cold: Cold = False,
    quiet: Quiet = False,
) -> int:
    """Grade every submission of a class.

    Each result is kept as it comes; the same line again goes on where it was stopped and grades only what is
    new or has changed. Several may run on one DIR at once, on one machine or with --shard on many.

    Exit status: 0 everything has a score; 4 something is left to a person; 2 bad input; 3 this host cannot.
    """
    from labkit import present
    from labkit.course.desk import GradeAsk
    from labkit.course.grade import grade as grade_class

    ask = GradeAsk(
        lab=lab,
        submissions=submissions,
        out=out,
        platform=platform,
        roster=roster,
        policy=rules,
        kernel=kernel,
        accel=accel.value,
        jobs=parse_jobs(jobs),
        cold=cold,
        key=parse_key(key, official=official),
        pool=pool,
        shard=parse_shard(shard),
        again=again,
    )
    with present.progress(quiet=quiet) as listen:
        found = grade_class(ask, listen)
    present.course(found, quiet=quiet)
    return ExitCode.BROKEN if found.unscored else ExitCode.PASSED


@courses.command()
def bundle(
    lab: LabName,
    *,
    target: Annotated[BundleChoice, typer.Option("--for", help="Where it will run.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to make.")],
    source: Annotated[
        str | None,
        typer.Option(
            "--source",
            metavar="OWNER/NAME",
            help="For github: where labkit is cloned from.",
            show_default=False,
        ),
    ] = None,
    rules: PolicyFile = None,
    kernel: Kernel = None,
) -> None:
    """Make what a platform needs to grade a lab by itself.

    gradescope: a zip that runs in its container, with the lab and without its solution; what container it
    needs is said. github: a workflow for GitHub Classroom.
    """
    from labkit import present
    from labkit.course import bundle as bundles

    if target is BundleChoice.GITHUB:
        if source is None or rules is not None:
            odd = "no --source" if source is None else "--policy too"
            raise UsageError(where="--for github", found=odd, fix="give --source OWNER/NAME, and no policy")
        present.text(f"{bundles.workflow(lab, out, source, kernel or '')}: lay it into .github/workflows/")
        return
    made = bundles.bundle(lab, out, kernel=kernel or "", policy=rules)
    need = f"its container needs {made.memory >> 20} MiB of memory"
    enough = (
        "the smallest that Gradescope has will do" if made.fits else "choose a larger one in the settings"
    )
    present.text(f"{made.path}: {need}, {enough}.")


@courses.command()
def autograde(
    lab: LabName,
    *,
    root: Annotated[
        Path, typer.Option("--root", metavar="DIR", help="Where the harness laid everything out.")
    ] = Path("/autograder"),
    rules: PolicyFile = None,
    kernel: Kernel = None,
) -> int:
    """Grade the one submission that Gradescope's harness laid out; the bundle's run_autograder calls this."""
    from labkit import present
    from labkit.course.autograde import AutogradeAsk
    from labkit.course.autograde import autograde as grade_one

    with present.progress(quiet=True) as listen:
        result = grade_one(AutogradeAsk(lab=lab, root=root, policy=rules, kernel=kernel), listen)
    return ExitCode.PASSED if result.score is not None else ExitCode.BROKEN


@courses.command()
def handout(
    lab: LabName,
    roster: Annotated[Path, typer.Argument(metavar="ROSTER", help="Who is in the course, a CSV file.")],
    *,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the folders are laid out.")],
    official: Annotated[
        bool, typer.Option("--official", help="Draw each student's numbers from the course's secret.")
    ] = False,
    key: Annotated[
        str | None, typer.Option("--key", metavar="NAME", help="The key to draw from.", show_default="course")
    ] = None,
    attempt: Annotated[int, typer.Option("--attempt", metavar="N", min=1, help="Which attempt, from 1.")] = 1,
) -> None:
    """Lay out a working folder for each student, with the numbers that their work is graded with."""
    from labkit import present
    from labkit.course.handout import HandoutAsk, hand_out

    ask = HandoutAsk(lab=lab, roster=roster, out=out, key=parse_key(key, official=official), attempt=attempt)
    made = hand_out(ask)
    present.text(f"{len(made)} folders in {out}, each named after its student's id.")


def parse_key(key: str | None, *, official: bool) -> str | None:
    """The name or folder of the key of an official course, None for practice. Raises UsageError."""
    from labkit.keyring import COURSE, is_path

    if key is not None and not official:
        raise UsageError(where="--key", found="no --official", fix="give both, or leave it out")
    if not official:
        return None
    return str(Path(key).expanduser().resolve()) if key and is_path(key) else key or COURSE


def parse_shard(text: str | None) -> tuple[int, int] | None:
    """(I, N) of 'I/N', 1 <= I <= N. Raises UsageError."""
    if text is None:
        return None
    found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise UsageError(where=f"--shard {text}", found="no part of a whole", fix="write 1/4, 2/4, 3/4, 4/4")
    return int(found[1]), int(found[2])


for verb in (show, policy, replay, regrade, pages, export):
    courses.command()(verb)

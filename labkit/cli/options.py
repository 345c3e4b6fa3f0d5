"""Options and arguments that several verbs share, each described once."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from labkit.cli import complete
from labkit.model.errors import UsageError
from labkit.model.official import Official as OfficialRun


class AccelChoice(str, Enum):
    """What --accel may be; auto asks the probe."""

    AUTO = "auto"
    KVM = "kvm"
    TCG = "tcg"


LabName = Annotated[
    str, typer.Argument(metavar="LAB", help="A lab's id, such as lab2.", autocompletion=complete.labs)
]
LabOrAll = Annotated[
    str | None,
    typer.Argument(
        metavar="LAB",
        help="A lab's id, such as lab2; left out with --all.",
        show_default=False,
        autocompletion=complete.labs,
    ),
]
AllLabs = Annotated[
    bool,
    typer.Option(
        "--all",
        help="Every lab: your working folders in this one; without any, the reference solutions.",
    ),
]
Submission = Annotated[
    Path | None,
    typer.Argument(
        metavar="PATH",
        help="The folder with your work; the one you are in if it was started.",
        show_default=False,
    ),
]
Submissions = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="PATH",
        help="Folders with work; the one you are in if it was started.",
        show_default=False,
    ),
]
Jobs = Annotated[
    str,
    typer.Option(
        "--jobs",
        metavar="N|auto",
        help="Submissions or labs at once; auto: as many as this machine bears.",
    ),
]
Kernel = Annotated[
    str | None,
    typer.Option(
        "--kernel",
        metavar="NAME",
        help="6.1, 6.12, or a pack of your own.",
        show_default=False,
        autocompletion=complete.kernels,
    ),
]
Seed = Annotated[
    str | None,
    typer.Option(
        "--seed",
        metavar="TEXT",
        help="Draw the numbers from this; the same seed, the same run.",
        show_default=False,
    ),
]
Accel = Annotated[
    AccelChoice, typer.Option("--accel", help="What executes the guest; auto takes KVM if it works.")
]
Cold = Annotated[
    bool, typer.Option("--cold", help="Boot every guest from nothing instead of cloning a template.")
]
Json = Annotated[
    str | None,
    typer.Option(
        "--json", metavar="FILE", help="Write the verdict as JSON too; - is stdout.", show_default=False
    ),
]
Runs = Annotated[
    Path | None,
    typer.Option("--runs", metavar="DIR", help="Where run directories are kept.", show_default=False),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, the result in one line.")]

Official = Annotated[
    bool,
    typer.Option("--official", help="Draw the numbers from the course's secret, sign the result."),
]
Student = Annotated[
    str | None,
    typer.Option("--student", metavar="NAME", help="Whose official run it is.", show_default=False),
]
Attempt = Annotated[
    int | None,
    typer.Option("--attempt", metavar="N", min=1, help="Which official attempt, from 1.", show_default=False),
]
Key = Annotated[
    str | None,
    typer.Option("--key", metavar="NAME", help="The key to sign with.", show_default="course"),
]


def parse_official(
    official: bool,
    student: str | None,
    attempt: int | None,
    others: Mapping[str, object],
) -> OfficialRun | None:
    """Whose attempt it is, None for practice. `others` are what goes with one of both only, if given.

    Raises UsageError.
    """
    if not official:
        named = {"--student": student, "--attempt": attempt, "--key": others["--key"]}
        if odd := [option for option, value in named.items() if value is not None]:
            raise UsageError(where=odd[0], found="no --official", fix="give both, or leave it out")
        return None
    if student is None or attempt is None:
        raise UsageError(
            where="--official",
            found="no --student or no --attempt",
            fix="give both: the numbers hang on them",
        )
    if others["--seed"] is not None:
        fix = "leave it out: an official run draws its own"
        raise UsageError(where="--seed", found="--official too", fix=fix)
    if others["PATH"] != 1:
        raise UsageError(where="PATH", found="not one", fix="an official run grades the work of one student")
    return OfficialRun(student=student, attempt=attempt)


def parse_jobs(text: str) -> int | None:
    """The number that --jobs gives, None for auto. Raises UsageError."""
    if text == "auto":
        return None
    if text.isascii() and text.isdecimal() and int(text) > 0:
        return int(text)
    raise UsageError(
        where=f"--jobs {text}", found="neither a number from 1 nor auto", fix="write --jobs auto"
    )

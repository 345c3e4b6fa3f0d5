"""`labkit tune`: one thing varied at a time or all together, in disposable guests; what came of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from labkit.cli.course import parse_shard
from labkit.cli.options import Accel, AccelChoice, Cold, Quiet, parse_jobs
from labkit.model.errors import ExitCode, UsageError

tunes = typer.Typer(help="Kernel-tuning experiments: planned, run in disposable guests, analysed, compared.")

ExperimentName = Annotated[
    str,
    typer.Argument(metavar="EXPERIMENT", help="One that ships, a folder with an experiment.toml, or a file."),
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="FACTOR=LEVEL[,LEVEL]",
        help="Only cells with these levels; may be repeated.",
        show_default=False,
    ),
]
Repeats = Annotated[
    int | None,
    typer.Option("--repeats", metavar="N", min=1, help="Instead of the file's.", show_default=False),
]
ResultsFolder = Annotated[Path, typer.Argument(metavar="DIR", help="The --out DIR of labkit tune run.")]


@tunes.command()
def plan(experiment: ExperimentName, *, only: Only = None, repeats: Repeats = None) -> None:
    """Say what a run would be: cells, trials, guests, time. Nothing is started."""
    from labkit.tune import show
    from labkit.tune.run import outlook

    show.outlook(outlook(experiment, parse_only(only), repeats))


@tunes.command()
def run(
    experiment: ExperimentName,
    *,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where trials and results are kept.")],
    only: Only = None,
    repeats: Repeats = None,
    jobs: Annotated[
        str, typer.Option("--jobs", metavar="N|auto", help="Guests at once; auto: as many as fit.")
    ] = "auto",
    shard: Annotated[
        str | None,
        typer.Option(
            "--shard", metavar="I/N", help="Only the I-th of N parts of the trials.", show_default=False
        ),
    ] = None,
    pool: Annotated[
        str | None,
        typer.Option(
            "--pool", metavar="dask://HOST:PORT", help="Run on a cluster's workers.", show_default=False
        ),
    ] = None,
    check: Annotated[
        str | None,
        typer.Option(
            "--check",
            metavar="EXPR",
            help="Exit by what the metrics say, as git bisect run wants: 0 if it holds in every trial, 1 if "
            "not, 125 where that cannot be told.",
            show_default=False,
        ),
    ] = None,
    deterministic: Annotated[
        bool,
        typer.Option(
            "--deterministic",
            help="Guests that count instructions and are the same to the byte, proven on a sample. Slower.",
        ),
    ] = False,
    allow_tcg_time: Annotated[
        bool, typer.Option("--allow-tcg-time", help="Measure times although no KVM executes the guests.")
    ] = False,
    accel: Accel = AccelChoice.AUTO,
    cold: Cold = False,
    quiet: Quiet = False,
) -> int:
    """Make an experiment's trials and analyse them.

    Each trial is kept as it comes; the same line again makes only those that are missing. A knob that does
    not take makes its trial invalid; a crash, a hang and an OOM kill are results.

    Exit status: 0 all trials have a result; 4 labkit failed at some, or a deterministic one did
    not repeat; 2 bad input; 3 this host cannot. With
    --check 0, 1 or 125.
    """
    from labkit import present
    from labkit.tune import show
    from labkit.tune.ask import TuneAsk
    from labkit.tune.check import holds, read_formula
    from labkit.tune.results import report as report_on
    from labkit.tune.run import run as run_trials

    ask = TuneAsk(
        experiment=experiment,
        out=out,
        only=parse_only(only),
        repeats=repeats,
        jobs=parse_jobs(jobs),
        accel=accel.value,
        cold=cold,
        shard=parse_shard(shard),
        pool=pool,
        deterministic=deterministic,
        allow_tcg_time=allow_tcg_time,
    )
    formula = read_formula(check) if check is not None else None
    with present.progress(quiet=quiet) as listen:
        made = run_trials(ask, listen)
    found, page = report_on(out)
    show.study(found, page, quiet=quiet)
    if formula is not None:
        return holds(found, formula, made.keys)
    return ExitCode.PASSED if made.is_sound else ExitCode.BROKEN


@tunes.command()
def report(folder: ResultsFolder) -> None:
    """Analyse the trials in DIR again: the page, results.csv, results.parquet.

    The metrics, invariants and plots are those of DIR/experiment/experiment.toml, which may be edited.
    """
    from labkit.tune import show
    from labkit.tune.results import report as report_on

    show.study(*report_on(folder))


@tunes.command()
def compare(
    first: ResultsFolder,
    second: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Another of the same experiment.", show_default=False)
    ] = None,
    *,
    by: Annotated[
        str | None,
        typer.Option(
            "--by", metavar="FACTOR", help="A factor of two levels, instead of two DIRs.", show_default=False
        ),
    ] = None,
) -> int:
    """Compare two runs of an experiment cell by cell, or two levels of a factor; what became worse first.

    Exit status: 0 nothing is worse, 1 something is.
    """
    if second is None and by is None:
        raise UsageError(
            where="labkit tune compare", found="one folder", fix="give a second one, or --by FACTOR"
        )
    from labkit.tune import show
    from labkit.tune.results import compare as contrast

    found = contrast(first, second, by or "")
    show.comparison(found)
    return ExitCode.NOT_ALL_PASSED if any(it.worse for it in found.contrasts) else ExitCode.PASSED


@tunes.command(name="list")
def list_() -> None:
    """List the experiments that ship."""
    from labkit.tune import show
    from labkit.tune.workshop import shipped

    show.experiments(shipped())


@tunes.command()
def schema() -> None:
    """Print the JSON Schema of experiment.toml, for an editor."""
    from labkit.tune.workshop import experiment_schema

    typer.echo(experiment_schema(), nl=False)


def parse_only(words: list[str] | None) -> dict[str, tuple[str, ...]]:
    """'lru=n' and 'swappiness=0,60' as levels by factor. Raises UsageError.

    >>> parse_only(["lru=n", "swappiness=0,60"])
    {'lru': ('n',), 'swappiness': ('0', '60')}
    """
    found: dict[str, tuple[str, ...]] = {}
    for word in words or ():
        match = re.fullmatch(r"([a-z][a-z0-9_]*)=(.+)", word)
        if match is None:
            raise UsageError(
                where=f"--only {word}", found="not FACTOR=LEVEL", fix="write it like swappiness=0,60"
            )
        found[match[1]] = (*found.get(match[1], ()), *match[2].split(","))
    return found

"""`labkit run`: one submission or many of a lab, or every lab; for practice or officially."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from labkit.cli.options import (
    Accel,
    AccelChoice,
    AllLabs,
    Attempt,
    Cold,
    Jobs,
    Json,
    Kernel,
    Key,
    LabOrAll,
    Official,
    Quiet,
    Runs,
    Seed,
    Student,
    Submissions,
    parse_jobs,
    parse_official,
)
from labkit.model.errors import UsageError


def run(
    lab: LabOrAll = None,
    paths: Submissions = None,
    *,
    every_lab: AllLabs = False,
    jobs: Jobs = "auto",
    kernel: Kernel = None,
    seed: Seed = None,
    accel: Accel = AccelChoice.AUTO,
    json: Json = None,
    runs: Runs = None,
    cold: Cold = False,
    quiet: Quiet = False,
    official: Official = False,
    student: Student = None,
    attempt: Attempt = None,
    key: Key = None,
) -> int:
    """Run a lab in fresh guests and grade it.

    Several PATHs are graded in one go and shown in a table; --json then writes an array, in their order. One
    that cannot be graded stops no other. The exit status is the highest that one of them has by itself: 4
    broken or ungraded, 3 this host could not, 2 the submission's own fault, 1 not all passed, 0 all passed.

    With --all every lab is run, again with a table, an array and the highest exit status: the working folders
    inside the one that you are in, or, where there is none, each lab's reference solution as a demonstration.

    With --official the numbers are drawn from the course's secret for this student and attempt, and the
    result is signed; a lab whose graded checks a student could forge is refused.
    """
    from labkit import present

    present.check_target(json)
    at_once = parse_jobs(jobs)
    if every_lab:
        _refuse_with_all({"LAB": lab, "--official": official or None})
    others = {"--key": key, "--seed": seed, "PATH": len(paths or ())}
    whose = parse_official(official, student, attempt, others)
    if every_lab:
        from labkit.tour import TourAsk
        from labkit.tour import run as run_all

        tour = TourAsk(kernel=kernel, seed=seed, accel=accel.value, runs=runs, cold=cold)
        with present.progress(quiet=quiet) as listen:
            found = run_all(tour, Path.cwd(), at_once, listen)
        present.tour(found, json=json, quiet=quiet)
        return found.exit_code
    if lab is None:
        raise UsageError(
            where="labkit run",
            found="no LAB",
            fix="name one of `labkit list`, or say --all; `labkit run --help` says what there is",
        )
    from labkit.keyring import COURSE
    from labkit.session import RunAsk
    from labkit.session import run as run_lab

    path = paths[0] if paths else None
    ask = RunAsk(
        lab=lab,
        path=path,
        kernel=kernel,
        seed=seed,
        accel=accel.value,
        runs=runs,
        cold=cold,
        official=whose,
        key=key or COURSE,
    )
    if paths is not None and len(paths) > 1:
        from labkit.batch import run as run_batch

        with present.progress(quiet=quiet) as listen:
            rows = run_batch(ask, tuple(paths), at_once, listen)
        present.batch(rows, json=json, quiet=quiet)
        return max(row.exit_code for row in rows)
    with present.progress(quiet=quiet) as listen:
        done = run_lab(ask, listen)
    present.verdict(done.verdict, done.run, lab=done.lab, json=json, quiet=quiet)
    return done.verdict.exit_code


def _refuse_with_all(given: Mapping[str, object]) -> None:
    """Raise UsageError for what goes with one lab only."""
    if odd := [name for name, value in given.items() if value is not None]:
        raise UsageError(where="labkit run --all", found=f"{odd[0]} too", fix="give one of both")

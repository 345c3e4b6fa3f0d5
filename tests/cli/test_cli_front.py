"""The front door: what is typed wrongly, what goes wrong behind it, and what it says when it is stopped."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from labkit.cli.front import enter
from labkit.cli.verbs import app
from labkit.model.errors import Broken, CompileError, ExitCode, HostError, LabkitError, UsageError
from labkit.places import places

WORK = ("run", "list", "next", "show", "start", "shell", "map", "grade")
VERBS = (*WORK, "lint", "doctor", "image", "key", "verify", "explain", "new", "watch")

OFFICIAL = ("run", "lab2", "--official", "--student", "ada", "--attempt", "1")


@pytest.fixture
def verb() -> Iterator[Callable[[Callable[[], object]], None]]:
    """Adds a verb called `act` to the real app for one test."""
    before = list(app.registered_commands)

    def add(act: Callable[[], object]) -> None:
        app.command(name="act")(act)

    yield add
    app.registered_commands[:] = before


def labkit(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from labkit.cli import main; main()", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **env},
    )


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().err.split())


def test_help_names_every_verb() -> None:
    done = labkit("--help")
    assert done.returncode == 0
    for name in VERBS:
        assert re.search(rf"^  {name} ", done.stdout, re.MULTILINE)


def test_help_loads_nothing_heavy() -> None:
    script = """
        import sys
        from labkit.cli.front import enter
        assert enter(["--help"]) == 0
        heavy = {"paramiko", "pexpect", "jinja2", "qemu", "rich.console", "labkit.session", "labkit.desk"}
        heavy |= {"drgn", "numpy"}
        sys.exit(", ".join(sorted(heavy & set(sys.modules))) or 0)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_labkit_alone_says_what_to_do_next(tmp_path: Path) -> None:
    done = labkit(LABKIT_RUNS=str(tmp_path))
    assert done.returncode == 0
    assert "You have run nothing yet." in done.stdout
    assert "labkit next" in done.stdout


def test_labkit_alone_loads_nothing_heavy(tmp_path: Path) -> None:
    script = """
        import sys
        from labkit.cli.front import enter
        assert enter([]) == 0
        heavy = {"paramiko", "pexpect", "jinja2", "qemu", "drgn", "numpy", "labkit.session"}
        heavy |= {"labkit.store.runs", "labkit.labfile.load"}
        sys.exit(", ".join(sorted(heavy & set(sys.modules))) or 0)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "LABKIT_RUNS": str(tmp_path / "none")},
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_version_is_said() -> None:
    assert re.fullmatch(r"labkit \d+\.\d+\.\d+\n", labkit("--version").stdout)


@pytest.mark.parametrize(
    ("words", "where", "found", "fix"),
    [
        (["runn"], "labkit", "No such command 'runn'", "did you mean 'run'?"),
        (
            ["run", "lab2", "--sed", "1"],
            "labkit run",
            "No such option: --sed",
            "did you mean --seed or",
        ),
        (["run"], "labkit run", "no LAB", "`labkit run --help`"),
        (["run", "lab2", "--all"], "labkit run --all", "LAB too", "give one of both"),
        (["run", "--all", "--official"], "labkit run --all", "--official too", "give one of both"),
        (["run", "--all", "--student", "a"], "--student", "no --official", "give both, or leave it out"),
        (
            ["run", "lab2", "--accel", "hvf"],
            "labkit run",
            "Invalid value for '--accel': 'hvf' is not one of",
            "--help",
        ),
        (["list", "runz"], "labkit list", "Invalid value for 'WHAT': 'runz' is not one of", "mean 'runs'?"),
        (["lint", "lab33"], "LAB", "no lab 'lab33'", "did you mean 'lab3'?"),
        (["run", "./no-lab"], "LAB ./no-lab", "no such folder", "`labkit new` makes one"),
        (["run", "/"], "LAB /", "no lab.toml in it", "name a lab's folder"),
        (["start", "lab3", "/proc/x"], "/proc/x", "No such file or directory", "labkit start lab3 DIR"),
        (["new", "x", "--in", "/proc"], "/proc/x", "No such file or directory", "with --in FOLDER"),
        (["explain", "exakt", "--lab", "lab3"], "CHECK", "lab3 has no check 'exakt'", "mean 'exact'?"),
        (["explain"], "labkit explain", "Missing argument 'CHECK'", "`labkit explain --help`"),
        (["--bogus"], "labkit", "No such option: --bogus", "`labkit --help`"),
        (["image"], "labkit image", "Missing command", "`labkit image --help`"),
        (["image", "rm"], "labkit image rm", "no name", "give names or --all"),
        (["image", "rm", "6.1", "--all"], "labkit image rm", "names and --all", "give names or --all"),
        (["image", "add-kernel", "x"], "labkit image add-kernel", "Missing option '--bzimage'", "--help"),
        (
            ["run", "lab2", "--json", "/no/such/folder/v.json"],
            "--json",
            "no folder /no/such/folder",
            "make it",
        ),
        (["run", "lab2", "--json", "/"], "--json /", "a folder", "name a file"),
        (["run", "lab2", "x", "--official"], "--official", "no --student or no --attempt", "give both"),
        (["run", "lab2", "x", "--student", "a"], "--student", "no --official", "give both, or leave it out"),
        ([*OFFICIAL, "x", "--seed", "1"], "--seed", "--official too", "draws its own"),
        ([*OFFICIAL], "PATH", "not one", "the work of one student"),
        ([*OFFICIAL, "x", "y"], "PATH", "not one", "the work of one student"),
        (["run", "lab2", "--jobs", "0"], "--jobs 0", "neither a number from 1 nor auto", "write --jobs auto"),
        (["run", "lab2", "a", "b", "--jobs", "x"], "--jobs x", "neither a number", "write --jobs auto"),
    ],
)
def test_a_mistyped_line_is_exit_2_with_where_found_and_what_to_do(
    capsys: pytest.CaptureFixture[str], words: list[str], where: str, found: str, fix: str
) -> None:
    assert enter(words) == ExitCode.BAD_INPUT
    text = said(capsys)
    assert text.startswith("error: labkit cannot do what was asked where " + where)
    assert f"found {found}" in text
    assert fix in text[text.index("to do ") :]


@pytest.mark.parametrize(
    ("kind", "status"), [(UsageError, 2), (CompileError, 2), (HostError, 3), (Broken, 4), (LabkitError, 4)]
)
def test_an_error_exits_with_the_code_of_who_must_act(
    capsys: pytest.CaptureFixture[str],
    verb: Callable[[Callable[[], object]], None],
    kind: type[LabkitError],
    status: int,
) -> None:
    def act() -> None:
        raise kind(where="here", found="that", fix="mend it")

    verb(act)
    assert enter(["act"]) == status
    assert "where here found that to do mend it" in said(capsys)


def test_a_verb_exits_with_what_it_returns(verb: Callable[[Callable[[], object]], None]) -> None:
    verb(lambda: ExitCode.NOT_ALL_PASSED)
    assert enter(["act"]) == 1


def _fall() -> None:
    raise ZeroDivisionError("nobody foresaw this")


def test_a_bug_is_one_sentence_and_its_traceback_is_kept(
    capsys: pytest.CaptureFixture[str],
    verb: Callable[[Callable[[], object]], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LABKIT_CACHE", str(tmp_path))
    verb(_fall)
    assert enter(["act"]) == ExitCode.BROKEN
    text = said(capsys)
    assert "a fault of labkit, not yours: ZeroDivisionError: nobody foresaw this" in text
    assert "Traceback" not in text
    (kept,) = (tmp_path / "crashes").iterdir()
    assert "in _fall" in kept.read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [["act", "--debug"], ["--debug", "act"]])
def test_debug_shows_the_traceback_wherever_it_stands(
    capsys: pytest.CaptureFixture[str], verb: Callable[[Callable[[], object]], None], words: list[str]
) -> None:
    verb(_fall)
    assert enter(words) == ExitCode.BROKEN
    assert "in _fall" in said(capsys)


STOPPED = """
    import sys, time
    from labkit.cli.front import enter
    from labkit.cli.verbs import app

    @app.command()
    def act() -> None:
        try:
            print("begun", flush=True)
            time.sleep(60)
        finally:
            print("tidying", flush=True)
            time.sleep(0.5)
            print("tidied", flush=True)

    sys.exit(enter(["act"]))
"""


@pytest.mark.parametrize(
    ("number", "name"), [(signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM"), (signal.SIGHUP, "SIGHUP")]
)
def test_a_signal_unwinds_every_block_and_a_second_does_not_disturb_it(
    number: signal.Signals, name: str
) -> None:
    # Whoever runs the tests may ignore signals (nohup, a job in the background), and children inherit that.
    heeding = ["env", "--default-signal=INT,TERM,HUP"]
    with subprocess.Popen(
        [*heeding, sys.executable, "-c", textwrap.dedent(STOPPED)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(number)
        assert process.stdout.readline() == "tidying\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert out == "tidied\n"
    assert err == f"stopped by {name}: no guest runs on, nothing half-built is kept.\n"
    assert process.returncode == 128 + number


def test_an_ignored_signal_stays_ignored() -> None:
    script = textwrap.dedent(STOPPED).replace("time.sleep(60)", "time.sleep(0.5)")
    process = subprocess.run(
        [
            "sh",
            "-c",
            'trap "" HUP; "$0" -c "$1" & pid=$!; sleep 0.2; kill -HUP $pid; wait $pid',
            sys.executable,
            script,
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (process.returncode, process.stderr) == (0, "")


def test_a_lab_named_without_its_slash_is_answered_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert enter(["new", "my_lab"]) == 0
    assert enter(["lint", "my_lab"]) == ExitCode.BAD_INPUT
    assert "did you mean the folder ./my_lab?" in said(capsys)


def test_a_run_that_cannot_be_read_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "20260101T000000Z-lab3-x"
    run.mkdir()
    (run / "request.json").write_text("{")
    assert enter(["explain", "exact", run.name, "--runs", str(tmp_path)]) == ExitCode.BAD_INPUT
    assert "found a run that cannot be read" in said(capsys)


def test_an_unknown_lab_is_answered_with_a_near_one(tmp_path: Path) -> None:
    done = labkit("run", "lab22", LABKIT_CACHE=str(tmp_path))
    assert done.returncode == ExitCode.BAD_INPUT
    assert "did you mean 'lab2'?" in done.stderr


def test_lint_passes_over_what_lies_beside_the_labs(capsys: pytest.CaptureFixture[str]) -> None:
    everything = sorted(str(path) for path in places().labs.iterdir())
    assert enter(["lint", *everything]) == 0
    assert "lab2: runs may be official" in capsys.readouterr().out
    assert enter(["lint", str(places().labs / "forgers")]) == ExitCode.BAD_INPUT

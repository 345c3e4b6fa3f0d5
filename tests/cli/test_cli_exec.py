"""`labkit exec` before any guest: what is mistyped is 2, what this host cannot is 125, little is loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.cli.front import enter
from labkit.model.errors import ExitCode


@pytest.mark.parametrize(
    ("words", "where", "found", "fix"),
    [
        (["exec"], "labkit exec", "Missing argument '-- COMMAND...'", "`labkit exec --help`"),
        (["exec", "uname", "-r"], "labkit exec", "No such option: -r", "`labkit exec --help`"),
        (["exec", "--timeout", "0", "--", "true"], "labkit exec", "--timeout", "`labkit exec --help`"),
        (["exec", "--nodes", "2x256", "--", "true"], "--nodes 2x256", "'256'", "write '256M'"),
        (["exec", "--nodes", "64M", "--", "true"], "--nodes 64M: node", "found 64MiB in all", "give 160MiB"),
        (["exec", "--machine", "gone.toml", "--", "true"], "gone.toml", "no such file", "write it"),
        (["exec", "--machine", "a", "--nodes", "256M", "--", "true"], "--nodes and", "both", "give one"),
        (["exec", "--push", "gone", "--", "true"], "--push gone", "no such file or folder", "name one"),
        (["exec", "--fetch", "..", "--", "true"], "--fetch '..'", "", "name a file"),
        (
            ["exec", "--fetch", "out", "--into", "/gone/back", "--", "true"],
            "--into /gone/back",
            "no such folder",
            "make it first",
        ),
        (
            ["exec", "--fetch", "out", "--into", "/dev/null", "--", "true"],
            "--into /dev/null",
            "no folder",
            "name one",
        ),
        (
            ["exec", "--console", "/gone/log", "--", "true"],
            "--console /gone/log",
            "no folder /gone",
            "make it first",
        ),
        (["exec", "--console", "/", "--", "true"], "--console /", "a folder", "name a file"),
        (["shell", "--nodes", "none"], "--nodes none", "'none'", "write it like"),
        (["shell", "lab2", "--nodes", "256M"], "labkit shell lab2", "--nodes", "leave it out"),
        (["shell", "lab2", "--kmod"], "labkit shell lab2", "--kmod", "leave it out"),
    ],
)
def test_a_mistyped_line_is_2_with_where_found_and_what_to_do(
    capsys: pytest.CaptureFixture[str], words: list[str], where: str, found: str, fix: str
) -> None:
    assert enter(words) == ExitCode.BAD_INPUT
    text = " ".join(capsys.readouterr().err.split())
    assert text.startswith("error: labkit cannot")
    assert f"where {where}" in text
    assert found in text
    assert fix in text[text.index("to do ") :]


def refused(path: object, mode: int) -> bool:
    """As for a user who is not root: nothing may be written."""
    del path
    return not mode & os.W_OK


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--fetch", "out", "--into", "."], "it may not be written to"),
        (["--console", "log"], "it may not be written"),
    ],
)
def test_what_may_not_be_written_is_said_before_the_run(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    words: list[str],
    found: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LABKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("os.access", refused)
    assert enter(["exec", *words, "--", "true"]) == ExitCode.BAD_INPUT
    assert found in " ".join(capsys.readouterr().err.split())
    assert list(tmp_path.iterdir()) == []


def test_a_host_that_cannot_is_125_for_3_may_be_the_programs_own(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from labkit.cli import main; main()", "exec", "--", "true"],
        env={"PATH": str(tmp_path), "LABKIT_CACHE": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == ExitCode.NOT_THE_COMMAND
    assert "error: this machine cannot do it yet" in done.stderr


def test_a_guest_like_one_before_loads_nothing_that_builds_or_draws() -> None:
    script = """if True:
        import sys
        import labkit.cli.exec, labkit.errand
        heavy = {"pydantic", "jinja2", "rich", "pexpect", "labkit.build.apt", "labkit.session"}
        heavy |= {"drgn", "numpy"}
        sys.exit(", ".join(sorted(heavy & set(sys.modules))) or 0)
    """
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")

"""Shell completion, asked as the shells' own scripts ask it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.labfile.workfolder import Marker, write_marker


def asked(shell: str, line: str, folder: Path) -> list[str]:
    """The words that a shell is offered for the last word of a line; fish's come with its own markup."""
    ask = {
        "_LABKIT_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": line,
        "COMP_CWORD": str(line.count(" ")),
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "LABKIT_RUNS": str(folder / "runs"),
    }
    done = subprocess.run(
        [sys.executable, "-c", "from labkit.cli import main; main()"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=folder,
        env={**os.environ, **ask},
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [word for line in done.stdout.splitlines() for word in line.replace('"', " ").split()]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_is_offered_labs(shell: str, tmp_path: Path) -> None:
    assert {"lab1", "lab2", "lab3"} <= set(asked(shell, "labkit run lab", tmp_path))
    assert "buddy" not in asked(shell, "labkit run lab", tmp_path)


def test_checks_are_those_of_the_lab_that_is_meant(tmp_path: Path) -> None:
    assert "exact" in asked("bash", "labkit explain ex", tmp_path)
    assert "exact" not in asked("bash", "labkit explain --lab buddy ", tmp_path)
    write_marker(tmp_path, Marker(lab="lab3", seed="ada"))
    assert asked("bash", "labkit explain exa", tmp_path) == ["exact"]


def test_runs_kernels_and_verbs_are_offered(tmp_path: Path) -> None:
    (tmp_path / "runs" / "20261126T180513Z-lab3-ada").mkdir(parents=True)
    assert asked("bash", "labkit show 2026", tmp_path) == ["20261126T180513Z-lab3-ada"]
    assert {"6.1", "6.12"} <= set(asked("bash", "labkit run lab3 --kernel 6", tmp_path))
    assert "explain" in asked("bash", "labkit ex", tmp_path)


def test_what_cannot_be_completed_is_silence(tmp_path: Path) -> None:
    assert asked("bash", "labkit show 2026", tmp_path) == []
    assert asked("bash", "labkit explain --lab nonsense x", tmp_path) == []
    (tmp_path / ".labkit.toml").write_text("no toml")
    assert asked("bash", "labkit explain ex", tmp_path) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_to_install_is_shown(shell: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from labkit.cli import main; main()", "--show-completion", shell],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
    )
    assert done.returncode == 0
    assert "_LABKIT_COMPLETE" in done.stdout

"""What a shell is offered after TAB, asked as the scripts of bash, zsh and fish ask."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

LABKIT = Path(sys.executable).with_name("labkit")


def offered(line: str, tmp_path: Path, shell: str = "bash") -> str:
    """What labkit answers to a shell in which `line` was typed so far, its last word unfinished."""
    words = {
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split(" ")) - 1),
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    env = {**os.environ, **words, "_LABKIT_COMPLETE": f"complete_{shell}", "LABKIT_RUNS": str(tmp_path)}
    done = subprocess.run([LABKIT], env=env, capture_output=True, text=True, check=False, timeout=60)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_labs_are_offered_by_what_they_begin_with(shell: str, tmp_path: Path) -> None:
    text = offered("labkit run lab", tmp_path, shell)
    assert {"lab1", "lab2", "lab3"} <= set(text.replace('"', " ").split())
    assert "buddy" not in text


def test_checks_kernels_options_and_verbs_are_offered(tmp_path: Path) -> None:
    assert offered("labkit explain swap-", tmp_path).split() == ["swap-fenced", "swap-predicted"]
    assert {"6.1", "6.12"} <= set(offered("labkit run lab2 --kernel ", tmp_path).split())
    assert offered("labkit run lab2 --ker", tmp_path).split() == ["--kernel"]
    assert offered("labkit wat", tmp_path).split() == ["watch"]


def test_of_runs_the_newest_are_offered_first(tmp_path: Path) -> None:
    for number in range(50):
        run = tmp_path / f"20261126T1000{number:02d}Z-lab2-demo"
        run.mkdir()
        (run / "request.json").write_text("{}")
    found = offered("labkit show 2026", tmp_path).split()
    assert found[0] == "20261126T100049Z-lab2-demo"
    assert len(found) == 40
    assert offered("labkit show 1999", tmp_path).split() == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_script_for_each_shell(shell: str) -> None:
    env = {**os.environ, "_LABKIT_COMPLETE": f"source_{shell}"}
    done = subprocess.run([LABKIT], env=env, capture_output=True, text=True, check=True, timeout=60)
    assert f"complete_{shell}" in done.stdout

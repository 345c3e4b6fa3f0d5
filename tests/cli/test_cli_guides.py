"""Every command of the guides is run as it stands there, in order, in a folder of its own.

A line `    $ COMMAND` is a command for bash; `# status N` behind it is the exit status to expect, 0 without.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.places import CHECKOUT

GUIDES = ("labkit/GUIDE.md", "labkit/COURSE.md", "labs/AUTHORING.md", "labkit/TUNING.md")
COMMAND = re.compile(r"^    \$ (?P<command>.+?)(?: +# status (?P<status>\d+))?$", re.MULTILINE)
SECONDS = 300


def commands(guide: str) -> list[tuple[str, int]]:
    text = (CHECKOUT / guide).read_text(encoding="utf-8")
    return [(found["command"], int(found["status"] or 0)) for found in COMMAND.finditer(text)]


@pytest.mark.parametrize("guide", GUIDES)
def test_the_readme_leads_to_each_guide_and_each_has_commands(guide: str) -> None:
    assert f"]({guide})" in (CHECKOUT / "README.md").read_text(encoding="utf-8")
    assert len(commands(guide)) > 5


@pytest.mark.guest
@pytest.mark.parametrize("guide", GUIDES)
def test_every_command_does_what_the_guide_says(guide: str, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    door = tmp_path / "bin" / "labkit"
    door.write_text(f'#!/bin/sh\nexec {sys.executable} -c "from labkit.cli import main; main()" "$@"\n')
    door.chmod(0o755)
    (tmp_path / "here").mkdir()
    # One shell for all, so that `cd` means what it says; a line a command with its status.
    lines = ["exec 3>&1 1>&2"]
    for command, _ in commands(guide):
        lines += [command, "echo $? >&3"]
    done = subprocess.run(
        ["bash", "-c", "\n".join(lines)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
        cwd=tmp_path / "here",
        env={
            **os.environ,
            "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
            "LABKIT_RUNS": str(tmp_path / "runs"),
            "LABKIT_KEYS": str(tmp_path / "keys"),
            "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
        },
    )
    found = list(zip((command for command, _ in commands(guide)), map(int, done.stdout.split()), strict=True))
    assert found == commands(guide), done.stderr

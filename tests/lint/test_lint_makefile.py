"""`make deps` installs what the code says it needs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from labkit.build.tools import PACKAGES

ROOT = Path(__file__).resolve().parents[2]
ESSENTIAL = {"apt", "dpkg", "tar"}  # there on every Debian and Ubuntu


def make(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *words], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_every_package_a_program_is_missing_from_gets_installed() -> None:
    line = re.search(r"^PACKAGES := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert line
    assert set(PACKAGES.values()) - ESSENTIAL <= set(line[1].split())


@pytest.mark.parametrize("verb", ["run", "test", "test-cluster", "lint", "bench", "soak", "clean", "deps"])
def test_help_names_every_verb(verb: str) -> None:
    assert re.search(rf"^make {verb} +\S", make("help").stdout, re.MULTILINE)


def test_nothing_is_installed_when_nothing_is_missing() -> None:
    done = make("deps", "PACKAGES=dpkg apt tar")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

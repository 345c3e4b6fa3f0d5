"""Every import contract breaks on an import it forbids: in a copy of labkit with one planted file."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")

STAR = "The star: no room knows another"
ORDER = "Hallways stand above rooms, in order, and everything above the table"
DOOR = "The front door opens on hallways, never on a room"
PURE = "Judging and the table touch neither guests nor processes"
PLACES = "Rooms are told where things live"

PLANTS = [
    ("grade/planted.py", "import labkit.store", {STAR, ORDER}),
    ("labfile/planted.py", "import labkit.build", {STAR, ORDER}),
    ("qemu/planted.py", "import labkit.guest", {STAR, ORDER}),
    ("build/planted.py", "import labkit.report", {STAR, ORDER}),
    ("store/planted.py", "import labkit.places", {ORDER, PLACES}),
    ("pools/planted.py", "import labkit.qemu", {STAR, ORDER}),
    ("witness/planted.py", "import labkit.qemu", {STAR, ORDER}),
    ("cli/planted.py", "import labkit.witness", {DOOR}),
    ("model/planted.py", "import labkit.labfile", {ORDER}),
    ("cli/planted.py", "import labkit.guest", {DOOR}),
    ("cli/planted.py", "import labkit.pools", {DOOR}),
    ("grade/planted.py", "import subprocess", {PURE}),
    ("grade/planted.py", "from pexpect import spawn", {PURE}),
    ("model/planted.py", "import socket", {PURE}),
    ("model/planted.py", "import paramiko", {PURE}),
    ("guest/planted.py", "from platformdirs import user_cache_dir", {PLACES}),
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A checkout with labkit/ and pyproject.toml, nothing else."""
    shutil.copytree(ROOT / "labkit", tmp_path / "labkit", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        [LINT_IMPORTS, "--no-cache"], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_labkit_keeps_every_contract(copy: Path) -> None:
    status, said = lint(copy)
    assert (status, re.findall(r"^(.+) KEPT$", said, re.MULTILINE)) == (0, [STAR, ORDER, DOOR, PURE, PLACES])


@pytest.mark.parametrize(("file", "line", "broken"), PLANTS)
def test_a_forbidden_import_breaks_its_contracts(copy: Path, file: str, line: str, broken: set[str]) -> None:
    (copy / "labkit" / file).write_text(line + "\n")
    status, said = lint(copy)
    assert (status, set(re.findall(r"^(.+) BROKEN$", said, re.MULTILINE))) == (1, broken), said


def test_a_hallway_may_not_import_one_above_it(copy: Path) -> None:
    file = copy / "labkit" / "provision.py"
    file.write_text(file.read_text() + "\nimport labkit.session\n")
    status, said = lint(copy)
    assert status == 1
    assert f"{ORDER} BROKEN" in said


def test_a_new_file_must_be_given_its_place(copy: Path) -> None:
    (copy / "labkit" / "stray.py").write_text("")
    status, said = lint(copy)
    assert status == 1
    assert "labkit.stray" in said

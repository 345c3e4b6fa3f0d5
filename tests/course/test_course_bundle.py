"""The zip for Gradescope, run as its container runs it: the same folders, one core, no KVM, little memory."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from labkit.course.bundle import CONTAINER, SECRET, bundle
from labkit.labfile.draw import parameters
from labkit.labfile.load import load
from labkit.labfile.submission import load_submission
from labkit.labfile.workfolder import Marker, write_marker
from labkit.model.errors import ExitCode
from labkit.places import CHECKOUT, lab_folder, places

LAB = "lab3"
SEED = "bundled"
METADATA = {
    "id": 4711,
    "created_at": "2026-12-03T00:30:00.000000+01:00",
    "assignment": {"due_date": "2026-12-01T23:59:00.000000+01:00", "title": "Page faults"},
    "users": [{"email": "ada@x.edu", "id": 1815, "name": "Ada Lovelace"}],
    "previous_submissions": [{}],
}
RULES = "per_day = 10\n"  # the deadline is Gradescope's own


def test_what_students_may_not_see_is_not_in_it_and_it_is_the_same_every_time(tmp_path: Path) -> None:
    first = bundle(LAB, tmp_path / "a.zip")
    second = bundle(LAB, tmp_path / "b.zip")
    assert first.path.read_bytes() == second.path.read_bytes()
    names = zipfile.ZipFile(first.path).namelist()
    assert {"setup.sh", "run_autograder", "labkit/pyproject.toml", f"labkit/labs/{LAB}/lab.toml"} <= set(
        names
    )
    assert not [name for name in names for word in SECRET if name.startswith(f"labkit/labs/{LAB}/{word}/")]
    assert not [name for name in names if name.startswith("labkit/labs/") and f"/{LAB}/" not in name][1:]
    assert first.fits
    assert not bundle("lab2", tmp_path / "c.zip").fits  # and its user is told so


@pytest.fixture
def autograder(tmp_path: Path) -> Path:
    """/autograder as the harness lays it out, labkit's packages being installed already."""
    rules = tmp_path / "policy.toml"
    rules.write_text(RULES)
    made = bundle(LAB, tmp_path / "bundle.zip", policy=rules)
    root = tmp_path / "autograder"
    with zipfile.ZipFile(made.path) as archive:
        archive.extractall(root / "source")
    (root / "source" / "labkit" / ".venv" / "bin").mkdir(parents=True)
    door = root / "source" / "labkit" / ".venv" / "bin" / "labkit"
    door.write_text(f'#!/bin/sh\nexec {sys.executable} -c "from labkit.cli import main; main()" "$@"\n')
    for script in (door, root / "source" / "run_autograder"):
        script.chmod(0o755)
    lab = load(lab_folder(places(), LAB))
    work = root / "submission"
    work.mkdir()
    for name, text in load_submission(lab, lab.folder / "solution", parameters(lab, SEED)).items():
        (work / name).write_text(text)
    write_marker(work, Marker(lab=LAB, seed=SEED))
    (root / "submission_metadata.json").write_text(json.dumps(METADATA))
    return root


@contextmanager
def little_memory() -> Iterator[list[str]]:
    """The head of a command that is held to the smallest container's memory, where this user may do that."""
    hierarchy = Path("/sys/fs/cgroup")
    if "memory" not in _words(hierarchy / "cgroup.subtree_control"):
        yield []
        return
    group = hierarchy / f"labkit-test-{uuid.uuid4().hex}"
    try:
        group.mkdir()
        (group / "memory.max").write_text(str(int(CONTAINER)))
    except OSError:
        if group.is_dir():
            group.rmdir()
        yield []
        return
    try:
        yield ["sh", "-c", f'echo $$ >{group}/cgroup.procs && exec "$@"', "sh"]
    finally:
        group.rmdir()


def _words(path: Path) -> list[str]:
    return path.read_text().split() if path.is_file() else []


def contained(root: Path) -> subprocess.CompletedProcess[str]:
    """Run it where only /autograder and labkit's cache may be written."""
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed: `make deps` installs it")
    cache = str(places().cache)
    box = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]
    box += ["--ro-bind", sys.prefix, sys.prefix]  # where labkit's packages are, should that be in /tmp
    box += ["--bind", str(root), "/autograder", "--bind", cache, cache, "--die-with-parent"]
    with little_memory() as head:
        return subprocess.run(
            [*head, "taskset", "-c", "0", *box, "/autograder/source/run_autograder"],
            check=False,
            capture_output=True,
            text=True,
            timeout=280,
            env={**os.environ, "LABKIT_CACHE": cache, "PYTHONPATH": "/autograder/source/labkit"},
        )


@pytest.fixture
def whole(autograder: Path) -> Iterator[Path]:
    """`autograder`, at a place that a container may cover."""
    mount = Path("/autograder")
    made = not mount.exists()
    try:
        mount.mkdir(exist_ok=True)
    except OSError:
        pytest.skip("only root may make /autograder, on which the container's folder is mounted")
    try:
        yield autograder
    finally:
        if made:
            mount.rmdir()


@pytest.mark.guest
def test_a_submission_gets_its_score_in_the_container(whole: Path) -> None:
    done = contained(whole)
    assert done.returncode == ExitCode.PASSED, done.stderr
    found = json.loads((whole / "results" / "results.json").read_text())
    lab = load(CHECKOUT / "labs" / LAB)
    late = "attempt 2: handed in 2026-12-03 00:30:00+01:00, due 2026-12-01 23:59+01:00: 2 late days"
    assert late in found["output"].splitlines()
    assert sum(test.get("score", 0) for test in found["tests"]) == lab.max_score
    assert found["score"] == pytest.approx(0.8 * lab.max_score)


@pytest.mark.guest
def test_what_cannot_be_graded_says_so_and_has_no_score(whole: Path) -> None:
    (whole / "submission_metadata.json").write_text("{")
    done = contained(whole)
    assert done.returncode == ExitCode.BAD_INPUT
    found = json.loads((whole / "results" / "results.json").read_text())
    assert "score" not in found
    assert "a person looks at it" in found["output"]

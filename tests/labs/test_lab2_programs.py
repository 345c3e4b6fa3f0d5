"""What of lab2's programs can run on a host does what it says."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "labs" / "lab2"
pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")


FLAGS = ["-O1", "-Wall", "-Wextra", "-Werror", "-I", str(FOLDER.parents[1] / "images" / "include")]


def compiled(source: Path, folder: Path) -> Path:
    program = folder / source.stem
    subprocess.run(["gcc", *FLAGS, "-o", str(program), str(source)], check=True)
    return program


def test_the_census_counts_this_very_process(tmp_path: Path) -> None:
    census = compiled(FOLDER / "src" / "census.c", tmp_path)
    header, *rows = subprocess.run([census], check=True, capture_output=True, text=True).stdout.splitlines()
    assert header.split("\t") == ["pid", "uid", "start", "adj", "score", "rss", "swap", "pte", "name"]
    mine = next(row for row in rows if row.split("\t")[0] == str(os.getpid()))
    pid, uid, start, adj, score, rss, *_ = (int(field) for field in mine.split("\t")[:8])
    assert (pid, uid) == (os.getpid(), os.getuid())
    assert start > 0
    assert adj == int(Path("/proc/self/oom_score_adj").read_text())
    assert 0 <= score <= 2000
    assert rss > 1000


@pytest.mark.parametrize(
    ("hog", "there", "zero"),
    [("solution", True, False), ("wrong/lazy-hog", False, False), ("wrong/zero-hog", True, True)],
)
def test_the_inspector_tells_a_hog_from_a_pretender(
    hog: str, there: bool, zero: bool, tmp_path: Path
) -> None:
    inspect = compiled(FOLDER / "src" / "inspect.c", tmp_path)
    pretender = compiled(FOLDER / hog / "hog.c", tmp_path)
    done = subprocess.run([inspect, pretender, "8"], check=True, capture_output=True, text=True, cwd=tmp_path)
    told = done.stdout
    for left in Path("/proc").glob("[0-9]*/exe"):  # it is left for others to look at
        with suppress(OSError):
            if left.resolve() == pretender:
                os.kill(int(left.parent.name), signal.SIGKILL)
    seen = {key: int(value) for key, value in (line.split() for line in told.splitlines())}
    assert seen["asked"] == 2048
    assert (seen["there"] >= 2048) == there
    assert (seen["zero"] >= 2000) == zero


def test_the_inspector_says_when_there_is_nobody_to_look_at(tmp_path: Path) -> None:
    inspect = compiled(FOLDER / "src" / "inspect.c", tmp_path)
    done = subprocess.run(
        [inspect, "/bin/true", "8"], check=False, capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 1
    assert "it ended before anybody could look" in done.stderr


def test_a_herd_refuses_a_member_it_does_not_understand(tmp_path: Path) -> None:
    herd = compiled(FOLDER / "src" / "herd.c", tmp_path)
    argv = [herd, tmp_path / "group", "mapper:8:0"]
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "'mapper:8:0' is not NAME:MIB:ADJ:UID" in done.stderr


@pytest.mark.parametrize(
    ("program", "status", "complaint"),
    [
        ("x = [0] * 10", 0, ""),
        ("print('kept')", 0, ""),
        ("x = [0] * (1 << 60)", 1, "MemoryError"),
        ("import atexit; atexit.register(print, 'later')", 0, ""),
    ],
)
def test_a_python_program_that_is_spared_its_way_out_ends_as_it_would(
    program: str, status: int, complaint: str
) -> None:
    def run(**env: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-c", program],
            check=False,
            capture_output=True,
            text=True,
            env={"PATH": os.environ["PATH"], **env},
        )
        return done.returncode, done.stdout, done.stderr

    spared = run(PYTHONPATH=str(FOLDER / "src"), PYTHONDONTWRITEBYTECODE="1")
    assert spared == run()
    assert spared[0] == status
    assert complaint in spared[2]


def test_a_python_program_that_is_spared_its_way_out_takes_nothing_apart() -> None:
    program = "class Last:\n def __del__(self): print('gone')\nlast = Last()"
    env = {"PYTHONPATH": str(FOLDER / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, env=env)
    assert done.stdout == b""

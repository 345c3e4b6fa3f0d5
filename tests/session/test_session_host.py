"""The whole program as a process: without QEMU, twice at once, and stopped in the middle."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from labmaker import make_lab
from processes import ended, mark_environment, marked_processes

from labkit.model.machine import Accel
from labkit.model.units import Deadline
from labkit.order import guest_capacity

pytestmark = pytest.mark.guest

LABKIT = Path(sys.executable).with_name("labkit")


@pytest.fixture
def marked() -> dict[str, str]:
    """An environment that every child inherits, so that a test finds its own processes and no others."""
    return mark_environment()


def test_without_qemu_one_error_names_the_package(tmp_path: Path, marked: dict[str, str]) -> None:
    lab = make_lab(tmp_path / "calm", steps={"calm": {"run": "true"}})
    done = subprocess.run(
        [LABKIT, "run", lab, "--runs", tmp_path / "runs"],
        check=False,
        env={**marked, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 3
    assert "qemu-system-x86" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()


def test_two_runs_at_once_get_a_folder_and_a_verdict_each(tmp_path: Path, marked: dict[str, str]) -> None:
    lab = make_lab(tmp_path / "calm", steps={"calm": {"run": "uname -n"}})
    targets = [tmp_path / "a.json", tmp_path / "b.json"]
    both = [
        subprocess.Popen(
            [LABKIT, "run", lab, "--runs", tmp_path / "runs", "--quiet", "--json", target], env=marked
        )
        for target in targets
    ]
    assert [process.wait(timeout=240) for process in both] == [0, 0]
    assert [json.loads(target.read_text())["score"] for target in targets] == [1, 1]
    assert len(list((tmp_path / "runs").iterdir())) == 2
    assert marked_processes(marked) == []


def live_folders(runs: Path) -> list[Path]:
    """Where the guests of a run keep their sockets, by what their QEMUs were told."""
    told = [path.read_text() for path in runs.glob("*/*/argv.txt")]
    return [Path(match[1]) for text in told if (match := re.search(r"unix:(\S+)/qmp\.sock", text))]


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core: two scenes are never played at once")
@pytest.mark.parametrize(
    ("number", "paths"),
    [(signal.SIGINT, ()), (signal.SIGTERM, ()), (signal.SIGKILL, ()), (signal.SIGINT, ("ada", "bob"))],
)
def test_a_run_that_is_stopped_leaves_no_process_and_no_verdict(
    tmp_path: Path, marked: dict[str, str], number: signal.Signals, paths: tuple[str, ...]
) -> None:
    steps = {"long": {"run": "sleep 600", "seconds": 900}}
    lab = make_lab(tmp_path / "long", steps=steps, scenes=("only", "other"))
    runs = tmp_path / "runs"
    # Whoever runs the tests may ignore signals (nohup, a job in the background), and children inherit that.
    heeding = ["env", "--default-signal=INT,TERM"]
    for path in paths:
        (tmp_path / path).mkdir()
    fitting = guest_capacity(Accel.TCG).cpus // 2  # guests of two CPUs
    at_once = min(2 * max(1, len(paths)), fitting)
    with (
        subprocess.Popen(
            [*heeding, LABKIT, "run", lab, *paths, "--runs", runs, "--quiet"], env=marked, cwd=tmp_path
        ) as process,
        ended(process),
    ):
        all_are_at_it = Deadline.after(120, "scenes at once")
        for _ in all_are_at_it.polls(0.1):
            logs = [log.read_text("latin-1") for log in runs.glob("*/*/console.log")]
            if sum("labkit: step long" in log for log in logs) == at_once:
                break
        assert not all_are_at_it.expired
        lives = live_folders(runs)
        assert len(lives) == at_once
        process.send_signal(number)
        assert process.wait(timeout=60) == (-9 if number is signal.SIGKILL else 128 + number)
    gone = Deadline.after(5, "all are gone")
    for _ in gone.polls(0.05):
        if not marked_processes(marked):
            break
    assert marked_processes(marked) == []
    if number is not signal.SIGKILL:  # after that the next labkit tidies up
        assert not any(live.exists() for live in lives)
    assert len(list(runs.iterdir())) == max(1, len(paths))
    assert not list(runs.glob("*/verdict.json"))
    assert not list(runs.glob("*/*/end.json"))
    shown = subprocess.run(
        [LABKIT, "list", "runs", "--runs", runs],
        check=True,
        env=marked,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert shown.stdout.count("interrupted") == max(1, len(paths))

"""The door to the host's programs: nothing outlives its deadline, its caller or labkit."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.build.tools import find_tool, run, stream
from labkit.model.errors import DeadlineExpired, HostError
from labkit.model.units import Deadline


def soon(seconds: float = 30.0) -> Deadline:
    return Deadline.after(seconds, "test")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pid: int) -> None:
    for _ in soon().polls(0.02):
        if not alive(pid):
            return
    raise AssertionError(f"process {pid} is still there")


def wait_for_pid(path: Path) -> int:
    for _ in soon().polls(0.02):
        if path.is_file() and (text := path.read_text().strip()):
            return int(text)
    raise AssertionError(f"{path} never came")


def test_a_missing_tool_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(HostError, match="sudo apt-get install erofs-utils"):
        find_tool("mkfs.erofs")


def test_output_and_status_come_back_apart() -> None:
    done = run(["sh", "-c", "echo out; echo err >&2; exit 3"], deadline=soon())
    assert (done.status, done.stdout, done.stderr) == (3, "out\n", "err\n")


def test_lines_of_stderr_are_heard() -> None:
    heard: list[str] = []
    run(["sh", "-c", "echo one >&2; echo two >&2"], deadline=soon(), on_line=heard.append)
    assert heard == ["one", "two"]


def test_a_flood_of_output_is_drained_and_cut() -> None:
    done = run(["sh", "-c", "yes | head -c 9000000"], deadline=soon())
    assert done.status == 0
    assert len(done.stdout) < 5_000_000


def test_a_deadline_ends_the_program_and_its_children(tmp_path: Path) -> None:
    script = f"sleep 300 & echo $! >{tmp_path / 'pid'}; echo waiting >&2; wait"
    with pytest.raises(DeadlineExpired, match="phase 'test'") as caught:
        run(["sh", "-c", script], deadline=soon(1.0))
    assert "waiting" in caught.value.detail
    wait_until_gone(wait_for_pid(tmp_path / "pid"))


def test_a_full_disk_is_an_oserror() -> None:
    script = f"echo 'write failed: {os.strerror(errno.ENOSPC)}' >&2; exit 1"
    with pytest.raises(OSError) as caught:
        run(["sh", "-c", script], deadline=soon())
    assert caught.value.errno == errno.ENOSPC


def test_the_program_dies_with_a_killed_labkit(tmp_path: Path) -> None:
    code = (
        "from labkit.build.tools import run; from labkit.model.units import Deadline;"
        f"run(['sh','-c','echo $$ >{tmp_path / 'pid'}; exec sleep 300'], deadline=Deadline.after(300,'x'))"
    )
    labkit = subprocess.Popen([sys.executable, "-c", code])
    pid = wait_for_pid(tmp_path / "pid")
    labkit.send_signal(signal.SIGKILL)
    labkit.wait()
    wait_until_gone(pid)


def test_a_stream_ends_at_its_deadline() -> None:
    with stream(["sh", "-c", "echo first; exec sleep 300"], soon(0.5)) as pipe:
        assert pipe.read() == b"first\n"

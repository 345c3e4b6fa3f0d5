"""`labkit exec` and `labkit shell` as whole processes: status, streams, files, the guest's death, Ctrl-C."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pexpect.fdpexpect import fdspawn
from processes import ended, mark_environment, marked_processes

pytestmark = pytest.mark.guest

LABKIT = Path(sys.executable).with_name("labkit")
SECONDS = 240  # a template may have to be made first


def labkit(
    *words: str | Path, given: bytes = b"", cwd: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [LABKIT, *words], input=given, cwd=cwd, capture_output=True, timeout=SECONDS, check=False
    )


def test_a_command_has_our_streams_and_its_status_is_ours() -> None:
    labkit("exec", "--", "true")  # makes the template, and may tell of it
    done = labkit("exec", "--", "sh", "-c", "cat; echo no >&2; exit 3", given=b"\0\xff\r\n")
    assert (done.returncode, done.stdout, done.stderr) == (3, b"\0\xff\r\n", b"no\n")


def test_nodes_are_those_that_were_asked_for() -> None:
    done = labkit("exec", "--nodes", "128M,96M:2,64M:0", "--", "numactl", "-H")
    lines = done.stdout.decode().splitlines()
    assert [line for line in lines if "cpus:" in line] == [
        "node 0 cpus: 0",
        "node 1 cpus: 1 2",
        "node 2 cpus:",
    ]


def test_a_machine_file_says_all_and_kernel_overrides_it(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text('kernel = "6.12"\nswap = "16MiB"\nnode = [{ memory = "256MiB" }]\n')
    words = ("exec", "--machine", tmp_path / "m.toml", "--kernel", "6.1")
    done = labkit(*words, "--", "sh", "-c", "uname -r; cat /sys/block/vd*/serial")
    assert done.stdout.startswith(b"6.1.")
    assert b"swap" in done.stdout


def test_what_is_pushed_lies_in_lab_and_what_is_fetched_comes_back_after_a_failure(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "run.sh").write_text(
        "#!/bin/sh\nmkdir out; cp run.sh out/copy; echo 7 > out/n; exit 7\n"
    )
    (tmp_path / "work" / "run.sh").chmod(0o755)
    (tmp_path / "back").mkdir()
    words = ("--push", "work", "--fetch", "work/out", "--fetch", "/proc/uptime", "--into", "back")
    done = labkit("exec", *words, "--", "sh", "-c", "cd work && ./run.sh", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (7, b"")
    assert sorted(str(path.relative_to(tmp_path)) for path in (tmp_path / "back").rglob("*")) == [
        "back/out",
        "back/out/copy",
        "back/out/n",
        "back/uptime",
    ]
    assert (tmp_path / "back/out/copy").read_bytes() == (tmp_path / "work/run.sh").read_bytes()


def test_what_cannot_be_fetched_is_told_and_is_no_success(tmp_path: Path) -> None:
    done = labkit("exec", "--fetch", "gone", "--", "true", cwd=tmp_path)
    assert done.returncode == 125
    assert done.stderr == b"labkit: not fetched: gone: No such file or directory\n"


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (
            "echo c > /proc/sysrq-trigger",
            "the guest's kernel panicked: Kernel panic - not syncing: sysrq trigg",
        ),
        ("echo b > /proc/sysrq-trigger", "the guest was switched off under the command (guest-reset)"),
        ("kill -KILL $PPID; sleep 5", "labkit's process in the guest was killed"),
    ],
)
def test_a_guest_that_ends_is_told_in_one_line_with_a_status_of_its_own(command: str, says: str) -> None:
    done = labkit("exec", "--", "sh", "-c", f"echo before; sleep 1; {command}")
    assert (done.returncode, done.stdout) == (125, b"before\n")
    assert done.stderr.decode().startswith(f"labkit: {says}")
    assert done.stderr.count(b"\n") == 1


def test_a_limit_of_time_is_timeouts_124() -> None:
    began = time.monotonic()
    done = labkit("exec", "--timeout", "1", "--", "sh", "-c", "echo begun; sleep 1000")
    assert (done.returncode, done.stdout) == (124, b"begun\n")
    assert done.stderr == b"labkit: the command did not end within 1 s\n"
    assert time.monotonic() - began < 30


def test_closed_streams_are_no_others() -> None:
    words = f"exec {LABKIT} exec -- sh -c 'cat; echo out; echo err >&2; exit 5'"
    for redirection, out, err in (
        ("<&-", b"out\n", b"err\n"),
        (">&-", b"", b"err\n"),
        ("2>&-", b"out\n", b""),
    ):
        done = subprocess.run(
            ["sh", "-c", f"{words} {redirection}"],
            input=b"",
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (5, out, err)


def test_a_reader_that_has_enough_ends_the_guest() -> None:
    done = subprocess.run(
        ["bash", "-c", f"{LABKIT} exec -- yes | head -n 1; echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        timeout=SECONDS,
        check=True,
    )
    assert done.stdout == b"y\n141\n"
    assert done.stderr == b""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_guest_and_leaves_nothing(number: signal.Signals) -> None:
    marked = mark_environment()
    heeding = ["env", "--default-signal=INT,TERM"]
    with subprocess.Popen(
        [*heeding, LABKIT, "exec", "--", "sh", "-c", "echo begun; sleep 1000"],
        env=marked,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert b"no guest runs on" in err
    assert marked_processes(marked) == []


def test_on_a_terminal_the_command_has_one_and_ctrl_c_is_its_own() -> None:
    person, ours = pty.openpty()
    # No `read` in the loop: bash looks for a trap, then blocks in read(2), and a Ctrl-C between the two waits
    # for the next byte. A sleep ends by itself.
    script = "trap 'echo caught; exit 9' INT; tty; echo begun; while :; do sleep 0.2; done"
    with (
        subprocess.Popen(
            [LABKIT, "exec", "--", "bash", "-c", script],
            stdin=ours,
            stdout=ours,
            stderr=ours,
            start_new_session=True,
        ) as process,
        ended(process),
    ):
        os.close(ours)
        typist = fdspawn(person, timeout=SECONDS)
        typist.expect_exact(b"/dev/pts/")
        typist.expect_exact(b"begun\r\n")
        typist.send(b"\x03")
        typist.expect_exact(b"caught\r\n")
        assert process.wait(timeout=60) == 9
    os.close(person)


def test_a_shell_without_a_lab_reads_a_script_in_a_guest_of_no_lab(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("pushed\n")
    done = labkit("shell", "--push", "word", given=b"pwd; cat word; nproc; exit 4\n", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (4, b"/lab\npushed\n2\n", b"")


def test_labkits_module_is_loaded_first() -> None:
    done = labkit("exec", "--kmod", "--", "grep", "-c", "^labkit ", "/proc/modules")
    assert (done.returncode, done.stdout) == (0, b"1\n")

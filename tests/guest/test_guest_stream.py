"""Commands in one living guest, fed and heard while they run: bytes, statuses, limits, terminals."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from guests import raise_guest
from pexpect.fdpexpect import fdspawn

from labkit.guest.door import Ending
from labkit.guest.fetch import fetch
from labkit.guest.push import pack
from labkit.guest.stream import Files, Streamed, stream
from labkit.model.machine import MachineSpec, Node
from labkit.model.units import Deadline, Size
from labkit.stage import Stage

pytestmark = pytest.mark.guest

MACHINE = MachineSpec(nodes=(Node(cpus=2, memory=Size.mib(256)),))


def soon() -> Deadline:
    return Deadline.after(60, "test")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with raise_guest(MACHINE, tmp_path_factory.mktemp("guest")) as stage:
        yield stage


Run = Callable[..., tuple[Streamed, bytes, bytes]]


@pytest.fixture
def run(stage: Stage, tmp_path: Path) -> Run:
    """Runs words with files as standard streams; how it ended, what it wrote, what it complained of."""

    def run(*words: str, given: bytes = b"", seconds: float | None = None) -> tuple[Streamed, bytes, bytes]:
        (tmp_path / "in").write_bytes(given)
        with (
            (tmp_path / "in").open("rb") as stdin,
            (tmp_path / "out").open("wb") as stdout,
            (tmp_path / "err").open("wb") as stderr,
        ):
            files = Files(stdin=stdin.fileno(), stdout=stdout.fileno(), stderr=stderr.fileno())
            ended = stream(stage.guest, words, files, seconds=seconds)
        return ended, (tmp_path / "out").read_bytes(), (tmp_path / "err").read_bytes()

    return run


def exited(status: int) -> Streamed:
    return Streamed(ending=Ending.EXITED, status=status)


def test_words_reach_the_program_as_they_are(run: Run) -> None:
    words = ("a b", "it's", "", "$HOME", "*", '"', "line\nbreak", os.fsdecode(b"\xff"), "x" * 100_000)
    ended, out, err = run("printf", "%s\\0", *words)
    assert (ended, err) == (exited(0), b"")
    assert out == b"".join(os.fsencode(word) + b"\0" for word in words)


def test_megabytes_of_any_bytes_go_both_ways_and_streams_stay_apart(run: Run) -> None:
    given = os.urandom(5 << 20)
    ended, out, err = run("sh", "-c", "tee /dev/stderr", given=given)
    assert ended == exited(0)
    assert out == given
    assert err == given


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("true",), 0),
        (("sh", "-c", "exit 124"), 124),
        (("sh", "-c", "kill -SEGV $$"), 128 + signal.SIGSEGV),
        (("sh", "-c", "kill -KILL $$"), 128 + signal.SIGKILL),
        (("/nowhere",), 127),
        (("/etc/passwd",), 126),
    ],
)
def test_the_status_is_the_commands(run: Run, words: tuple[str, ...], status: int) -> None:
    assert run(*words)[0] == exited(status)


def test_it_runs_as_root_in_lab_and_may_be_killed_for_memory(run: Run) -> None:
    _, out, _ = run("sh", "-c", "pwd; id -u; cat /proc/self/oom_score_adj; grep SigIgn /proc/self/status")
    assert out.split() == [b"/lab", b"0", b"0", b"SigIgn:", b"0" * 16]


def test_input_that_nobody_reads_and_children_that_stay_hold_nobody(run: Run) -> None:
    ended, out, _ = run("sh", "-c", "sleep 1000 & echo begun", given=bytes(3 << 20))
    assert (ended, out) == (exited(0), b"begun\n")
    assert run("cat", given=b"the next is served")[1] == b"the next is served"


def test_output_comes_while_the_command_runs(stage: Stage) -> None:
    ours, theirs = os.pipe()
    back, end = os.pipe()
    ended: list[Streamed] = []
    files = Files(stdin=back, stdout=theirs, stderr=theirs)
    command = threading.Thread(target=lambda: ended.append(stream(stage.guest, ("cat",), files)))
    command.start()
    for word in (b"one", b"two"):
        os.write(end, word)
        assert os.read(ours, 100) == word
    os.close(end)
    command.join(60)
    assert ended == [exited(0)]


def test_a_reader_that_has_enough_is_a_sigpipe(stage: Stage) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    null = os.open(os.devnull, os.O_RDWR)
    ended = stream(stage.guest, ("yes",), Files(stdin=null, stdout=theirs, stderr=null))
    assert ended == exited(128 + signal.SIGPIPE)


@pytest.mark.parametrize(
    ("command", "out"),
    [
        ("echo begun; sleep 1000", b"begun\n"),
        ("trap 'echo told; exit 3' TERM; echo begun; while :; do sleep 0.1; done", b"begun\ntold\n"),
        ("trap '' TERM; echo begun; setsid sleep 1000 & sleep 1000; sleep 1000", b"begun\n"),
    ],
)
def test_when_its_time_is_over_it_is_told_and_then_killed_with_all_it_started(
    run: Run, command: str, out: bytes
) -> None:
    ended, said, _ = run("sh", "-c", command, seconds=1)
    assert ended.ending is Ending.TIMED_OUT
    assert said == out
    assert run("pgrep", "-x", "sleep")[0] in (exited(1), exited(0))


def test_a_guest_that_stands_still_hangs(stage: Stage) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    with raise_guest(MACHINE, stage.vm.plan.record.parent) as other:
        other.vm.qmp.command("stop", soon())
        files = Files(stdin=null, stdout=null, stderr=null)
        assert stream(other.guest, ("true",), files, silence=1).ending is Ending.HUNG


def test_folders_come_back_as_they_went(stage: Stage, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "deep" / "é b").mkdir(parents=True)
    (tree / "deep" / "é b" / "run").write_bytes(os.urandom(200_000))
    (tree / "deep" / "é b" / "run").chmod(0o751)
    (tree / "link").symlink_to("deep/é b/run")
    into = tmp_path / "into"
    into.mkdir()
    with raise_guest(MACHINE, stage.vm.plan.record.parent, cargo=pack([tree]).cargo) as other:
        told = other.guest.ask("stat -c '%a %U %Y' 'tree/deep/é b/run'", deadline=soon()).decode()
        left_out = fetch(other.guest, ["tree", "/proc/sys/kernel/ostype"], into, soon())
    assert told == f"751 root {int((tree / 'deep/é b/run').stat().st_mtime)}\n"
    assert left_out == ()
    subprocess.run(["diff", "-r", "--no-dereference", tree, into / "tree"], check=True)
    assert (into / "tree/deep/é b/run").stat().st_mode & 0o777 == 0o751 & ~umask()
    assert (into / "ostype").read_text() == "Linux\n"


def umask() -> int:
    before = os.umask(0)
    os.umask(before)
    return before


def set_size(terminal: int, lines: int, columns: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", lines, columns, 0, 0))


def test_three_terminals_are_one_for_the_command(stage: Stage) -> None:
    person, ours = pty.openpty()
    set_size(ours, 33, 99)
    before = termios.tcgetattr(ours)
    ended: list[Streamed] = []
    files = Files(stdin=ours, stdout=ours, stderr=ours)
    session = threading.Thread(
        target=lambda: ended.append(stream(stage.guest, ("bash",), files, env={"TERM": "xterm"}))
    )
    session.start()
    typist = fdspawn(person, timeout=60)
    typist.send(b"stty size; tty; echo $TERM\r")
    typist.expect_exact(b"33 99\r\n/dev/pts/")
    typist.expect_exact(b"xterm\r\n")
    set_size(ours, 20, 70)
    # Only what cat says twice proves that it reads: a ^C while bash still forks is bash's own.
    typist.send(b'echo rea""dy; cat\r')
    typist.expect_exact(b"ready\r\n")
    typist.send(b"meow\r")
    typist.expect_exact(b"meow\r\nmeow\r\n")
    typist.send(b"\x03")  # ends cat in the guest, not us
    typist.expect_exact(b"/lab# ")
    typist.send(b"stty size; sleep 1000 & exit 7\r")  # a job that keeps the terminal open keeps nobody
    typist.expect_exact(b"20 70\r\n")
    session.join(60)
    assert ended == [exited(7)]
    assert termios.tcgetattr(ours) == before
    os.close(person)
    os.close(ours)

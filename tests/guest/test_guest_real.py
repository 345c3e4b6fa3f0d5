"""One living guest a kernel: commands, their ends, files, the log, the shells. Each test leaves it well."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import termios
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from guests import raise_guest
from pexpect.fdpexpect import fdspawn

from labkit.guest.capture import capture
from labkit.guest.console import last_resort, sysrq_by_break
from labkit.guest.deploy import Load, get, load_module, put
from labkit.guest.door import Ending, GuestLost
from labkit.guest.kmsg import mark, read_kmsg
from labkit.guest.logbook import read_log
from labkit.guest.ssh import Guest
from labkit.guest.terminal import interact
from labkit.model.errors import Broken, SubmissionError
from labkit.model.lab import Tier
from labkit.model.machine import MachineSpec, Node
from labkit.model.units import Deadline, Size
from labkit.stage import Stage

pytestmark = pytest.mark.guest

MACHINE = {
    kernel: MachineSpec(nodes=(Node(cpus=2, memory=Size.mib(512)),), kernel=kernel)
    for kernel in ("6.1", "6.12")
}


def soon(seconds: float = 60) -> Deadline:
    return Deadline.after(seconds, "test")


@pytest.fixture(scope="module", params=MACHINE)
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with raise_guest(MACHINE[request.param], tmp_path_factory.mktemp("guest")) as stage:
        yield stage


@pytest.fixture
def guest(stage: Stage) -> Guest:
    return stage.guest


def out(guest: Guest, command: str) -> str:
    return guest.ask(command, deadline=soon()).decode()


def test_a_command_runs_in_the_lab_folder_with_its_environment_and_input(guest: Guest) -> None:
    done = guest.run(
        'pwd; echo "$A"; cat; echo no >&2; exit 3',
        env={"A": 'it\'s "x" $(id)\né'},
        stdin=b"\0in",
        deadline=soon(),
    )
    assert (done.ending, done.status) == (Ending.EXITED, 3)
    assert done.stdout == b'/lab\nit\'s "x" $(id)\n\xc3\xa9\n\0in'
    assert done.stderr == b"no\n"


def test_death_by_signal_is_128_and_the_signal(guest: Guest) -> None:
    assert guest.run("kill -SEGV $$", deadline=soon()).status == 139


@pytest.mark.parametrize(("student", "adj"), [(Tier.ROOT, b"0\n"), (None, b"-1000\n")])
def test_only_labkits_own_commands_are_safe_from_the_oom_killer(
    guest: Guest, student: Tier | None, adj: bytes
) -> None:
    done = guest.run("cat /proc/self/oom_score_adj", student=student, deadline=soon())
    assert done.stdout == adj


def test_a_command_leads_a_session_of_its_own(guest: Guest) -> None:
    done = guest.run("echo $$; cut -d' ' -f6 /proc/$$/stat", deadline=soon())
    pid, session = done.stdout.split()
    assert pid == session


def test_signals_are_not_ignored_in_a_command(guest: Guest) -> None:
    ignored = guest.run("grep SigIgn /proc/self/status", deadline=soon()).stdout.split()[1]
    assert int(ignored, 16) & 0b110 == 0  # SIGINT and SIGQUIT: a shell's `&` would ignore them


def test_input_that_nobody_reads_does_not_hold_a_command(guest: Guest) -> None:
    assert guest.run("true", stdin=bytes(1 << 20), deadline=soon()).status == 0


def test_what_is_left_in_the_background_stays_and_does_not_hold_a_command(guest: Guest) -> None:
    done = guest.run("sleep 1000 & echo $!", deadline=soon())
    assert done.ending is Ending.EXITED
    assert out(guest, f"kill {int(done.stdout)} && echo was there") == "was there\n"


def test_a_flood_of_output_is_cut_and_said(guest: Guest) -> None:
    done = guest.run("yes | head -c 5M", limit=1000, deadline=soon(120))
    assert (done.status, done.cut, done.stdout) == (0, True, b"y\n" * 500)


STUBBORN = {
    "sleeps": "sleep 1000",
    "prints for ever": "yes",
    "ignores every signal it can": "trap '' HUP INT TERM QUIT; while :; do :; done",
    "daemons in a cgroup of their own": (
        "mkdir -p /sys/fs/cgroup/mine; echo $$ > /sys/fs/cgroup/mine/cgroup.procs;"
        " setsid nohup sh -c 'trap \"\" TERM; while :; do sleep 1; done' >/dev/null 2>&1 &"
        " (setsid sleep 1000 >/dev/null 2>&1 &); sleep 1000"
    ),
    # Its shells end when they may not fork any more, on a fast host before the deadline: so one sleeps.
    "a fork bomb": "bomb() { bomb | bomb & bomb; }; bomb & exec sleep 1000",
}


@pytest.mark.parametrize("command", STUBBORN.values(), ids=STUBBORN)
def test_at_the_deadline_all_that_a_command_started_is_killed(guest: Guest, command: str) -> None:
    def userland() -> set[str]:
        return set(out(guest, "ps -e -o args= | grep -v '^\\['").splitlines())

    before = userland()
    limit = out(guest, "cat /proc/sys/kernel/threads-max")
    done = guest.run(command, student=Tier.ROOT, deadline=Deadline.after(2, "step"))
    assert (done.ending, done.status) == (Ending.TIMED_OUT, None)
    assert userland() <= before
    assert out(guest, "cat /proc/sys/kernel/threads-max") == limit
    said = re.compile(r"labkit: killed \d+ processes of a step whose time was over")
    assert any(said.fullmatch(record.text) for record in read_kmsg(guest, soon())[-5:])


def test_a_fork_bomb_whose_shell_has_ended_is_cleared_away(guest: Guest) -> None:
    done = guest.run(
        "perl -e 'for (1 .. 800) { fork or do { sleep 1000; exit } } sleep 1000' &"
        " until set -- /proc/[0-9]* && [ $# -gt 800 ]; do sleep 0.1; done",
        student=Tier.ROOT,
        deadline=soon(),
    )
    assert (done.ending, done.status) == (Ending.EXITED, 0)
    assert any(int(out(guest, "ps -e | wc -l")) < 200 for _ in soon().polls(0.2))


def test_a_supervisor_that_is_killed_leaves_no_status(guest: Guest) -> None:
    done = guest.run("kill -KILL $PPID; sleep 2", deadline=soon())
    assert (done.ending, done.status) == (Ending.KILLED, None)


def test_more_commands_than_dropbear_has_channels(guest: Guest) -> None:
    assert [out(guest, f"echo {number}") for number in range(12)] == [f"{number}\n" for number in range(12)]


def test_labkits_own_command_that_fails_is_broken_with_its_words(guest: Guest) -> None:
    with pytest.raises(Broken, match="ended with 3") as caught:
        guest.ask("echo why >&2; exit 3", deadline=soon())
    assert caught.value.detail == "why\n"


def test_labkits_own_command_that_does_not_end_is_hung(guest: Guest) -> None:
    with pytest.raises(GuestLost) as caught:
        guest.ask("sleep 3", deadline=soon(0.5))
    assert caught.value.ending is Ending.HUNG


def test_files_arrive_whole_with_their_modes(guest: Guest, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(os.urandom(1 << 20))
    put(guest, {"run.sh": (b"#!/bin/sh\necho hi\n", 0o755), "/lab/big": (tmp_path / "big", 0o600)}, soon())
    assert out(guest, "/lab/run.sh; stat -c %a /lab/run.sh /lab/big") == "hi\n755\n600\n"
    assert get(guest, "/lab/big", soon(), limit=2 << 20) == (tmp_path / "big").read_bytes()
    assert get(guest, "/lab/big", soon(), limit=100) == (tmp_path / "big").read_bytes()[:100]


def test_a_file_the_guest_cannot_take_is_broken(guest: Guest) -> None:
    with pytest.raises(Broken, match="/nowhere/file"):
        put(guest, {"/nowhere/file": (b"x", 0o644)}, soon())
    guest.ask("mkdir -p /lab/small && mount -t tmpfs -o size=64k small /lab/small", deadline=soon())
    for size in (70_000, 1 << 20):
        with pytest.raises(Broken, match="/lab/small/big"):
            put(guest, {"small/big": (bytes(size), 0o644)}, soon())
        assert out(guest, "ls /lab/small") == ""
    guest.ask("umount /lab/small", deadline=soon())


def test_a_name_that_leaves_its_folder_never_reaches_the_guest(guest: Guest) -> None:
    with pytest.raises(SubmissionError, match="component"):
        put(guest, {"../etc/passwd": (b"x", 0o644)}, soon())


def test_a_module_that_is_none_is_refused_with_insmods_words(guest: Guest, tmp_path: Path) -> None:
    (tmp_path / "bad.ko").write_bytes(b"not a module")
    loaded = load_module(guest, tmp_path / "bad.ko", soon())
    assert loaded.load is Load.REFUSED
    assert "bad.ko" in loaded.message


def test_a_capture_takes_proc_sys_and_hostile_files_at_once(guest: Guest) -> None:
    guest.ask("cd /lab; printf '\\000\\377' > raw; touch 'a\nb'; ln -sf /dev/zero zero", deadline=soon())
    wanted = ("/proc/meminfo", "/sys/devices/system/node/node*/meminfo", "/lab/raw", "/lab/zero", "/nope")
    files = {file.path: file for file in capture(guest, wanted, soon(), limit=4096).files}
    assert (files["/proc/meminfo"].data or b"").startswith(b"MemTotal:")
    assert (files["/sys/devices/system/node/node0/meminfo"].data or b"").startswith(b"Node 0 ")
    assert files["/lab/raw"].data == b"\0\377"
    assert files["/lab/zero"].cut
    assert files["/nope"].data is None
    assert "control character" in capture(guest, ["/lab/a*"], soon()).refused[0]


def test_a_file_that_is_rewritten_meanwhile_harms_no_other(guest: Guest) -> None:
    racer = "while :; do echo x > /lab/race; rm -f /lab/race; head -c 100000 /dev/urandom > /lab/race; done"
    guest.ask(f"({racer}) >/dev/null 2>&1 & echo $! > /lab/racer", deadline=soon())
    for _ in range(5):
        files = {file.path: file for file in capture(guest, ["/lab/rac*", "/proc/version"], soon()).files}
        assert (files["/proc/version"].data or b"").startswith(b"Linux version")
    guest.ask("kill $(cat /lab/racer)", deadline=soon())


def test_the_log_is_whole_and_marks_are_not_the_kernels(guest: Guest) -> None:
    mark(guest, "it's\n'here'", soon())
    records = read_kmsg(guest, soon())
    assert records[0].text.startswith("Linux version")
    assert records[0].from_kernel
    assert (records[-1].text, records[-1].facility) == ("labkit: it's 'here'", 1)
    assert [record.seq for record in records] == list(range(records[0].seq, records[-1].seq + 1))


def test_the_serial_shell_tells_what_ssh_tells(stage: Stage) -> None:
    guest, deadline = stage.guest, soon(120)
    guest.ask("head -c 70000 /dev/urandom > /lab/random", deadline=soon())
    with last_resort(stage.vm.console, deadline) as shell:
        assert (
            shell.ask("cat; echo ' is root'", b"x" * 5000, deadline=deadline) == b"x" * 5000 + b" is root\n"
        )
        assert capture(shell, ["/lab/random"], deadline) == capture(guest, ["/lab/random"], deadline)
        assert read_kmsg(shell, deadline) == read_kmsg(guest, deadline)
        with pytest.raises(Broken, match="ended with 9"):
            shell.ask("exit 9", deadline=deadline)
    mark(guest, "the console is the kernel's again", soon())
    assert any("kernel's again" in read_log(stage.vm.plan.console_log) for _ in soon().polls(0.05))


def test_a_console_that_nobody_reads_does_not_hold_the_guest(stage: Stage) -> None:
    done = stage.guest.run("yes nobody reads | head -c 300K > /dev/ttyS0", deadline=soon(120))
    assert (done.ending, done.status) == (Ending.EXITED, 0)
    assert read_log(stage.vm.plan.console_log).count("nobody reads") > 20000


def test_break_and_a_key_make_the_kernel_report(stage: Stage) -> None:
    def send_break() -> None:
        stage.vm.qmp.command("chardev-send-break", soon(), {"id": "console"})

    sysrq_by_break(stage.vm.console, "w", send_break, soon())
    assert "sysrq: Show Blocked State" in read_log(stage.vm.plan.console_log)


def test_a_script_through_a_pipe_ends_with_its_status(guest: Guest, tmp_path: Path) -> None:
    (tmp_path / "script").write_text('echo "$A"; pwd; echo no >&2; exit 5\n')
    with (
        (tmp_path / "script").open("rb") as stdin,
        (tmp_path / "out").open("wb") as stdout,
        (tmp_path / "err").open("wb") as stderr,
    ):
        numbers = (stdin.fileno(), stdout.fileno(), stderr.fileno())
        status = interact(
            guest, term="dumb", env={"A": "it's"}, stdin=numbers[0], stdout=numbers[1], stderr=numbers[2]
        )
    assert status == 5
    assert (tmp_path / "out").read_text() == "it's\n/lab\n"
    assert (tmp_path / "err").read_text() == "no\n"


def set_size(terminal: int, lines: int, columns: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", lines, columns, 0, 0))


def test_a_person_gets_a_terminal_whose_size_follows(guest: Guest) -> None:
    person, shell = pty.openpty()
    set_size(shell, 33, 99)
    before = termios.tcgetattr(shell)
    status: list[int] = []
    session = threading.Thread(
        target=lambda: status.append(interact(guest, term="xterm", stdin=shell, stdout=shell, stderr=shell))
    )
    session.start()
    typist = fdspawn(person, timeout=60)
    typist.send(b"stty size\r")
    typist.expect_exact(b"33 99\r\n")
    set_size(shell, 20, 70)
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
    assert status == [7]
    assert termios.tcgetattr(shell) == before
    os.close(person)
    os.close(shell)


def cached_kib(guest: Guest) -> int:
    return int(out(guest, "grep ^Cached: /proc/meminfo").split()[1])


def test_a_guest_comes_to_rest_with_its_caches_and_without(guest: Guest) -> None:
    """quiesce: what it keeps to itself stands in vmstat afterwards; clean caches go, unless they are kept."""
    out(guest, "cat /usr/bin/* >/dev/null")
    filled = cached_kib(guest)
    assert out(guest, "/run/labkit/quiesce keep 2>&1") == ""
    assert cached_kib(guest) > filled // 2
    assert out(guest, "/run/labkit/quiesce 2>&1") == ""
    assert cached_kib(guest) < filled // 2

from __future__ import annotations

from pathlib import Path

import pytest

from labkit.guest.logbook import Word, last_lines, read_log, sightings, wait_said
from labkit.model.errors import Broken, DeadlineExpired
from labkit.model.units import Deadline

# Lines of real 6.1 and 6.12 consoles.
BOOT = "[    3.562454] erofs: (device vdb): mounted with root inode @ nid 36.\r\n"
READY = "# [    4.542231] labkit: ready\r\n"
PANIC = "[  372.904521] Kernel panic - not syncing: sysrq triggered crash\r\n"
FAILED = "[    2.100000] labkit: init failed: no disks with serials root and modules\r\n"


def log(folder: Path, *lines: str) -> Path:
    path = folder / "console.log"
    path.write_bytes("".join(lines).encode())
    return path


def soon() -> Deadline:
    return Deadline.after(0.05, "boot")


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (
            "[   12.1] Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled",
            Word.PANIC,
        ),
        ("[   12.1] BUG: kernel NULL pointer dereference, address: 0000000000000000", Word.OOPS),
        ("[   12.1] BUG: unable to handle page fault for address: ffffdead00000000", Word.OOPS),
        ("[   12.1] kernel BUG at mm/page_alloc.c:1234!", Word.OOPS),
        ("[   12.1] Oops: 0002 [#1] PREEMPT SMP NOPTI", Word.OOPS),
        (
            "[   12.1] general protection fault, probably for non-canonical address 0xdead000000000100",
            Word.OOPS,
        ),
        ("[   12.1] Out of memory and no killable processes...", Word.NOTHING_TO_KILL),
        ("[   12.1] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [insmod:150]", Word.LOCKUP),
        ("[   12.1] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", Word.STALL),
        ("[   12.1] rcu: INFO: rcu_sched self-detected stall on CPU", Word.STALL),
        ("[   12.1] INFO: task insmod:150 blocked for more than 120 seconds.", Word.HUNG_TASK),
        ("[    0.2] WARNING: CPU: 1 PID: 0 at arch/x86/kernel/smpboot.c:350 topology_sane", Word.WARNING),
        ("[    2.1] labkit: init failed: tmpfs", Word.INIT_FAILED),
        ("# [   12.1] Kernel panic - not syncing: sysrq triggered crash", Word.PANIC),
    ],
)
def test_a_telling_line_is_seen_with_its_number(line: str, word: Word) -> None:
    (seen,) = sightings(f"quiet\n{line}\nquiet\n")
    assert (seen.word, seen.line) == (word, 2)
    assert seen.text == line.partition("] ")[2]


def test_a_program_that_talks_of_panic_is_no_panic() -> None:
    assert sightings("student: Kernel panic - not syncing: just kidding\n[  1.0] hog: Oops: sorry\n") == ()


def test_what_a_terminal_would_obey_is_taken_out(tmp_path: Path) -> None:
    path = log(tmp_path, "\x1b[2J\x1b]0;x\x07plain\x9b1m\x00\r\n")
    assert read_log(path) == "0;xplain1m\n"


def test_the_last_lines_are_those_that_say_something(tmp_path: Path) -> None:
    path = log(tmp_path, *(f"line {number}\r\n\r\n" for number in range(5000)))
    assert last_lines(path, 2) == "line 4998\nline 4999"


def test_a_log_that_qemu_has_not_made_yet_is_empty(tmp_path: Path) -> None:
    assert read_log(tmp_path / "console.log") == last_lines(tmp_path / "console.log") == ""


def test_ready_is_found_behind_a_prompt(tmp_path: Path) -> None:
    wait_said(log(tmp_path, BOOT, READY), "labkit: ready", soon(), alive=lambda: True)


def test_ready_counts_though_qemu_ended_right_after(tmp_path: Path) -> None:
    wait_said(log(tmp_path, BOOT, READY), "labkit: ready", soon(), alive=lambda: False)


def test_init_that_gave_up_is_told_in_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="no disks with serials root and modules"):
        wait_said(log(tmp_path, BOOT, FAILED), "labkit: ready", soon(), alive=lambda: True)


def test_a_panic_ends_the_wait_at_once(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="sysrq triggered crash") as caught:
        wait_said(log(tmp_path, BOOT, PANIC), "labkit: ready", soon(), alive=lambda: True)
    assert "erofs" in caught.value.detail


def test_qemu_that_ended_early_is_told(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="QEMU ended"):
        wait_said(tmp_path / "console.log", "labkit: ready", soon(), alive=lambda: False)


def test_a_guest_that_is_too_slow_shows_its_last_lines(tmp_path: Path) -> None:
    with pytest.raises(DeadlineExpired, match="'boot'") as caught:
        wait_said(log(tmp_path, BOOT), "labkit: ready", soon(), alive=lambda: True)
    assert "erofs" in caught.value.detail

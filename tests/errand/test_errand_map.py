"""`labkit map --live`: the guest of another labkit is looked at from outside, and goes on."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from labkit.places import places
from labkit.standing import standing

pytestmark = pytest.mark.guest

LABKIT = Path(sys.executable).with_name("labkit")
SECONDS = 240  # a template may have to be made first
SCRIPT = "dd if=/dev/zero of=/tmp/ballast bs=1M count=40 2>/dev/null; echo ready; read word; echo $word"


def open_guest() -> subprocess.Popen[str]:
    words = (LABKIT, "exec", "--", "sh", "-c", SCRIPT)
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def announced_by(process: subprocess.Popen[str]) -> list[int]:
    """The guests of a labkit, by their QEMU. Others of this user may stand as well."""
    pids = [each.card.pid for each in standing(places())]
    return [pid for pid in pids if process.pid in ancestors(pid)]


def ancestors(pid: int) -> Iterator[int]:
    """/proc/PID/stat: the parent is the second word after the name."""
    while pid > 1:
        yield pid
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.fixture
def guest() -> Iterator[subprocess.Popen[str]]:
    """A guest of `labkit exec` that has 40 MiB in tmpfs and echoes a line when it gets one."""
    with open_guest() as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.terminate()


def test_a_standing_guest_is_drawn_and_goes_on(guest: subprocess.Popen[str]) -> None:
    (pid,) = announced_by(guest)
    words = (LABKIT, "map", "--live", str(pid), "--png", "-")
    done = subprocess.run(words, capture_output=True, timeout=SECONDS, check=True)
    assert Image.open(io.BytesIO(done.stdout)).format == "PNG"
    drawn = done.stderr.decode()
    assert "a guest of no lab, kernel 6.12, now" in drawn
    assert "node 0, zone DMA32: 240.0 MiB" in drawn
    assert "node 1, zone DMA32: 256.0 MiB" in drawn
    (row,) = [line for line in drawn.splitlines() if line.startswith("m shared, tmpfs")]
    assert float(row.split()[-2]) >= 40
    said, _ = guest.communicate("on\n", timeout=60)
    assert (said, guest.returncode) == ("on\n", 0)
    assert announced_by(guest) == []


def test_of_two_guests_one_is_to_be_named(guest: subprocess.Popen[str]) -> None:
    with open_guest() as second:
        try:
            assert second.stdout is not None
            assert second.stdout.readline() == "ready\n"
            pids = [str(pid) for each in (guest, second) for pid in announced_by(each)]
            done = subprocess.run(
                [LABKIT, "map", "--live"], capture_output=True, text=True, timeout=SECONDS, check=False
            )
            assert (done.returncode, done.stdout) == (2, "")
            told = " ".join(done.stderr.split())
            assert all(f"a guest of no lab, process {pid}" in told for pid in pids)
            named = subprocess.run(
                [LABKIT, "map", "--live", pids[0]], capture_output=True, timeout=SECONDS, check=True
            )
            assert b"a guest of no lab, kernel 6.12, now" in named.stdout
        finally:
            second.terminate()
    assert guest.poll() is None

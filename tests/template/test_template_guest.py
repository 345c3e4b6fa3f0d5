from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from guests import raise_guest

from labkit import template
from labkit.model.events import Event, Listener, Mood, silent
from labkit.model.machine import Disk, HugepagePool, MachineSpec, Node
from labkit.model.rows import TemplateRow
from labkit.model.units import Deadline, Size
from labkit.places import places

pytestmark = pytest.mark.guest

# A command line of its own, so that no test takes the template of another's machine; a size that no lab has,
# so that the name tells these tests' templates from every other in the cache.
MEMORY = Size.mib(226)
MACHINE = MachineSpec(nodes=(Node(memory=MEMORY),), cmdline=("labkit.test=template",))
NAME = "6.12-1nodes-226MiB"


def soon() -> Deadline:
    return Deadline.after(60, "test")


def mine() -> tuple[TemplateRow, ...]:
    return tuple(row for row in template.listing() if row.name == NAME)


def folder() -> Path:
    (row,) = mine()
    return places().cache / "template" / f"{row.name}-{row.key[:16]}" / "data"


@pytest.fixture(autouse=True)
def _no_template_of_ours_is_left() -> Iterator[None]:
    yield
    template.remove(tuple(row.key for row in mine()), everything=False)


def answer(tmp_path: Path, listen: Listener = silent, command: str = "echo here") -> str:
    """What a guest of MACHINE answers."""
    record = tmp_path / f"record-{time.monotonic_ns()}"
    record.mkdir()
    with raise_guest(MACHINE, record, listen=listen) as stage:
        return stage.guest.ask(command, deadline=soon()).decode()


def truncate_the_memory(data: Path) -> None:
    os.truncate(data / "ram0", Size.mib(100))


def flip_a_byte_of_the_state(data: Path) -> None:
    with (data / "state").open("r+b") as file:
        file.seek(20000)
        byte = file.read(1)
        file.seek(20000)
        file.write(bytes([byte[0] ^ 0xFF]))


def write_to_the_memory(data: Path) -> None:
    with (data / "ram0").open("r+b") as file:
        file.seek(Size.mib(64))
        file.write(b"a stray writer")


def test_a_damaged_template_is_never_used(tmp_path: Path) -> None:
    assert answer(tmp_path) == "here\n"
    damages: list[Callable[[Path], None]] = [
        truncate_the_memory,
        flip_a_byte_of_the_state,
        write_to_the_memory,
    ]
    for damage in damages:
        events: list[Event] = []
        damage(folder())
        assert answer(tmp_path, events.append) == "here\n"
        made_again = [event.text for event in events if event.mood is Mood.WARN]
        assert len(made_again) == 1
        assert "again" in made_again[0]
        assert "boot" in {event.phase for event in events if event.mood is Mood.DONE}


def test_touched_times_alone_cost_a_look_at_every_byte_and_no_boot(tmp_path: Path) -> None:
    answer(tmp_path)
    os.utime(folder() / "ram0")
    events: list[Event] = []
    assert answer(tmp_path, events.append) == "here\n"
    assert "boot" not in {event.phase for event in events}


def test_another_qemu_makes_a_template_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(tmp_path)
    real = subprocess.run(
        ["sh", "-c", "command -v qemu-system-x86_64"], capture_output=True, check=True, text=True
    ).stdout.strip()
    wrapper = tmp_path / "bin" / "qemu-system-x86_64"
    wrapper.parent.mkdir()
    wrapper.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && {{ {real} --version | sed s/7/99/; exit; }}\nexec {real} "$@"\n'
    )
    wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")
    assert answer(tmp_path) == "here\n"
    assert len(mine()) == 2


RAISE = """
import sys
from pathlib import Path
sys.path[:0] = {paths!r}
from guests import raise_guest
from test_template_guest import MACHINE, soon
seen = []
with raise_guest(MACHINE, Path(sys.argv[1]), listen=lambda event: seen.append(event.phase)) as stage:
    stage.guest.ask("true", deadline=soon())
print("booted" if "boot" in seen else "cloned")
"""


def start(tmp_path: Path, name: str) -> subprocess.Popen[str]:
    """Another process that wants a guest of MACHINE."""
    record = tmp_path / name
    record.mkdir()
    here = Path(__file__).parent
    code = RAISE.format(paths=[str(here), str(here.parent / "support")])
    return subprocess.Popen([sys.executable, "-c", code, record], stdout=subprocess.PIPE, text=True)


def test_two_that_want_the_same_template_at_once_make_it_once(tmp_path: Path) -> None:
    with start(tmp_path, "one") as one, start(tmp_path, "other") as other:
        said = sorted(process.communicate(timeout=120)[0].strip() for process in (one, other))
    assert said == ["booted", "cloned"]
    assert len(mine()) == 1


def test_a_kill_while_a_template_is_made_leaves_none_and_the_next_run_makes_it(tmp_path: Path) -> None:
    partial = places().cache / "partial" / f"template-{NAME}" / "data"
    with start(tmp_path, "killed") as process:
        for _ in soon().polls(0.05):
            if (partial / "ram0").exists() and (partial / "ram0").stat().st_blocks > 2000:
                break
        process.send_signal(signal.SIGKILL)
    assert mine() == ()
    assert answer(tmp_path) == "here\n"
    assert not partial.exists()


def test_clones_share_nothing_that_tells_them_apart(tmp_path: Path) -> None:
    records = [tmp_path / name for name in ("a", "b")]
    for record in records:
        record.mkdir()
    with raise_guest(MACHINE, records[0]) as one, raise_guest(MACHINE, records[1]) as other:
        one.guest.ask("echo mine > /lab/note; echo 3 > /proc/sys/vm/swappiness", deadline=soon())
        secret = "head -c 32 /dev/urandom | od -An -tx1; cat /proc/sys/kernel/random/uuid"
        assert one.guest.ask(secret, deadline=soon()) != other.guest.ask(secret, deadline=soon())
        assert other.guest.ask("ls /lab; cat /proc/sys/vm/swappiness", deadline=soon()) == b"60\n"
        for stage in (one, other):
            assert abs(int(stage.guest.ask("date +%s", deadline=soon())) - time.time()) < 5


def test_swap_disks_and_pools_are_there_in_a_clone(tmp_path: Path) -> None:
    machine = replace(
        MACHINE,
        nodes=(
            Node(memory=MEMORY, hugepages=(HugepagePool(size=Size.mib(2), count=8),)),
            Node(cpus=0, memory=Size.mib(64)),
        ),
        swap=Size.mib(64),
        disks=(Disk(serial="extra", size=Size.mib(8)),),
    )
    script = (
        "head -c 4 /dev/disk/labkit/extra | od -An -tx1;"
        " mkswap /dev/disk/labkit/swap >/dev/null && swapon /dev/disk/labkit/swap && tail -n 1 /proc/swaps;"
        " echo data > /dev/disk/labkit/extra && head -c 5 /dev/disk/labkit/extra;"
        " cat /sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages"
    )
    try:
        for name in ("first", "second"):
            (tmp_path / name).mkdir()
            with raise_guest(machine, tmp_path / name) as stage:
                said = stage.guest.ask(script, deadline=soon()).decode()
            assert said.split()[:4] == ["00", "00", "00", "00"]
            assert said.split()[-2:] == ["data", "8"]
            assert "65532" in said
    finally:
        template.remove(("6.12-2nodes-290MiB",), everything=False)

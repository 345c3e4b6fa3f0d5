"""Memory that is nonsense ends in one clear error: drgn's own Program over memory that this test made."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import drgn
import pytest
from guests import raise_guest
from witnessed import KERNELS, Pair, attached, symbols, two_nodes, witnessed

from labkit.model.errors import Broken, DeadlineExpired
from labkit.model.units import Deadline
from labkit.model.witness import Probe
from labkit.witness import memory as bounds
from labkit.witness.memory import Memory, NonsenseError

BASE = 0xFFFF_8880_0000_0000


def memory_of(links: dict[int, int]) -> Memory:
    """A machine whose words at BASE + 8 × key are BASE + 8 × value."""
    content = bytearray(4096)
    for place, target in links.items():
        struct.pack_into("<Q", content, 8 * place, BASE + 8 * target)
    prog = drgn.Program(drgn.Platform(drgn.Architecture.X86_64))
    prog.add_memory_segment(
        BASE,
        len(content),
        lambda address, count, _offset, _physical: bytes(content[address - BASE :][:count]),
    )
    return Memory(prog)


def test_a_list_is_followed_to_its_head() -> None:
    walked = list(memory_of({0: 4, 4: 9, 9: 0}).follow(BASE, 10, "list"))
    assert walked == [BASE + 8 * 4, BASE + 8 * 9]


def test_a_list_as_long_as_its_limit_is_whole() -> None:
    assert len(list(memory_of({0: 4, 4: 9, 9: 0}).follow(BASE, 2, "list"))) == 2


def test_a_list_that_never_comes_back_ends_at_its_limit() -> None:
    with pytest.raises(NonsenseError, match="no end after 50"):
        list(memory_of({0: 4, 4: 9, 9: 4}).follow(BASE, 50, "list"))


def test_a_link_out_of_the_kernel_is_nonsense() -> None:
    memory = memory_of({0: 4, 4: -(BASE // 8) + 1})
    with pytest.raises(NonsenseError, match="leads to 0x8"):
        list(memory.follow(BASE, 50, "list"))


def test_a_link_to_where_no_memory_is_is_a_fault() -> None:
    with pytest.raises(drgn.FaultError):
        list(memory_of({0: 4, 4: 4096}).follow(BASE, 50, "list"))


def test_all_lists_together_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_STEPS", 100)
    memory = memory_of({0: 4, 4: 9, 9: 0})
    with pytest.raises(NonsenseError, match="more than 100"):
        sum(len(list(memory.follow(BASE, 10, "list"))) for _ in range(100))


@pytest.mark.guest
def test_symbols_of_another_kernel_are_refused(tmp_path: Path) -> None:
    machine = two_nodes("6.1")
    with raise_guest(machine, tmp_path) as stage:
        with (
            pytest.raises(Broken, match="not the symbols of the guest's kernel"),
            attached(stage, machine, symbols("6.12")),
        ):
            pass
        # The monitor was hung up: the next witness is served.
        with attached(stage, machine, symbols("6.1")) as witness:
            assert witness.read((Probe.THP,), Deadline.after(20, "witness")).thp is not None


@pytest.mark.guest
@pytest.mark.parametrize("kernel", KERNELS)
def test_a_cold_guest_wrote_vmcoreinfo_and_is_read(tmp_path: Path, kernel: str) -> None:
    machine = two_nodes(kernel)
    with (
        raise_guest(machine, tmp_path, cold=True) as stage,
        attached(stage, machine, symbols(kernel)) as witness,
    ):
        reading = witness.read((Probe.TASKS,), Deadline.after(20, "witness"))
        assert reading.task("init") is not None


@pytest.mark.guest
def test_a_guest_that_is_killed_ends_the_witness_with_a_word(pair: Pair) -> None:
    pair.stage.vm.kill()
    pair.stage.vm.wait(Deadline.after(20, "QEMU's end"))
    with pytest.raises(Broken, match="QEMU"):
        pair.read(Probe.TASKS)


def test_a_monitor_that_says_nothing_ends_in_a_deadline(tmp_path: Path) -> None:
    import socket

    from labkit.witness.monitor import dialled

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()
        began = time.monotonic()
        with (
            dialled(tmp_path / "s") as monitor,
            pytest.raises(DeadlineExpired, match="pause"),
            monitor.paused(Deadline.after(0.2, "pause")),
        ):
            pass
        assert time.monotonic() - began < 5


@pytest.mark.guest
def test_two_guests_of_one_kernel_are_told_apart(tmp_path: Path) -> None:
    """They share what drgn knows of their kernel; what it reads is the guest's whose turn it is."""
    machine = two_nodes("6.12")
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with witnessed(machine, tmp_path / "a") as one, witnessed(machine, tmp_path / "b") as other:
        one.run("mkdir /sys/fs/cgroup/one")
        other.run("mkdir /sys/fs/cgroup/other")
        for pair, mine, yours in (
            (one, "/one", "/other"),
            (other, "/other", "/one"),
            (one, "/one", "/other"),
        ):
            paths = [memcg.path for memcg in pair.read(Probe.MEMCGS).memcgs or ()]
            assert mine in paths
            assert yours not in paths

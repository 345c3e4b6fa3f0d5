"""Page tags in real guests: where the host finds them is where the kernel was told to put them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from guests import raise_guest

from labkit.build.cache import Cache
from labkit.build.program import program
from labkit.labfile.draw import TAG_NONCE
from labkit.model.events import silent
from labkit.model.machine import MachineSpec, Node, Thp
from labkit.model.physical import ram_ranges
from labkit.model.tags import Store, Tags
from labkit.model.units import Deadline, Size
from labkit.places import places
from labkit.provision import own_headers
from labkit.stage import Stage
from labkit.witness.ram import find_pieces
from labkit.witness.tags import scan, seals

pytestmark = pytest.mark.guest

KERNELS = ("6.1", "6.12")
SOURCE = Path(__file__).with_name("tagger.c")
CGROUP = "/sys/fs/cgroup/tagger"
NODE = Node(cpus=1, memory=Size.mib(320))  # below 512 MiB in all the kernel switches THP off


@dataclass(slots=True)
class Tagged:
    """A guest in which tagger runs, and its nonce."""

    stage: Stage
    machine: MachineSpec
    nonce: int = 0

    def shell(self, command: str) -> None:
        self.stage.guest.ask(command, deadline=Deadline.after(60, "shell"))

    def begin(self, mode: str, *arguments: int) -> None:
        """A tagger of a nonce of its own; any before it is gone. Returns after its first stage."""
        self.nonce = secrets.randbits(64)
        self.end()
        self.shell(
            f"mkdir -p {CGROUP} && echo $$ >{CGROUP}/cgroup.procs;"
            f" {TAG_NONCE.upper()}={self.nonce:x} setsid ./tagger {mode} {' '.join(map(str, arguments))}"
            " >/tmp/tagger.log 2>&1 </dev/null &"
        )
        self.wait(1)

    def end(self) -> None:
        self.shell(
            "pkill -KILL -x tagger; while pgrep -x tagger >/dev/null; do :; done; rm -f /tmp/go.* /tmp/done.*"
        )

    def wait(self, number: int) -> None:
        self.shell(
            f"until [ -e /tmp/done.{number} ]; do pgrep -x tagger >/dev/null || exit; sleep 0.05; done"
        )

    def go(self, number: int) -> None:
        self.shell(f"touch /tmp/go.{number}")
        self.wait(number)

    def scan(self, nonce: int | None = None) -> Tags:
        """With the VM paused."""
        vm, deadline = self.stage.vm, Deadline.after(30, "scan")

        def ask(command: str) -> str:
            return str(vm.qmp.command("human-monitor-command", deadline, {"command-line": command}))

        vm.qmp.command("stop", deadline)
        try:
            sizes = tuple(node.memory for node in self.machine.nodes)
            pieces = find_pieces(ram_ranges(sizes, self.machine.max_ram_below_4g), ask)
            swap = vm.plan.live / "swap.raw"
            return scan(vm.pid, pieces, self.nonce if nonce is None else nonce, swap)
        finally:
            vm.qmp.command("cont", deadline)


@contextmanager
def tagged(kernel: str, folder: Path, *, cold: bool = False, zeroed: bool = True) -> Iterator[Tagged]:
    """A guest with swap on. `zeroed`: its kernel clears a page when it is freed."""
    here = places()
    cmdline = ("init_on_free=1",) if zeroed else ()
    machine = MachineSpec(
        nodes=(NODE, NODE), kernel=kernel, thp=Thp.MADVISE, swap=Size.mib(64), cmdline=cmdline
    )
    sources = own_headers(here) | {SOURCE.name: SOURCE.read_bytes()}
    built = program(Cache(here.cache), "tagger", sources, here.images, silent)
    with raise_guest(machine, folder, cold=cold, cargo={"tagger": (built.path, 0o755)}) as stage:
        guest = Tagged(stage=stage, machine=machine)
        guest.shell("mkswap /dev/disk/labkit/swap && swapon /dev/disk/labkit/swap")
        yield guest


@pytest.fixture(scope="module", params=KERNELS)
def guest(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tagged]:
    with tagged(request.param, tmp_path_factory.mktemp("record")) as it:
        yield it


@pytest.mark.parametrize("node", [0, 1])
def test_pages_bound_to_a_node_are_found_on_it_alone(guest: Tagged, node: int) -> None:
    guest.begin("bound", 3072, node)
    found = guest.scan()
    assert found.pages() == found.pages(Store.RAM, node) == 3072
    assert found.indices() == frozenset(range(3072))
    assert found.copies() == {1: 3072}
    assert found.torn == 0


def test_huge_pages_are_aligned_runs_of_two_mib(guest: Tagged) -> None:
    guest.begin("huge", 8 * 512)
    found = guest.scan()
    assert found.pages(Store.RAM) == 8 * 512
    assert found.blocks(9) == 8
    assert all(run.place % 512 == 0 and run.pages % 512 == 0 for run in found.runs)


def test_fork_shares_and_a_write_copies(guest: Tagged) -> None:
    guest.begin("cow", 256)
    assert guest.scan().copies() == {1: 256}
    guest.go(2)
    assert guest.scan().copies() == {2: 128, 1: 128}
    guest.go(3)
    assert guest.scan().copies() == {1: 256}


def test_what_is_swapped_out_is_on_the_swap_disk_and_what_is_locked_stays(guest: Tagged) -> None:
    guest.begin("swap", 512)
    # What was written out stays in the swap cache, in RAM and on the disk, until it is reclaimed once more.
    for _ in Deadline.after(30, "reclaim").polls(0.2):
        guest.shell(f"echo 16M >{CGROUP}/memory.reclaim || :")
        found = guest.scan()
        if found.pages(Store.RAM) == 128:
            break
    assert found.indices(Store.RAM) == frozenset(range(128))
    assert found.indices(Store.SWAP) == frozenset(range(128, 512))


def test_nothing_is_found_after_the_end(guest: Tagged) -> None:
    guest.begin("bound", 1024)
    assert guest.scan().pages() == 1024
    guest.end()
    assert guest.scan().pages() == 0


def test_another_runs_nonce_is_not_found(guest: Tagged) -> None:
    guest.begin("bound", 64)
    assert guest.scan(guest.nonce ^ 1).runs == ()


def test_an_edited_tag_is_torn(guest: Tagged) -> None:
    guest.begin("forge", 64)
    found = guest.scan()
    assert (found.pages(), found.torn) == (63, 1)
    assert found.indices() == frozenset(range(1, 64))


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_guest_booted_from_nothing_is_read_alike(kernel: str, tmp_path: Path) -> None:
    with tagged(kernel, tmp_path, cold=True) as it:
        it.begin("bound", 3072, 1)
        assert it.scan().pages(Store.RAM, 1) == 3072
        it.begin("swap", 512)
        assert it.scan().indices(Store.SWAP) == frozenset(range(128, 512))


def test_freed_pages_keep_their_tags_unless_the_kernel_clears_them(tmp_path: Path) -> None:
    with tagged("6.12", tmp_path, zeroed=False) as it:
        it.begin("bound", 1024)
        it.end()
        assert it.scan().pages(Store.RAM) > 512  # what nobody has used again since


def test_a_scan_of_512_mib_that_were_all_written_takes_less_than_a_second(guest: Tagged) -> None:
    guest.begin("bound", 64)
    guest.shell("head -c 180M /dev/zero >/dev/shm/filling; rm /dev/shm/filling")
    began = time.monotonic()
    assert guest.scan().pages() == 64
    assert time.monotonic() - began < 1.0  # 0.1 s on an idle reference host; here for what grows out of hand


def test_seals_are_those_of_the_header() -> None:
    # tag_seal() of images/include/labkit_tags.h, compiled and printed
    told = {(0, 0): 0xE220A8397B1DCDAF}
    for (nonce, index), seal in told.items():
        assert int(seals(nonce, np.array([index], np.uint64))[0]) == seal

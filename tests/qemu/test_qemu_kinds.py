"""Every kind of machine, booted and read from its own /sys: a spec that may exist is a guest that does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from labkit.build.cache import Cache
from labkit.build.image import image
from labkit.build.pack import pack
from labkit.grade.topology import TOPOLOGY_PATHS, mismatches
from labkit.guest.keys import make_keys
from labkit.guest.logbook import READY, wait_said
from labkit.guest.login import connect
from labkit.guest.ssh import Guest
from labkit.model.artefact import GuestImage, KernelPack
from labkit.model.events import silent
from labkit.model.machine import GIB1, MIB2, Accel, Disk, HugepagePool, MachineSpec, MemoryPath, Node, Thp
from labkit.model.units import Deadline, Size
from labkit.places import places
from labkit.qemu.launch import Drive, FwCfgFile, LaunchPlan
from labkit.qemu.live import live_folder
from labkit.qemu.process import Vm, start

pytestmark = pytest.mark.guest

Facts = Mapping[str, str]

_ALSO = (
    "/proc/zoneinfo",
    "/sys/devices/system/node/has_*",
    "/sys/devices/system/node/node*/access0/initiators/*",
)
_PAGE = 4096


def node(cpus: int, mib: int, *pools: tuple[Size, int]) -> Node:
    return Node(
        cpus=cpus,
        memory=Size.mib(mib),
        hugepages=tuple(HugepagePool(size=size, count=count) for size, count in pools),
    )


def paths(*rows: tuple[int, int, int, int]) -> tuple[MemoryPath, ...]:
    return tuple(
        MemoryPath(initiator=i, target=t, latency_ns=ns, bandwidth_mib_s=mb) for i, t, ns, mb in rows
    )


KINDS = {
    "no memory on node 0": MachineSpec(nodes=(node(1, 0), node(1, 384))),
    "no memory on node 1": MachineSpec(nodes=(node(1, 384), node(1, 0))),
    "no CPU on node 1": MachineSpec(nodes=(node(2, 256), node(0, 128))),
    "every kind at unequal distances": MachineSpec(
        nodes=(node(2, 384), node(1, 64), node(1, 0), node(0, 32)),
        distances=((10, 20, 30, 40), (21, 10, 25, 30), (31, 26, 10, 50), (41, 32, 51, 10)),
    ),
    "latency and bandwidth": MachineSpec(
        nodes=(node(1, 256), node(1, 128), node(0, 128)),
        hmat=paths(
            (0, 0, 10, 10240),
            (0, 1, 20, 5120),
            (0, 2, 300, 1024),
            (1, 0, 20, 5120),
            (1, 1, 10, 10240),
            (1, 2, 200, 2048),
        ),
    ),
    "2 MiB pools to the brim": MachineSpec(nodes=(node(1, 320, (MIB2, 112)), node(1, 128, (MIB2, 16)))),
    "a 1 GiB pool": MachineSpec(
        nodes=(node(1, 1024), node(1, 1344, (GIB1, 1), (MIB2, 16))), cpu_model="max,la57=off"
    ),
    "a 1 GiB pool above 4 GiB": MachineSpec(
        nodes=(node(1, 512), node(1, 1536, (GIB1, 1))),
        cpu_model="max,la57=off",
        max_ram_below_4g=Size.mib(512),
    ),
    "1 GiB pools on one node": MachineSpec(nodes=(node(2, 3584, (GIB1, 1)),), cpu_model="max,la57=off"),
    "five-level page tables": MachineSpec(nodes=(node(1, 384),), cpu_model="max"),
    "a Normal zone": MachineSpec(
        nodes=(node(1, 512), node(1, 512)), max_ram_below_4g=Size.mib(512), thp=Thp.MADVISE
    ),
    "little low memory": MachineSpec(nodes=(node(1, 512),), max_ram_below_4g=Size.mib(128)),
    "swap and disks": MachineSpec(
        nodes=(node(1, 384),),
        swap=Size.mib(64),
        disks=(Disk(serial="data", size=Size.mib(8)), Disk(serial="x" * 19, size=Size.mib(2))),
        cmdline=("movablecore=64M", "nowatchdog"),
    ),
    "the smallest": MachineSpec(nodes=(node(1, 160),)),
}


@pytest.fixture(scope="session")
def root_image() -> GuestImage:
    here = places()
    return image(Cache(here.cache), here.images, silent)


@pytest.fixture(scope="session")
def load_pack() -> Callable[[str], KernelPack]:
    here = places()
    return lambda name: pack(Cache(here.cache), name, here.images, silent)


@contextmanager
def booted(
    spec: MachineSpec, root_image: GuestImage, kernel: KernelPack, folder: Path
) -> Iterator[tuple[Vm, Guest]]:
    with live_folder(folder / "live") as live:
        keys = make_keys(live)
        plan = LaunchPlan(
            accel=Accel.TCG,
            vmlinuz=kernel.vmlinuz,
            initramfs=kernel.initramfs,
            live=live,
            record=folder,
            drives=(
                Drive(serial="root", path=root_image.root),
                Drive(serial="modules", path=kernel.modules),
            ),
            fw_cfg=(
                FwCfgFile(name="opt/labkit/authorized_key", path=keys.files.authorized_key),
                FwCfgFile(name="opt/labkit/host_key", path=keys.files.host_key),
            ),
        )
        with start(spec, plan, Deadline.after(30, "QEMU")) as vm:
            # First, as a run does: who connects before cannot tell a kernel that hangs from a mute dropbear.
            wait_said(plan.console_log, READY, Deadline.after(180, "boot"), alive=lambda: vm.alive)
            with connect(vm.door, keys, Deadline.after(60, "SSH")) as guest:
                yield vm, guest


def read_facts(guest: Guest) -> Facts:
    patterns = " ".join((*TOPOLOGY_PATHS, *_ALSO))
    script = rf'for f in {patterns}; do [ -f "$f" ] && printf "\n==> %s\n" "$f" && cat "$f"; done; true'
    text = guest.ask(script, deadline=Deadline.after(60, "facts")).decode()
    parts = re.split(r"\n==> (.+)\n", text)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def present(facts: Facts, zone: str, node_id: int) -> int:
    """Bytes that a zone of a node spans without its holes."""
    block = re.search(rf"Node {node_id}, zone +{zone}\n(?:.*\n)*? +present +(\d+)", facts["/proc/zoneinfo"])
    assert block is not None
    return int(block[1]) * _PAGE


@pytest.mark.parametrize("kernel", ["6.1", "6.12"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_guest_is_the_declared_machine(
    kind: str,
    kernel: str,
    root_image: GuestImage,
    load_pack: Callable[[str], KernelPack],
    short_tmp: Path,
) -> None:
    spec = KINDS[kind]
    with booted(spec, root_image, load_pack(kernel), short_tmp) as (vm, guest):
        facts = read_facts(guest)
        descent = vm.stop()
    assert mismatches(spec, facts) == ()
    assert descent.ended_by == "QMP quit"
    assert vm.shutdown_reason == "host-qmp-quit"
    if spec.max_ram_below_4g:
        low = sum(present(facts, zone, 0) for zone in ("DMA", "DMA32"))
        assert spec.max_ram_below_4g - Size.mib(2) < low <= spec.max_ram_below_4g
        assert present(facts, "Normal", len(spec.nodes) - 1) > 0
    if "movablecore=64M" in spec.cmdline:
        assert present(facts, "Movable", 0) > Size.mib(63)  # its end holds the ACPI tables
    for target in {path.target for path in spec.hmat}:
        best = min((path for path in spec.hmat if path.target == target), key=lambda path: path.latency_ns)
        seen = facts[f"/sys/devices/system/node/node{target}/access0/initiators/read_latency"]
        assert int(seen) == best.latency_ns


def test_a_panic_ends_qemu_and_is_told_as_a_reset(
    root_image: GuestImage, load_pack: Callable[[str], KernelPack], short_tmp: Path
) -> None:
    with booted(KINDS["the smallest"], root_image, load_pack("6.12"), short_tmp) as (vm, guest):
        guest.ask(
            "(sleep 0.2; echo c >/proc/sysrq-trigger) >/dev/null 2>&1 &", deadline=Deadline.after(20, "crash")
        )
        assert vm.wait(Deadline.after(60, "panic")) == 0
    assert vm.shutdown_reason == "guest-reset"
    assert b"Kernel panic - not syncing" in (short_tmp / "console.log").read_bytes()


def test_a_console_at_its_limit_stops_growing_and_the_guest_goes_on(
    root_image: GuestImage,
    load_pack: Callable[[str], KernelPack],
    short_tmp: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limit = Size.kib(128)  # a boot says a third of it, "ready" included
    monkeypatch.setattr("labkit.qemu.confine.LOG_LIMIT", limit)
    with booted(KINDS["the smallest"], root_image, load_pack("6.12"), short_tmp) as (vm, guest):
        assert (short_tmp / "console.log").stat().st_size < limit
        flood = f"head -c {2 * limit} /dev/zero | tr '\\0' . >/dev/ttyS0"
        guest.ask(flood, deadline=Deadline.after(120, "flood"))
        assert guest.ask("echo here", deadline=Deadline.after(20, "answer")) == b"here\n"
        assert vm.stop().ended_by == "QMP quit"
    assert (short_tmp / "console.log").stat().st_size == limit

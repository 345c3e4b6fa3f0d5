"""A guest made of the image and a pack is what its users count on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from guests import raise_guest

from labkit.build.cache import Cache
from labkit.build.image import image
from labkit.build.pack import pack
from labkit.guest.logbook import READY, wait_said
from labkit.guest.ssh import Guest
from labkit.model.errors import Broken
from labkit.model.events import silent
from labkit.model.machine import Accel, Disk, MachineSpec, Node
from labkit.model.units import Deadline, Size
from labkit.places import places
from labkit.qemu.launch import Drive, LaunchPlan
from labkit.qemu.live import live_folder
from labkit.qemu.process import start

pytestmark = pytest.mark.guest

NODES = (Node(memory=Size.mib(256)), Node(memory=Size.mib(256)))
SECONDS = 120.0


@pytest.fixture(scope="module", params=["6.1", "6.12"])
def guest(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    machine = MachineSpec(
        nodes=NODES,
        kernel=request.param,
        swap=Size.mib(64),
        disks=(Disk(serial="extra", size=Size.mib(4)),),
    )
    with raise_guest(machine, tmp_path_factory.mktemp("record"), cold=True) as stage:
        yield stage.guest


def shell(guest: Guest, command: str) -> str:
    return guest.ask(command, deadline=Deadline.after(SECONDS, "shell")).decode().strip()


def test_disks_are_linked_by_serial(guest: Guest) -> None:
    assert shell(guest, "ls /dev/disk/labkit").split() == ["cargo", "extra", "modules", "root", "swap"]
    sizes = shell(guest, "for d in extra swap; do blockdev --getsize64 /dev/disk/labkit/$d; done").split()
    assert sizes == [str(4 << 20), str(64 << 20)]


def test_swap_and_extra_disks_are_left_alone(guest: Guest) -> None:
    assert shell(guest, "tail -n +2 /proc/swaps") == ""
    assert shell(guest, "head -c 4096 /dev/disk/labkit/swap | tr -d '\\0' | wc -c") == "0"


def test_every_controller_reaches_child_cgroups(guest: Guest) -> None:
    offered = shell(guest, "cat /sys/fs/cgroup/cgroup.controllers").split()
    assert sorted(shell(guest, "cat /sys/fs/cgroup/cgroup.subtree_control").split()) == sorted(offered)
    assert {"memory", "cpu", "cpuset", "io", "pids", "hugetlb"} <= set(offered)


@pytest.mark.parametrize(
    ("where", "kind"),
    [
        ("/", "overlay"),
        ("/proc", "proc"),
        ("/sys", "sysfs"),
        ("/dev", "devtmpfs"),
        ("/dev/pts", "devpts"),
        ("/dev/shm", "tmpfs"),
        ("/tmp", "tmpfs"),
        ("/sys/fs/cgroup", "cgroup2"),
        ("/sys/kernel/debug", "debugfs"),
        ("/sys/kernel/tracing", "tracefs"),
        ("/lib/modules", "erofs"),
    ],
)
def test_file_systems_are_where_labs_look_for_them(guest: Guest, where: str, kind: str) -> None:
    assert shell(guest, f"findmnt -n -o FSTYPE --target {where}").splitlines()[-1] == kind


def test_labkits_own_processes_are_spared_by_the_oom_killer(guest: Guest) -> None:
    pids = shell(guest, "echo 1 $(pgrep -x dropbear) $(pgrep -t ttyS0)").split()
    assert len(pids) >= 3
    scores = shell(guest, f"cat {' '.join(f'/proc/{pid}/oom_score_adj' for pid in pids)}").split()
    assert set(scores) == {"-1000"}


def test_orphans_are_reaped(guest: Guest) -> None:
    shell(guest, "(sleep 0.1 & exec true)")
    assert shell(guest, "sleep 1; ps -o stat= -A | grep -c ^Z || true") == "0"


def test_the_network_is_up_under_a_name(guest: Guest) -> None:
    assert shell(guest, "cat /proc/sys/kernel/hostname") == "lab"
    assert shell(guest, "cat /sys/class/net/eth0/operstate") == "up"


def test_the_work_folder_and_the_keys_have_their_modes(guest: Guest) -> None:
    modes = shell(guest, "stat -c %a /lab /root/.ssh/authorized_keys /run/labkit/host_key").split()
    assert modes == ["755", "600", "600"]


def test_what_the_courses_exercises_call_is_there(guest: Guest) -> None:
    tools = "python3 perf stress stress-ng numactl numastat slabtop watch dmesg vmstat trace-cmd modprobe"
    assert shell(guest, f"for t in {tools}; do command -v $t >/dev/null || echo $t; done") == ""
    assert shell(guest, "python3 -c 'import json, ctypes, mmap; print(1)'") == "1"
    assert "page-faults" in shell(guest, "perf stat -e page-faults true 2>&1")


def test_modules_of_the_pack_can_be_loaded_by_name(guest: Guest) -> None:
    assert shell(guest, "modprobe zram && ls -d /sys/module/zram") == "/sys/module/zram"


@pytest.mark.parametrize("kernel", ["6.1", "6.12"])
def test_a_guest_without_keys_says_why_it_gives_up(kernel: str, tmp_path: Path) -> None:
    here = places()
    cache = Cache(here.cache)
    parts = pack(cache, kernel, here.images, silent)
    with live_folder(here.live) as live:
        plan = LaunchPlan(
            accel=Accel.TCG,
            vmlinuz=parts.vmlinuz,
            initramfs=parts.initramfs,
            live=live,
            record=tmp_path,
            drives=(
                Drive(serial="root", path=image(cache, here.images, silent).root),
                Drive(serial="modules", path=parts.modules),
            ),
        )
        with (
            start(MachineSpec(nodes=NODES, kernel=kernel), plan, Deadline.after(SECONDS, "QEMU")) as vm,
            pytest.raises(Broken, match="labkit: init failed: no opt/labkit/host_key in fw_cfg"),
        ):
            wait_said(plan.console_log, READY, Deadline.after(SECONDS, "boot"), lambda: vm.alive)

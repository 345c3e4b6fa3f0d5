"""The command line, as words. Whether QEMU takes them is asked in test_qemu_paused.py."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from hypothesis import given, settings
from qemu_machines import TWO_NODES, specs

from labkit.model.machine import GIB1, MIB2, Accel, Disk, HugepagePool, MachineSpec, MemoryPath, Node, Thp
from labkit.model.units import Size
from labkit.qemu.argv import argv, kernel_cmdline, options, render_argv
from labkit.qemu.launch import Drive, FwCfgFile, LaunchPlan

PLAN = LaunchPlan(
    accel=Accel.TCG,
    vmlinuz=Path("/k/vmlinuz"),
    initramfs=Path("/k/initramfs"),
    live=Path("/live/x"),
    record=Path("/run/scene"),
    drives=(Drive(serial="root", path=Path("/images/root.erofs")),),
    fw_cfg=(FwCfgFile(name="opt/labkit/host_key", path=Path("/live/x/key")),),
)


def values(spec: MachineSpec, option: str, plan: LaunchPlan = PLAN) -> list[str]:
    return [words[1] for words in options(spec, plan) if words[0] == option]


def two(**changes: object) -> MachineSpec:
    return MachineSpec(nodes=TWO_NODES.nodes, **changes)  # type: ignore[arg-type]


@given(specs())
def test_the_nodes_cpus_and_memory_add_up_to_the_machines(spec: MachineSpec) -> None:
    numa = [value for value in values(spec, "-numa") if value.startswith("node,")]
    cpus = [re.search(r"cpus=(\d+)-(\d+)", value) for value in numa]
    counted = [number for match in cpus if match for number in range(int(match[1]), int(match[2]) + 1)]
    assert counted == list(range(spec.cpus))
    sizes = [int(re.findall(r"size=(\d+)M", value)[0]) for value in values(spec, "-object")]
    assert f"{sum(sizes)}M" == values(spec, "-m")[0] == f"{spec.memory // Size.mib(1)}M"
    assert len(numa) == len(spec.nodes)


@settings(max_examples=20)
@given(specs())
def test_argv_txt_pasted_into_a_shell_is_the_very_command(spec: MachineSpec) -> None:
    text = render_argv(spec, PLAN)
    told = subprocess.run(["sh"], input=f"printf '%s\\0' {text}", capture_output=True, text=True, check=True)
    assert tuple(told.stdout.split("\0")[:-1]) == argv(spec, PLAN)
    assert all(line.split()[0].startswith("-") for line in text.splitlines()[1:])


@given(specs())
def test_every_distance_is_given(spec: MachineSpec) -> None:
    given_distances = [value for value in values(spec, "-numa") if value.startswith("dist,")]
    assert len(given_distances) == (len(spec.nodes) ** 2 if spec.distances else 0)


@given(specs())
def test_the_machines_own_words_come_last_on_the_kernel_command_line(spec: MachineSpec) -> None:
    words = kernel_cmdline(spec).split(" ")
    assert tuple(words[len(words) - len(spec.cmdline) :]) == spec.cmdline
    assert f"transparent_hugepage={spec.thp.value}" in words


def test_pools_of_two_sizes_stand_behind_their_own_size() -> None:
    spec = MachineSpec(
        nodes=(
            Node(cpus=1, memory=Size.mib(512), hugepages=(HugepagePool(size=MIB2, count=4),)),
            Node(
                cpus=1,
                memory=Size.gib(2),
                hugepages=(HugepagePool(size=GIB1, count=1), HugepagePool(size=MIB2, count=2)),
            ),
        ),
        cpu_model="max,la57=off",
    )
    assert "hugepagesz=2M hugepages=0:4,1:2 hugepagesz=1G hugepages=1:1" in kernel_cmdline(spec)
    assert "default_hugepagesz" not in kernel_cmdline(spec)


def test_thp_mode_is_always_said() -> None:
    assert "transparent_hugepage=madvise" in kernel_cmdline(two(thp=Thp.MADVISE))


def test_a_node_without_memory_has_no_backend() -> None:
    spec = MachineSpec(nodes=(Node(cpus=1), Node(cpus=1, memory=Size.mib(256))))
    assert values(spec, "-numa") == ["node,nodeid=0,cpus=0-0", "node,nodeid=1,cpus=1-1,memdev=ram1"]
    assert values(spec, "-object") == ["memory-backend-ram,id=ram1,size=256M"]


def test_a_node_without_cpus_names_the_initiator_that_reaches_it_best() -> None:
    def path(initiator: int, target: int, latency: int) -> MemoryPath:
        return MemoryPath(initiator=initiator, target=target, latency_ns=latency, bandwidth_mib_s=1024)

    spec = MachineSpec(
        nodes=(*TWO_NODES.nodes, Node(cpus=0, memory=Size.mib(64))),
        hmat=(
            path(0, 0, 10),
            path(0, 1, 20),
            path(0, 2, 300),
            path(1, 0, 20),
            path(1, 1, 10),
            path(1, 2, 90),
        ),
    )
    assert "node,nodeid=2,memdev=ram2,initiator=1" in values(spec, "-numa")
    assert values(spec, "-machine") == ["pc,hmat=on"]
    lb = "hmat-lb,initiator=1,target=2,hierarchy=memory"
    assert f"{lb},data-type=access-latency,latency=90" in values(spec, "-numa")
    assert f"{lb},data-type=access-bandwidth,bandwidth=1024M" in values(spec, "-numa")


def test_every_cpu_is_a_socket_of_its_own() -> None:
    assert values(two(), "-smp") == ["cpus=2,sockets=2,cores=1,threads=1"]


def test_swap_and_extra_disks_live_in_the_live_folder_and_are_writable() -> None:
    spec = two(swap=Size.mib(64), disks=(Disk(serial="data", size=Size.mib(8)),))
    root, swap, data = values(spec, "-blockdev")
    assert "read-only=on" in root
    assert "read-only" not in swap
    assert swap.endswith("file.filename=/live/x/swap.raw")
    assert data.endswith("file.filename=/live/x/data.raw")
    assert "virtio-blk-pci,drive=disk-data,serial=data" in values(spec, "-device")


def test_a_comma_in_a_path_is_doubled() -> None:
    plan = LaunchPlan(
        accel=Accel.TCG,
        vmlinuz=Path("/k,1/vmlinuz"),
        initramfs=Path("/k,1/initramfs"),
        live=Path("/live,a"),
        record=Path("/run,b"),
        drives=(Drive(serial="root", path=Path("/im,ages/root.erofs")),),
    )
    assert values(two(), "-blockdev", plan)[0].endswith("file.filename=/im,,ages/root.erofs")
    assert values(two(), "-qmp", plan) == [
        "unix:/live,,a/qmp.sock,server=on,wait=off",
        "unix:/live,,a/witness.sock,server=on,wait=off",
    ]
    assert "logfile=/run,,b/console.log" in values(two(), "-chardev", plan)[0]
    assert values(two(), "-kernel", plan) == ["/k,1/vmlinuz"]  # no option list: taken as it is


def test_the_guest_is_shut_in() -> None:
    words = argv(two(), PLAN)
    for word in ("-nodefaults", "-no-user-config", "-no-reboot"):
        assert word in words
    assert values(two(), "-sandbox") == [
        "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
    ]
    assert "restrict=on" in values(two(), "-netdev")[0]
    assert "hostfwd" not in values(two(), "-netdev")[0]


def test_max_ram_below_4g_is_a_property_of_the_machine() -> None:
    assert values(two(max_ram_below_4g=Size.mib(256)), "-machine") == ["pc,max-ram-below-4g=256M"]

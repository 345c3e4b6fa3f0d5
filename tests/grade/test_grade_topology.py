from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase

import pytest
from grade_values import DATA, KERNELS

from labkit.grade.topology import TOPOLOGY_PATHS, mismatches
from labkit.model.machine import Disk, HugepagePool, MachineSpec, MemoryPath, Node, Thp
from labkit.model.units import Size

MIB2 = Size.mib(2)
LATENCIES = {(0, 0): 100, (0, 1): 150, (0, 2): 300, (1, 0): 150, (1, 1): 110, (1, 2): 250}
BANDWIDTHS = {(0, 0): 10240, (0, 1): 5120, (0, 2): 2048, (1, 0): 5120, (1, 1): 8192, (1, 2): 3072}
# What the guests of data/KERNEL were declared as: three nodes, one of them without CPUs.
DECLARED = MachineSpec(
    cpu_model="max,la57=off",
    nodes=(
        Node(cpus=1, memory=Size.mib(320)),
        Node(cpus=1, memory=Size.mib(256), hugepages=(HugepagePool(size=MIB2, count=8),)),
        Node(cpus=0, memory=Size.mib(128)),
    ),
    distances=((10, 21, 31), (21, 10, 15), (31, 15, 10)),
    hmat=tuple(
        MemoryPath(initiator=i, target=t, latency_ns=LATENCIES[i, t], bandwidth_mib_s=BANDWIDTHS[i, t])
        for i, t in LATENCIES
    ),
    swap=Size.mib(64),
    disks=(Disk(serial="data", size=Size.mib(32)),),
    cmdline=("labkit.word=1",),
)


def texts(kernel: str) -> dict[str, str]:
    root = DATA / kernel
    files = ((f"/{path.relative_to(root)}", path) for path in root.rglob("*") if path.is_file())
    return {
        name: path.read_text()
        for name, path in files
        if any(fnmatchcase(name, pattern) for pattern in TOPOLOGY_PATHS)
    }


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_guest_that_is_what_was_declared_is_proven(kernel: str) -> None:
    assert mismatches(DECLARED, texts(kernel)) == ()


def with_node(index: int, **changes: object) -> MachineSpec:
    """The declaration with one node changed; distances and HMAT stay."""
    changed = list(DECLARED.nodes)
    changed[index] = replace(changed[index], **changes)  # type: ignore[arg-type]
    return replace(DECLARED, nodes=tuple(changed))


def with_path(index: int, **changes: int) -> MachineSpec:
    changed = list(DECLARED.hmat)
    changed[index] = replace(changed[index], **changes)
    return replace(DECLARED, hmat=tuple(changed))


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        (with_node(0, cpus=2), "node 0 has 1 CPUs (0), declared are 2"),
        (
            with_node(2, memory=Size.mib(512)),
            "declared are 512MiB (the kernel may keep 98MiB of it for itself)",
        ),
        (with_node(1, memory=Size.mib(128)), "declared are 128MiB"),
        (with_node(1, hugepages=()), "node 1 has 8 huge pages of 2MiB, declared are 0"),
        (
            with_node(0, hugepages=(HugepagePool(size=MIB2, count=1),)),
            "node 0 has 0 huge pages of 2MiB, declared are 1",
        ),
        (
            replace(DECLARED, distances=((10, 21, 31), (21, 10, 16), (31, 16, 10))),
            "node 1 is at distances 21 10 15, declared are 21 10 16",
        ),
        (replace(DECLARED, distances=()), "node 0 is at distances 10 21 31, declared are 10 20 20"),
        (with_path(0, latency_ns=101), "node 0 shows read_latency 100, declared is 101 (HMAT)"),
        (with_path(5, bandwidth_mib_s=4096), "node 2 shows read_bandwidth 3072, declared is 4096 (HMAT)"),
        (replace(DECLARED, thp=Thp.ALWAYS), "declared is 'always'; below 512MiB of usable memory"),
        (replace(DECLARED, cmdline=("labkit.word=2",)), "the kernel command line lacks 'labkit.word=2'"),
        (replace(DECLARED, swap=Size.mib(128)), "disk 'swap' is 64MiB, declared are 128MiB"),
        (
            replace(DECLARED, disks=(Disk(serial="log", size=MIB2),)),
            "disk 'log' is not there, declared are 2MiB",
        ),
    ],
)
def test_every_difference_is_said_in_a_sentence(other: MachineSpec, sentence: str) -> None:
    assert sentence in " | ".join(mismatches(other, texts("6.12")))


def test_a_missing_node_is_said_once() -> None:
    fewer = MachineSpec(nodes=(Node(cpus=2, memory=Size.mib(704)),))
    assert "nodes online are 0 1 2, declared are 1 from 0" in mismatches(fewer, texts("6.12"))


def test_a_file_that_was_not_captured_is_said_and_never_taken_for_proof() -> None:
    assert "the guest has no /proc/cmdline" in mismatches(DECLARED, {})
    for path in texts("6.12"):
        if "hugepages-1048576kB" in path or not path.startswith("/sys/devices"):
            continue
        rest = {name: text for name, text in texts("6.12").items() if name != path}
        assert any(path in sentence for sentence in mismatches(DECLARED, rest)), path


@pytest.mark.parametrize("damage", ["", "nonsense", "1 2 3\n", "-1"])
def test_text_that_cannot_be_read_is_said_and_never_taken_for_proof(damage: str) -> None:
    for path in texts("6.12"):
        told = mismatches(DECLARED, texts("6.12") | {path: damage})
        empty_list = path.endswith("node2/cpulist") and not damage
        foreign_disk = path.startswith("/sys/block/")
        assert bool(told) or empty_list or foreign_disk, path


def test_a_memory_less_node_must_have_no_memory() -> None:
    files = texts("6.12")
    path = "/sys/devices/system/node/node2/meminfo"
    files[path] = "Node 2 MemTotal:       0 kB\n"
    assert any(sentence.startswith("node 2 has 0B of memory") for sentence in mismatches(DECLARED, files))


def test_what_the_kernel_keeps_is_bounded_for_the_machine_as_a_whole() -> None:
    # 60 MiB may be gone from one node, but not from each of three.
    files = texts("6.12")
    for index, mib in enumerate((260, 196, 68)):
        path = f"/sys/devices/system/node/node{index}/meminfo"
        files[path] = f"Node {index} MemTotal:  {mib << 10} kB\n"
    (told,) = mismatches(DECLARED, files)
    assert told.startswith("all nodes have 524MiB of memory together, declared are 704MiB")


def test_memory_above_4_gib_costs_bounce_buffers() -> None:
    # A guest of 1 GiB whose RAM continues above 4 GiB kept 139 MiB (6.12); without that it would be too much.
    files = {
        "/sys/devices/system/node/online": "0\n",
        "/sys/devices/system/node/node0/cpulist": "0-1\n",
        "/sys/devices/system/node/node0/meminfo": "Node 0 MemTotal:         906332 kB\n",
    }
    flat = MachineSpec(nodes=(Node(cpus=2, memory=Size.gib(1)),))
    split = replace(flat, max_ram_below_4g=Size.mib(512))
    assert not any("of memory" in sentence for sentence in mismatches(split, files))
    assert any("of memory" in sentence for sentence in mismatches(flat, files))

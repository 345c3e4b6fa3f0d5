"""A guest's hardware as a value. A MachineSpec that exists is bootable: the impossible is refused when made.

Sources: QEMU 7.2 hw/core/numa.c (nodes, distances, HMAT), Linux mm/hugetlb.c (per-node pools, Linux commit
b5389086ad7b "hugetlbfs: extend the definition of hugepages parameter to support node allocation" (in v5.16)).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

from labkit.model.physical import ram_ranges, whole_gibs
from labkit.model.rules import (
    SpecError,
    check_cpu_model,
    check_distances,
    check_low_ram,
    check_words,
    has_pdpe1gb,
)
from labkit.model.units import Size

MIB2 = Size.mib(2)
GIB1 = Size.gib(1)
NO_MEMORY = Size(0)
MAX_NODES = 128  # QEMU's MAX_NODES, include/sysemu/numa.h
MAX_PATH = 65534  # ACPI 6.3, 5.2.27.4: HMAT entries are 16 bits of a common base, 65535 is "unreachable"
MIN_GUEST = Size.mib(160)  # measured: kernel, initramfs and dropbear of the lab image need 140 MiB
MAX_GUEST = Size.gib(512)  # qemu64 and TCG's max have 40 physical address bits, and the PCI hole is in them
MIN_NODE = Size.mib(32)  # measured: early boot takes up to 19 MiB of the last node, wherever its end is
MIN_BESIDE_POOLS = Size.mib(96)  # measured: with 64 MiB beside it on node 0 of 6.12, a pool was 4 MiB short
MAX_DISKS = 16  # PCI slots of one bus, beside root, modules, cargo, swap, network and entropy


class Thp(Enum):
    """The mode of /sys/kernel/mm/transparent_hugepage/enabled at boot."""

    ALWAYS = "always"
    MADVISE = "madvise"
    NEVER = "never"


class Accel(Enum):
    """What executes the guest's instructions."""

    KVM = "kvm"
    TCG = "tcg"


class Started(Enum):
    """How a guest came to be ready."""

    COLD = "cold"
    CLONE = "clone"


@dataclass(frozen=True, slots=True, kw_only=True)
class HugepagePool:
    """Huge pages reserved at boot on one node: `count` pages of `size` (2 MiB or 1 GiB)."""

    size: Size
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One NUMA node. It may have no CPUs, or no memory, but it has one of them.

    Linux numbers the nodes in the order in which the SRAT names them, processors first
    (drivers/acpi/numa/srat.c, acpi_map_pxm_to_node()): nodes without CPUs come last, or the guest would
    number them otherwise.
    """

    cpus: int = 1
    memory: Size = NO_MEMORY
    hugepages: tuple[HugepagePool, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryPath:
    """HMAT: what a CPU of node `initiator` sees of the memory of node `target`."""

    initiator: int
    target: int
    latency_ns: int
    bandwidth_mib_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """An extra raw disk, found in the guest by its serial, never by its index."""

    serial: str
    size: Size


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineSpec:
    """A guest that can be booted. `distances` is the SLIT, row by row; empty means QEMU's own (10 and 20)."""

    nodes: tuple[Node, ...]
    kernel: str = "6.12"
    cpu_model: str = "qemu64"
    distances: tuple[tuple[int, ...], ...] = ()
    hmat: tuple[MemoryPath, ...] = ()
    thp: Thp = Thp.NEVER
    swap: Size | None = None
    disks: tuple[Disk, ...] = ()
    max_ram_below_4g: Size | None = None
    cmdline: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        _check_nodes(self.nodes)
        check_distances(self.distances, len(self.nodes))
        _check_hmat(self.hmat, self.nodes)
        for index, node in enumerate(self.nodes):
            _check_pools(node, index, self.cpu_model)
        _check_gigantic(self.nodes, self.max_ram_below_4g)
        _check_disks(self.disks, self.swap)
        check_low_ram(self.max_ram_below_4g)
        check_cpu_model(self.cpu_model)
        check_words(self.cmdline)

    @property
    def cpus(self) -> int:
        return sum(node.cpus for node in self.nodes)

    @property
    def memory(self) -> Size:
        return Size(sum(node.memory for node in self.nodes))


def _check_nodes(nodes: tuple[Node, ...]) -> None:
    if not 1 <= len(nodes) <= MAX_NODES:
        raise SpecError("node", f"found {len(nodes)} nodes, give 1 to {MAX_NODES}")
    for index, node in enumerate(nodes):
        _check_node(node, f"node[{index}]")
        if index and node.cpus and not nodes[index - 1].cpus:
            raise SpecError(
                f"node[{index - 1}]",
                f"has no CPU but stands before node {index} that has; put it last, Linux numbers it so",
            )
    cpus, memory = sum(node.cpus for node in nodes), Size(sum(node.memory for node in nodes))
    if cpus == 0:
        raise SpecError("node", "no node has a CPU; give at least one cpus = 1")
    if cpus > 255:
        raise SpecError("node", f"found {cpus} CPUs in all, give 255 at most; more need an IOMMU")
    if not MIN_GUEST <= memory <= MAX_GUEST:
        raise SpecError("node", f"found {memory} in all, give {MIN_GUEST} to {MAX_GUEST}")


def _check_node(node: Node, key: str) -> None:
    if node.cpus < 0:
        raise SpecError(f"{key}.cpus", f"found {node.cpus}, give 0 or more")
    if node.cpus == 0 and node.memory == 0:
        raise SpecError(key, "has neither CPUs nor memory; give it one of them or leave it out")
    if node.memory and (node.memory < MIN_NODE or node.memory % MIB2):
        raise SpecError(
            f"{key}.memory", f"found {node.memory}, give none, or at least {MIN_NODE} in steps of 2MiB"
        )


def _check_hmat(paths: tuple[MemoryPath, ...], nodes: tuple[Node, ...]) -> None:
    if not paths:
        return
    for index, node in enumerate(nodes):
        # Linux gives the whole table up at its first entry without memory (drivers/acpi/numa/hmat.c,
        # hmat_parse_proximity_domain()), and QEMU writes one for every node.
        if not node.memory:
            raise SpecError("hmat", f"node {index} has no memory; Linux then ignores an HMAT, leave it out")
    seen = set()
    for index, path in enumerate(paths):
        _check_path(path, f"hmat[{index}]", nodes)
        if (path.initiator, path.target) in seen:
            raise SpecError(
                f"hmat[{index}]", f"node {path.initiator} to node {path.target} stands twice; keep one"
            )
        seen.add((path.initiator, path.target))
    wanted = {(i, t) for i, node in enumerate(nodes) if node.cpus for t in range(len(nodes))}
    for i, t in sorted(wanted - seen):
        raise SpecError("hmat", f"no entry from node {i} to node {t}; an HMAT covers every pair")


def _check_path(path: MemoryPath, key: str, nodes: tuple[Node, ...]) -> None:
    if not 0 <= path.initiator < len(nodes) or nodes[path.initiator].cpus == 0:
        raise SpecError(f"{key}.initiator", f"node {path.initiator} has no CPU; an initiator needs one")
    if not 0 <= path.target < len(nodes):
        raise SpecError(f"{key}.target", f"there is no node {path.target}; give 0 to {len(nodes) - 1}")
    for name, value in (("latency_ns", path.latency_ns), ("bandwidth_mib_s", path.bandwidth_mib_s)):
        if not 1 <= value <= MAX_PATH:
            raise SpecError(f"{key}.{name}", f"found {value}, give 1 to {MAX_PATH}")


def _check_pools(node: Node, index: int, cpu_model: str) -> None:
    seen = set()
    for number, pool in enumerate(node.hugepages):
        key = f"node[{index}].hugepages[{number}]"
        if pool.size not in (MIB2, GIB1):
            raise SpecError(f"{key}.size", f"found {pool.size}, x86-64 has 2MiB and 1GiB")
        if pool.size in seen:
            raise SpecError(f"{key}.size", f"{pool.size} stands twice; keep one")
        if pool.count < 1:
            raise SpecError(f"{key}.count", f"found {pool.count}, give 1 or more, or leave the pool out")
        if pool.size == GIB1 and not has_pdpe1gb(cpu_model):
            raise SpecError(f"{key}.size", f"CPU {cpu_model!r} lacks pdpe1gb; use cpu_model = 'max,la57=off'")
        seen.add(pool.size)
    total = Size(sum(pool.size * pool.count for pool in node.hugepages))
    # Struct pages, the kernel and the programs must fit beside the pools: mm/hugetlb.c fills a pool silently
    # short when they do not, and the topology proof would then call the guest broken.
    if total and node.memory - total < max(MIN_BESIDE_POOLS, node.memory // 5):
        raise SpecError(
            f"node[{index}].hugepages",
            f"{total} of pools in {node.memory} of memory; leave a fifth, and at least {MIN_BESIDE_POOLS}",
        )


def _check_gigantic(nodes: tuple[Node, ...], max_ram_below_4g: Size | None) -> None:
    ranges = ram_ranges(tuple(node.memory for node in nodes), max_ram_below_4g)
    for index, node in enumerate(nodes):
        wanted = sum(pool.count for pool in node.hugepages if pool.size == GIB1)
        whole = whole_gibs(ranges[index])
        if wanted > whole:
            raise SpecError(
                f"node[{index}].hugepages",
                f"{wanted} pages of 1GiB where only {whole} aligned GiB stay free of early boot; "
                "give the node more memory, or set max_ram_below_4g",
            )


def _check_disks(disks: tuple[Disk, ...], swap: Size | None) -> None:
    if swap is not None and (swap < MIB2 or swap % 4096):
        raise SpecError("swap", f"found {swap}, give at least 2MiB in whole pages")
    if len(disks) > MAX_DISKS:
        raise SpecError("disk", f"found {len(disks)} disks, give {MAX_DISKS} at most")
    taken = {"root", "modules", "cargo", "swap"}
    for index, disk in enumerate(disks):
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,18}", disk.serial):
            raise SpecError(f"disk[{index}].serial", f"found {disk.serial!r}, give 1 to 19 of a-z 0-9 -")
        if disk.serial in taken:
            raise SpecError(f"disk[{index}].serial", f"{disk.serial!r} is taken; choose another")
        if disk.size < MIB2 or disk.size % 512:
            raise SpecError(f"disk[{index}].size", f"found {disk.size}, give at least 2MiB in whole sectors")
        taken.add(disk.serial)

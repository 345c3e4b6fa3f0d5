"""The proof that the booted guest is the declared machine, from text of its own /proc and /sys.

What differs is labkit's fault or QEMU's, never the student's: it is captured before any of their code runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from labkit.grade.parse.meminfo import parse_meminfo
from labkit.grade.parse.numa import parse_cpulist, parse_distances
from labkit.model.machine import GIB1, MIB2, MachineSpec, MemoryPath, Node, Thp
from labkit.model.rules import LOCAL_DISTANCE
from labkit.model.units import Size

NODES = "/sys/devices/system/node"
CPUS_ONLINE = "/sys/devices/system/cpu/online"
THP_ENABLED = "/sys/kernel/mm/transparent_hugepage/enabled"
CMDLINE = "/proc/cmdline"
TOPOLOGY_PATHS = (
    f"{NODES}/online",
    f"{NODES}/node*/cpulist",
    f"{NODES}/node*/meminfo",
    f"{NODES}/node*/distance",
    f"{NODES}/node*/hugepages/hugepages-*/nr_hugepages",
    f"{NODES}/node*/access0/initiators/read_latency",
    f"{NODES}/node*/access0/initiators/read_bandwidth",
    CPUS_ONLINE,
    THP_ENABLED,
    CMDLINE,
    "/sys/block/vd*/serial",
    "/sys/block/vd*/size",
)

REMOTE_DISTANCE = (
    20  # what Linux assumes between nodes when firmware brings no SLIT (include/linux/topology.h)
)
SECTOR = 512  # bytes; /sys/block/*/size counts these whatever the disk's own sector is (block/genhd.c)

# MemTotal of a node counts pages handed to the buddy allocator. Missing from what QEMU was asked for are: a
# struct page of 64 bytes for each 4096 (1/64) and hash tables that grow with memory (dentries, inodes; below
# 1/128); the kernel's image, its 4 MiB log, per-CPU areas and the BIOS's first MiB, on any node; and bounce
# buffers for DMA where memory lies above 4 GiB (arch/x86/kernel/pci-dma.c pci_swiotlb_detect()).
# Measured on both kernels: 39 to 44 MiB of the first node, 18 of the last, beside 1.7 % of each.
_RESERVED_SHARE = 32  # one part in 32, above 1/64 + 1/128
_RESERVED_ONCE = Size.mib(80)
_RESERVED_A_CPU = Size.mib(1)
_SWIOTLB = Size.mib(64)  # include/linux/swiotlb.h IO_TLB_DEFAULT_SIZE
_LOW_RAM = Size(0xE0000000)  # QEMU hw/i386/pc_piix.c pc_init1(): what is more continues above 4 GiB

Texts = Mapping[str, str]


def mismatches(spec: MachineSpec, files: Texts) -> tuple[str, ...]:
    """One sentence for each fact in which the guest is not what was declared; none when all is proven.

    `files` maps guest paths matching TOPOLOGY_PATHS to their text; one that is missing or unreadable is said.
    """
    parts: tuple[Callable[[MachineSpec, Texts], Iterator[str]], ...] = (
        _nodes,
        _memory,
        _distances,
        _hugepages,
        _hmat,
        _processors,
        _thp,
        _cmdline,
        _disks,
    )
    return tuple(sentence for part in parts for sentence in _told(part, spec, files))


class _MissingError(Exception):
    """A file that the proof needs was not captured."""


def _told(
    part: Callable[[MachineSpec, Texts], Iterator[str]], spec: MachineSpec, files: Texts
) -> Iterator[str]:
    try:
        yield from part(spec, files)
    except _MissingError as missing:
        yield f"the guest has no {missing}"
    except ValueError as error:  # ParseError, and numbers that are none
        yield f"the guest's text cannot be read: {error}"


def _text(files: Texts, path: str) -> str:
    if path not in files:
        raise _MissingError(path)
    return files[path]


def _nodes(spec: MachineSpec, files: Texts) -> Iterator[str]:
    online = parse_cpulist(_text(files, f"{NODES}/online"))
    if online != tuple(range(len(spec.nodes))):
        yield f"nodes online are {_listed(online)}, declared are {len(spec.nodes)} from 0"
        return
    for index, node in enumerate(spec.nodes):
        cpus = parse_cpulist(_text(files, f"{NODES}/node{index}/cpulist"))
        if len(cpus) != node.cpus:
            yield f"node {index} has {len(cpus)} CPUs ({_listed(cpus)}), declared are {node.cpus}"


def _memory(spec: MachineSpec, files: Texts) -> Iterator[str]:
    total = Size(0)
    for index, node in enumerate(spec.nodes):
        seen = Size.kib(parse_meminfo(_text(files, f"{NODES}/node{index}/meminfo")).kib["MemTotal"])
        total = Size(total + seen)
        kept = _reserve(spec, node.memory)
        if not node.memory - kept <= seen <= node.memory or bool(seen) != bool(node.memory):
            yield (
                f"node {index} has {seen} of memory, declared are {node.memory} (the kernel may keep {kept} "
                "of it for itself)"
            )
    kept = _reserve(spec, spec.memory)
    if total < spec.memory - kept:
        yield (
            f"all nodes have {total} of memory together, declared are {spec.memory} (the kernel may keep "
            f"{kept} of it for itself)"
        )


def _reserve(spec: MachineSpec, memory: int) -> Size:
    """At most what the kernel keeps of this much memory of a machine."""
    once = _RESERVED_ONCE + _RESERVED_A_CPU * spec.cpus
    if spec.memory > (spec.max_ram_below_4g or _LOW_RAM):
        once += _SWIOTLB
    return Size(memory // _RESERVED_SHARE + once)


def _distances(spec: MachineSpec, files: Texts) -> Iterator[str]:
    for index in range(len(spec.nodes)):
        seen = parse_distances(_text(files, f"{NODES}/node{index}/distance"))
        declared = spec.distances[index] if spec.distances else _default_row(index, len(spec.nodes))
        if seen != declared:
            yield f"node {index} is at distances {_listed(seen)}, declared are {_listed(declared)}"


def _default_row(index: int, nodes: int) -> tuple[int, ...]:
    return tuple(LOCAL_DISTANCE if other == index else REMOTE_DISTANCE for other in range(nodes))


def _hugepages(spec: MachineSpec, files: Texts) -> Iterator[str]:
    for index, node in enumerate(spec.nodes):
        declared = {MIB2: 0, GIB1: 0} | {pool.size: pool.count for pool in node.hugepages}
        for size, count in declared.items():
            path = f"{NODES}/node{index}/hugepages/hugepages-{size >> 10}kB/nr_hugepages"
            # A CPU without pdpe1gb has no 1 GiB pool at all, which is as good as an empty one.
            seen = int(files.get(path, "0") if size == GIB1 else _text(files, path))
            if seen != count:
                yield f"node {index} has {seen} huge pages of {size}, declared are {count}"


def _hmat(spec: MachineSpec, files: Texts) -> Iterator[str]:
    for index, node in enumerate(spec.nodes):
        paths = [path for path in spec.hmat if path.target == index]
        if not paths:
            continue
        best = _shown_path(index, node, paths)
        for name, declared in (("read_latency", best.latency_ns), ("read_bandwidth", best.bandwidth_mib_s)):
            seen = int(_text(files, f"{NODES}/node{index}/access0/initiators/{name}"))
            if seen != declared:
                yield f"node {index} shows {name} {seen}, declared is {declared} (HMAT)"


def _shown_path(index: int, node: Node, paths: list[MemoryPath]) -> MemoryPath:
    """Of a node's paths the kernel shows its own CPUs', or the best initiator's where it has none."""
    if node.cpus:
        return next(path for path in paths if path.initiator == index)
    return min(paths, key=lambda path: (path.latency_ns, -path.bandwidth_mib_s))


def _processors(spec: MachineSpec, files: Texts) -> Iterator[str]:
    online = parse_cpulist(_text(files, CPUS_ONLINE))
    if len(online) != spec.cpus:
        yield f"{len(online)} CPUs are online, declared are {spec.cpus}"


def _thp(spec: MachineSpec, files: Texts) -> Iterator[str]:
    text = _text(files, THP_ENABLED)
    mode = re.search(r"\[(\w+)\]", text)
    if mode is None or mode[1] != spec.thp.value:
        # Linux mm/huge_memory.c hugepage_init()
        why = (
            "; below 512MiB of usable memory the kernel switches it off" if spec.thp is not Thp.NEVER else ""
        )
        yield f"transparent huge pages are {text.strip()!r}, declared is '{spec.thp.value}'{why}"


def _cmdline(spec: MachineSpec, files: Texts) -> Iterator[str]:
    words = _text(files, CMDLINE).split()
    for word in spec.cmdline:
        if word not in words:
            yield f"the kernel command line lacks {word!r}"


def _disks(spec: MachineSpec, files: Texts) -> Iterator[str]:
    sizes: dict[str, int] = {}
    for path, text in files.items():
        if (match := re.fullmatch(r"(/sys/block/vd[a-z]+)/serial", path)) is not None:
            sizes[text.strip()] = int(_text(files, f"{match[1]}/size")) * SECTOR
    declared = {disk.serial: disk.size for disk in spec.disks}
    if spec.swap is not None:
        declared["swap"] = spec.swap
    for serial, size in declared.items():
        if sizes.get(serial) != size:
            seen = Size(sizes[serial]) if serial in sizes else "not there"
            yield f"disk '{serial}' is {seen}, declared are {size}"


def _listed(numbers: tuple[int, ...]) -> str:
    return " ".join(map(str, numbers)) or "none"

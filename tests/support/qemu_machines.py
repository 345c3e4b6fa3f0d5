"""What the tests of qemu/ share: machines by name, and hypothesis strategies of every spec that may exist."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import assume
from hypothesis import strategies as st

from labkit.model.machine import (
    GIB1,
    MIB2,
    MIN_BESIDE_POOLS,
    Disk,
    HugepagePool,
    MachineSpec,
    MemoryPath,
    Node,
    Thp,
)
from labkit.model.rules import CPU_FLAGS, CPU_MODELS, SpecError
from labkit.model.units import Deadline, Size
from labkit.qemu.launch import LaunchPlan

PlanMaker = Callable[..., LaunchPlan]

TWO_NODES = MachineSpec(
    nodes=(Node(cpus=1, memory=Size.mib(256)), Node(cpus=1, memory=Size.mib(256))),
)


def soon(phase: str = "test") -> Deadline:
    return Deadline.after(20, phase)


def render_empty_kernel() -> bytes:
    """As much of a bzImage as QEMU looks at (Linux Documentation/arch/x86/boot.rst), and no code."""
    image = bytearray(16 * 512)
    image[0x1F1] = 4  # setup_sects
    image[0x1FE:0x200] = b"\x55\xaa"
    image[0x202:0x206] = b"HdrS"
    image[0x206:0x208] = (0x020C).to_bytes(2, "little")  # boot protocol 2.12: has initrd_addr_max, xloadflags
    image[0x211] = 1  # LOADED_HIGH
    image[0x22C:0x230] = (0x7FFFFFFF).to_bytes(4, "little")  # initrd_addr_max
    image[0x238:0x23C] = (2047).to_bytes(4, "little")  # cmdline_size
    return bytes(image)


@st.composite
def cpu_models(draw: st.DrawFn) -> str:
    flags = draw(st.dictionaries(st.sampled_from(CPU_FLAGS), st.sampled_from(("on", "off")), max_size=3))
    return ",".join(
        [draw(st.sampled_from(CPU_MODELS)), *(f"{name}={value}" for name, value in flags.items())]
    )


@st.composite
def pools(draw: st.DrawFn, memory: Size) -> tuple[HugepagePool, ...]:
    """2 MiB pages as far as the node bears them; often a 1 GiB page where there might be room for one."""
    room = (memory - max(MIN_BESIDE_POOLS, memory // 5)) // MIB2
    found = []
    if memory > Size.gib(1) and draw(st.booleans()):
        found.append(HugepagePool(size=GIB1, count=1))
        room -= GIB1 // MIB2
    if room > 0 and draw(st.booleans()):
        found.append(HugepagePool(size=MIB2, count=draw(st.integers(1, room))))
    return tuple(found)


@st.composite
def nodes(draw: st.DrawFn) -> tuple[Node, ...]:
    """Nodes with CPUs first; at least one with memory enough to boot in."""
    found = []
    memories = st.sampled_from((32, 64, 200, 256, 1024, 1280, 2048)).map(Size.mib)
    with_cpus = draw(st.integers(1, 3))
    for index in range(with_cpus + draw(st.integers(0, 3))):
        bare = index not in (0, 1) and index < with_cpus and draw(st.booleans())
        memory = Size(0) if bare else draw(memories)
        cpus = draw(st.integers(1, 4)) if index < with_cpus else 0
        found.append(Node(cpus=cpus, memory=memory, hugepages=draw(pools(memory))))
    return tuple(found)


@st.composite
def hmats(draw: st.DrawFn, some: tuple[Node, ...]) -> tuple[MemoryPath, ...]:
    if not all(node.memory for node in some) or draw(st.booleans()):
        return ()
    entry = st.integers(1, 65534)
    return tuple(
        MemoryPath(initiator=i, target=t, latency_ns=draw(entry), bandwidth_mib_s=draw(entry))
        for i, node in enumerate(some)
        for t in range(len(some))
        if node.cpus
    )


@st.composite
def slits(draw: st.DrawFn, count: int) -> tuple[tuple[int, ...], ...]:
    if draw(st.booleans()):
        return ()
    distance = st.integers(11, 254)
    return tuple(tuple(10 if i == j else draw(distance) for j in range(count)) for i in range(count))


@st.composite
def specs(draw: st.DrawFn) -> MachineSpec:
    """Any machine that MachineSpec lets exist."""
    some = draw(nodes())
    gigantic = any(pool.size == GIB1 for node in some for pool in node.hugepages)
    serials = draw(st.lists(st.from_regex(r"\A[a-z][a-z0-9-]{0,18}\Z"), unique=True, max_size=3))
    words = st.sampled_from(("nowatchdog", "movablecore=64M", "a=,b;c$d'e"))
    low = st.integers(2, 48).map(lambda number: Size.mib(64 * number))
    try:
        return MachineSpec(
            nodes=some,
            cpu_model="max,la57=off" if gigantic else draw(cpu_models()),
            distances=draw(slits(len(some))),
            hmat=draw(hmats(some)),
            thp=draw(st.sampled_from(Thp)),
            swap=draw(st.none() | st.integers(1, 40).map(lambda number: Size.mib(2 * number))),
            disks=tuple(Disk(serial=serial, size=Size.mib(4)) for serial in serials),
            max_ram_below_4g=draw(st.none() | low),
            cmdline=tuple(draw(st.lists(words, max_size=3))),
        )
    except SpecError:
        assume(False)
        raise

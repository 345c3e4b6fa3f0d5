"""What MachineSpec refuses, key by key; whether QEMU takes what it accepts is asked in tests/qemu."""

from __future__ import annotations

from typing import Any

import pytest

from labkit.model.machine import GIB1, MIB2, Disk, HugepagePool, MachineSpec, MemoryPath, Node
from labkit.model.rules import SpecError
from labkit.model.units import Size


def node(cpus: int = 1, mib: int = 256, *pools: tuple[Size, int]) -> Node:
    return Node(
        cpus=cpus,
        memory=Size.mib(mib),
        hugepages=tuple(HugepagePool(size=size, count=count) for size, count in pools),
    )


def path(initiator: int, target: int, latency: int = 10, bandwidth: int = 100) -> MemoryPath:
    return MemoryPath(initiator=initiator, target=target, latency_ns=latency, bandwidth_mib_s=bandwidth)


TWO = (node(), node())
ALL_PATHS = (path(0, 0), path(0, 1), path(1, 0), path(1, 1))
MAX = "max,la57=off"
DATA = Disk(serial="data", size=Size.mib(2))

REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    # nodes
    ("node", "0 nodes", {"nodes": ()}),
    ("node", "129 nodes", {"nodes": (node(), *(node(0, 32) for _ in range(128)))}),
    ("node[1].cpus", "found -1", {"nodes": (node(), node(-1))}),
    ("node[1]", "neither CPUs nor memory", {"nodes": (node(), node(0, 0))}),
    ("node", "no node has a CPU", {"nodes": (node(0),)}),
    ("node", "256 CPUs", {"nodes": (node(128), node(128))}),
    ("node[1].memory", "found 30MiB", {"nodes": (node(), node(1, 30))}),
    ("node[0].memory", "steps of 2MiB", {"nodes": (node(1, 255),)}),
    ("node", "found 158MiB in all", {"nodes": (node(1, 158),)}),
    ("node", "found 514GiB in all", {"nodes": (node(1, 514 << 10),)}),
    ("node[0]", "put it last", {"nodes": (node(0), node())}),
    ("node[1]", "put it last", {"nodes": (node(), node(0), node())}),
    # distances
    ("distances", "give 2 rows", {"distances": ((10, 20),)}),
    ("distances", "give 2 rows of 2", {"distances": ((10, 20), (20,))}),
    ("distances[1][1]", "distance 10 from itself", {"distances": ((10, 20), (20, 11))}),
    ("distances[0][1]", "found 10", {"distances": ((10, 10), (20, 10))}),
    ("distances[1][0]", "found 255", {"distances": ((10, 20), (255, 10))}),
    # HMAT
    ("hmat[0].initiator", "has no CPU", {"nodes": (node(), node(0)), "hmat": (path(1, 0),)}),
    ("hmat[0].initiator", "has no CPU", {"hmat": (path(2, 0),)}),
    ("hmat[0].target", "no node 2", {"hmat": (path(0, 2),)}),
    ("hmat[0].target", "no node -1", {"hmat": (path(0, -1),)}),
    ("hmat[0].latency_ns", "found 0", {"hmat": (path(0, 0, 0),)}),
    ("hmat[0].bandwidth_mib_s", "found 65535", {"hmat": (path(0, 0, 1, 65535),)}),
    ("hmat[1]", "stands twice", {"hmat": (path(0, 0), path(0, 0))}),
    ("hmat", "node 1 to node 1", {"hmat": ALL_PATHS[:3]}),
    ("hmat", "node 1 has no memory", {"nodes": (node(), node(1, 0)), "hmat": (path(0, 0), path(1, 0))}),
    # huge pages
    ("node[0].hugepages[0].size", "x86-64 has", {"nodes": (node(1, 256, (Size.mib(4), 1)),)}),
    ("node[0].hugepages[0].count", "found 0", {"nodes": (node(1, 256, (MIB2, 0)),)}),
    ("node[0].hugepages[1].size", "stands twice", {"nodes": (node(1, 256, (MIB2, 1), (MIB2, 1)),)}),
    ("node[0].hugepages", "at least 96MiB", {"nodes": (node(1, 256, (MIB2, 81)),)}),
    ("node[0].hugepages", "leave a fifth", {"nodes": (node(1, 1000, (MIB2, 401)),)}),
    ("node[1].hugepages", "2MiB of pools in 0B", {"nodes": (node(), node(1, 0, (MIB2, 1)))}),
    ("node[0].hugepages[0].size", "lacks pdpe1gb", {"nodes": (node(1, 4096, (GIB1, 1)),)}),
    (
        "node[0].hugepages[0].size",
        "lacks pdpe1gb",
        {"nodes": (node(1, 4096, (GIB1, 1)),), "cpu_model": "max,pdpe1gb=off"},
    ),
    ("node[0].hugepages", "only 0 aligned GiB", {"nodes": (node(1, 2048, (GIB1, 1)),), "cpu_model": MAX}),
    (
        "node[1].hugepages",
        "only 0 aligned GiB",
        {"nodes": (node(1, 512), node(1, 1536, (GIB1, 1))), "cpu_model": MAX},
    ),
    # disks
    ("swap", "found 1MiB", {"swap": Size.mib(1)}),
    ("swap", "whole pages", {"swap": Size(MIB2 + 512)}),
    ("disk[0].serial", "found 'Data'", {"disks": (Disk(serial="Data", size=MIB2),)}),
    ("disk[0].serial", "1 to 19", {"disks": (Disk(serial="x" * 20, size=MIB2),)}),
    ("disk[0].serial", "'swap' is taken", {"disks": (Disk(serial="swap", size=MIB2),)}),
    ("disk[1].serial", "'data' is taken", {"disks": (DATA, DATA)}),
    ("disk[0].size", "whole sectors", {"disks": (Disk(serial="data", size=Size(MIB2 + 1)),)}),
    ("disk", "17 disks", {"disks": tuple(Disk(serial=f"d{i}", size=MIB2) for i in range(17))}),
    # the rest
    ("max_ram_below_4g", "found 64MiB", {"max_ram_below_4g": Size.mib(64)}),
    ("max_ram_below_4g", "found 4GiB", {"max_ram_below_4g": Size.gib(4)}),
    ("max_ram_below_4g", "steps of 64MiB", {"max_ram_below_4g": Size.mib(200)}),
    ("cpu_model", "give 'max'", {"cpu_model": "host,la57=off"}),
    ("cpu_model", "qemu64, max", {"cpu_model": "quemu64"}),
    ("cpu_model", "found '+la57'", {"cpu_model": "max,+la57"}),
    ("cpu_model", "found 'la75=off'", {"cpu_model": "max,la75=off"}),
    ("cpu_model", "found ''", {"cpu_model": "max,"}),
    ("cmdline[1]", "without spaces", {"cmdline": ("a", "b c")}),
    ("cmdline[0]", "without spaces", {"cmdline": ("",)}),
    ("cmdline[0]", "quotes", {"cmdline": ('a="b',)}),
    ("cmdline[0]", "ASCII", {"cmdline": ("größe=1",)}),
    ("cmdline[0]", "set thp", {"cmdline": ("transparent_hugepage=always",)}),
    ("cmdline[0]", "give the node hugepages", {"cmdline": ("hugepages=4",)}),
    ("cmdline[0]", "labkit needs the console", {"cmdline": ("quiet",)}),
    ("cmdline[0]", "labkit brings its own", {"cmdline": ("--",)}),
    ("cmdline", "longer than 1024", {"cmdline": ("x" * 1000, "y" * 100)}),
]


@pytest.mark.parametrize(("key", "words", "changes"), REFUSED)
def test_what_cannot_exist_is_refused_by_key_and_reason(
    key: str, words: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(SpecError) as caught:
        MachineSpec(**{"nodes": TWO, **changes})
    assert caught.value.key == key
    assert words in caught.value.reason


@pytest.mark.parametrize(
    "changes",
    [
        {"nodes": (node(1, 160),)},
        {"nodes": (node(1, 0), node(1, 256))},
        {"nodes": (node(255, 256),)},
        {"nodes": (node(), *(node(0, 32) for _ in range(127)))},
        {"distances": ((10, 11), (254, 10))},
        {"hmat": ALL_PATHS},
        {"nodes": (node(1, 256, (MIB2, 80)),)},
        {"nodes": (node(1, 2560, (GIB1, 1)),), "cpu_model": MAX},
        {"nodes": (node(1, 2560, (GIB1, 1)),), "cpu_model": "qemu64,pdpe1gb=on"},
        {"max_ram_below_4g": Size.mib(128)},
        {"max_ram_below_4g": Size.gib(3)},
        {"cmdline": ("movablecore=64M", "default_hugepagesz=1G", "page_alloc.shuffle=1")},
        {"swap": MIB2, "disks": tuple(Disk(serial=f"d{i}", size=MIB2) for i in range(16))},
    ],
)
def test_what_stands_on_the_border_may_exist(changes: dict[str, Any]) -> None:
    MachineSpec(**{"nodes": TWO, **changes})


def test_a_machine_counts_its_cpus_and_memory() -> None:
    spec = MachineSpec(nodes=(node(2, 256), node(1, 0), node(0, 128)))
    assert spec.cpus == 3
    assert spec.memory == Size.mib(384)

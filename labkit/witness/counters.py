"""What the kernel counts: vmstat, THP's modes, the pools of huge pages."""

from __future__ import annotations

import numpy as np
from drgn import Object

from labkit.model.units import Size
from labkit.model.witness import PAGE, HugepagesView, ThpView, Totals
from labkit.witness.memory import Memory, NonsenseError
from labkit.witness.names import counter_names

_MAX_POOLS = 8


def read_vmstat(memory: Memory) -> dict[str, int]:
    """The counters by their names in /proc/vmstat, summed over nodes and CPUs and exact.

    /proc/vmstat itself leaves out what a CPU has not yet added to a node's counter.
    """
    names = counter_names(memory)
    numa = dict.fromkeys(names.numa, 0)
    zone = _longs(memory, memory.prog["vm_zone_stat"])
    node = _longs(memory, memory.prog["vm_node_stat"])
    for index in memory.nodes:
        pgdat = memory.prog["node_data"][index]
        _add_diffs(
            memory, node, pgdat.per_cpu_nodestats.value_(), "struct per_cpu_nodestat", "vm_node_stat_diff"
        )
        for number in range(len(pgdat.node_zones)):
            stats = pgdat.node_zones[number].per_cpu_zonestats.value_()
            if pgdat.node_zones[number].present_pages.value_():
                for name, count in numa_events(memory, pgdat.node_zones[number]).items():
                    numa[name] += count
                _add_diffs(memory, zone, stats, "struct per_cpu_zonestat", "vm_stat_diff")
    events = np.zeros(len(names.event), dtype=np.int64)
    for _, address in memory.per_cpu(memory.prog["vm_event_states"].address_ or 0):
        events += np.frombuffer(memory.read(address, 8 * len(events)), dtype=np.int64)
    return {
        **dict(zip(names.zone, zone, strict=True)),
        **numa,
        **dict(zip(names.node, node, strict=True)),
        **dict(zip(names.event, events.tolist(), strict=True)),
    }


def numa_events(memory: Memory, zone: Object) -> dict[str, int]:
    """A zone's numa_hit, numa_miss and so on, with what each CPU has yet to add."""
    names = counter_names(memory).numa
    totals = np.array(_longs(memory, zone.vm_numa_event), dtype=np.int64)
    place = memory.offset("struct per_cpu_zonestat", "vm_numa_event")
    for _, address in memory.per_cpu(zone.per_cpu_zonestats.value_()):
        totals += np.frombuffer(memory.read(address + place, 8 * len(totals)), dtype=np.int64)
    return dict(zip(names, totals.tolist(), strict=True))


def read_totals(memory: Memory) -> Totals:
    """mm/page_alloc.c _totalram_pages and mm/swapfile.c total_swap_pages, which out_of_memory() adds up."""
    ram = memory.prog["_totalram_pages"].counter.value_()
    return Totals(ram=Size(PAGE * ram), swap=Size(PAGE * max(0, memory.number("total_swap_pages"))))


def read_thp(memory: Memory) -> ThpView:
    """mm/huge_memory.c: which of the flags stand for which word."""
    flags = memory.number("transparent_hugepage_flags")

    def first(words: tuple[tuple[str, str], ...]) -> str:
        chosen = (word for name, word in words if flags >> memory.number(f"TRANSPARENT_HUGEPAGE_{name}") & 1)
        return next(chosen, "never")

    return ThpView(
        enabled=first((("FLAG", "always"), ("REQ_MADV_FLAG", "madvise"))),
        defrag=first(
            (
                ("DEFRAG_DIRECT_FLAG", "always"),
                ("DEFRAG_KSWAPD_FLAG", "defer"),
                ("DEFRAG_KSWAPD_OR_MADV_FLAG", "defer+madvise"),
                ("DEFRAG_REQ_MADV_FLAG", "madvise"),
            )
        ),
    )


def read_hugepages(memory: Memory) -> tuple[HugepagesView, ...]:
    """The pools of every size on every node, empty ones too. Raises NonsenseError."""
    count = memory.number("hugetlb_max_hstate")
    if not 0 <= count <= min(_MAX_POOLS, len(memory.prog["hstates"])):
        raise NonsenseError(f"{count} sizes of huge pages")
    return tuple(
        HugepagesView(
            node=node,
            size=Size(PAGE << pool.order.value_()),
            total=pool.nr_huge_pages_node[node].value_(),
            free=pool.free_huge_pages_node[node].value_(),
            surplus=pool.surplus_huge_pages_node[node].value_(),
            reserved=pool.resv_huge_pages.value_(),
        )
        for pool in (memory.prog["hstates"][index] for index in range(count))
        for node in memory.nodes
    )


def _longs(memory: Memory, counters: Object) -> list[int]:
    """An array of atomic_long_t: one of the kernel's in one go, item by item it would take 1 ms more."""
    if counters.address_ is None:
        return [item.counter.value_() for item in counters]
    found: list[int] = np.frombuffer(memory.read(counters.address_, 8 * len(counters)), np.int64).tolist()
    return found


def _add_diffs(memory: Memory, totals: list[int], per_cpu: int, name: str, member: str) -> None:
    place = memory.offset(name, member)
    for _, address in memory.per_cpu(per_cpu):
        diffs = np.frombuffer(memory.read(address + place, len(totals)), dtype=np.int8)
        totals[:] = [total + int(diff) for total, diff in zip(totals, diffs, strict=True)]

"""The names of the kernel's counters, in the kernel's own order (mm/vmstat.c, vmstat_text)."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.witness.memory import Memory


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterNames:
    zone: tuple[str, ...]
    numa: tuple[str, ...]
    node: tuple[str, ...]
    event: tuple[str, ...]


def counter_names(memory: Memory) -> CounterNames:
    """The names as the guest's kernel has them; they lie in its read-only data, which TEXT digests."""
    cache = memory.prog.cache
    if "labkit_counter_names" not in cache:
        cache["labkit_counter_names"] = _load(memory)
    names: CounterNames = cache["labkit_counter_names"]
    return names


def _load(memory: Memory) -> CounterNames:
    text = memory.prog["vmstat_text"]
    names = [memory.string(text[index].value_()) for index in range(len(text))]
    zone = memory.number("NR_VM_ZONE_STAT_ITEMS")
    numa = zone + memory.number("NR_VM_NUMA_EVENT_ITEMS")
    node = numa + memory.number("NR_VM_NODE_STAT_ITEMS")
    # v6.12 calls it enum vm_stat_item (Linux commit 9d8573111024 "mm: don't account memmap per-node").
    other = "NR_VM_STAT_ITEMS" if memory.has("NR_VM_STAT_ITEMS") else "NR_VM_WRITEBACK_STAT_ITEMS"
    event = node + memory.number(other)
    return CounterNames(
        zone=tuple(names[:zone]),
        numa=tuple(names[zone:numa]),
        node=tuple(names[numa:node]),
        event=tuple(names[event:]),
    )

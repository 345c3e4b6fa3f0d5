"""Zones: their free lists walked link by link, held against what the pages and the counters say."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from drgn import Object
from numpy.typing import NDArray

from labkit.model.witness import FreeList, PerCpuPages, ZoneView
from labkit.witness.counters import numa_events
from labkit.witness.frames import Frames
from labkit.witness.memory import Memory, NonsenseError
from labkit.witness.names import counter_names

_LINK = 8  # offset of lru, buddy_list and pcp_list in struct page
_MAX_ORDERS = 20
MAX_ZONES = 8  # of a node


def read_zones(memory: Memory, frames: Frames) -> tuple[ZoneView, ...]:
    """Every zone that has memory, node by node. Raises NonsenseError."""
    return tuple(
        _zone(memory, frames, Object(memory.prog, memory.type("struct zone"), address=address), node, index)
        for node, index, address in populated_zones(memory)
    )


def any_locked(memory: Memory) -> bool:
    """Whether a zone's lists are being changed just now (zone->lock, and each CPU's own lists')."""
    return any(
        _is_locked(memory, Object(memory.prog, memory.type("struct zone"), address=address))
        for _, _, address in populated_zones(memory)
    )


def populated_zones(memory: Memory) -> Iterator[tuple[int, int, int]]:
    """Node, index and address of every zone with memory."""
    size = memory.type("struct zone").size or 0
    first = memory.offset("struct pglist_data", "node_zones")
    zones = memory.number("MAX_NR_ZONES") if memory.has("MAX_NR_ZONES") else memory.number("__MAX_NR_ZONES")
    for node in memory.nodes:
        pgdat = memory.prog["node_data"][node].value_()
        for index in range(min(zones, MAX_ZONES)):
            address = pgdat + first + index * size
            if memory.word(address + memory.offset("struct zone", "present_pages")):
                yield node, index, address


def _is_locked(memory: Memory, zone: Object) -> bool:
    # include/asm-generic/qspinlock_types.h: the lowest byte of the word is the lock.
    if memory.read(zone.lock.address_ or 0, 1) != b"\0":
        return True
    lists = memory.per_cpu(zone.per_cpu_pageset.value_())
    lock = memory.offset("struct per_cpu_pages", "lock")
    return any(memory.read(address + lock, 1) != b"\0" for _, address in lists)


def _zone(memory: Memory, frames: Frames, zone: Object, node: int, index: int) -> ZoneView:
    whole = zone.read_()
    orders = len(whole.free_area)
    if orders > _MAX_ORDERS:
        raise NonsenseError(f"{orders} orders")
    types = _migratetypes(memory)
    lists = tuple(
        _free_list(memory, frames, zone, node=node, index=index, order=order, kind=kind, name=name)
        for order in range(orders)
        for kind, name in enumerate(types)
    )
    here = frames.buddy & (frames.node == node) & (frames.zone == index)
    private = np.minimum(frames.pages["private"][here], _MAX_ORDERS)
    stats = _stats(memory, whole)
    boost = whole.watermark_boost.value_()
    marks = [whole._watermark[number].value_() + boost for number in range(3)]
    return ZoneView(
        node=node,
        name=memory.string(whole.name.value_()),
        start_pfn=whole.zone_start_pfn.value_(),
        spanned_pages=whole.spanned_pages.value_(),
        present_pages=whole.present_pages.value_(),
        managed_pages=whole.managed_pages.counter.value_(),
        min_pages=marks[0],
        low_pages=marks[1],
        high_pages=marks[2],
        nr_free=tuple(whole.free_area[order].nr_free.value_() for order in range(orders)),
        free_lists=lists,
        counter_pages=stats["nr_free_pages"],
        tagged_pages=int((np.uint64(1) << private.astype(np.uint64)).sum()),
        stats=stats,
        per_cpu=_per_cpu(memory, frames, whole),
        locked=_is_locked(memory, zone),
        protection_pages=tuple(each.value_() for each in whole.lowmem_reserve),
        unmerged_blocks=unmerged(frames, np.flatnonzero(here), orders - 1),
    )


def unmerged(frames: Frames, heads: NDArray[np.int64], largest: int) -> int:
    """Of the first pages of free blocks those whose buddy is the first page of one of the same order, too.

    mm/page_alloc.c, __free_one_page() and page_is_buddy(). Blocks of the largest order are not merged.
    """
    orders = frames.pages["private"][heads].astype(np.int64)
    small = (orders >= 0) & (orders < largest)
    heads, orders = heads[small], orders[small]
    buddies = ((heads + frames.first) ^ (np.int64(1) << orders)) - frames.first
    inside = (buddies >= 0) & (buddies < len(frames.pages))
    heads, orders, buddies = heads[inside], orders[inside], buddies[inside]
    free = frames.buddy[buddies] & (frames.pages["private"][buddies] == orders)
    free &= (frames.node[buddies] == frames.node[heads]) & (frames.zone[buddies] == frames.zone[heads])
    return int(free.sum())


def _free_list(
    memory: Memory, frames: Frames, zone: Object, *, node: int, index: int, order: int, kind: int, name: str
) -> FreeList:
    head = zone.free_area[order].free_list[kind].address_ or 0
    found = np.array(
        _walk(memory, frames, head, zone.free_area[order].free_list[kind].next.value_()), dtype=np.int64
    )
    good = frames.buddy[found] & (frames.pages["private"][found] == order)
    good &= (frames.node[found] == node) & (frames.zone[found] == index)
    good &= (found + frames.first) % (1 << order) == 0
    twice = len(found) - len(np.unique(found))
    return FreeList(order=order, migratetype=name, blocks=len(found), faults=int((~good).sum()) + twice)


def _walk(memory: Memory, frames: Frames, head: int, entry: int) -> list[int]:
    """The frames on a list of struct pages, as indices. Raises NonsenseError where a link leads astray."""
    links, start, limit = frames.pages["next"], frames.start + 64 * frames.first + _LINK, len(frames.pages)
    found: list[int] = []
    while entry != head:
        index, odd = divmod(entry - start, 64)
        if odd or not 0 <= index < limit:
            raise NonsenseError(f"a free list leads to {entry:#x}, which is no page")
        if len(found) >= min(limit, memory.steps_left):
            raise NonsenseError(f"a free list has no end after {len(found)} pages")
        found.append(index)
        entry = int(links[index])
    memory.spend(len(found))
    return found


def _per_cpu(memory: Memory, frames: Frames, zone: Object) -> tuple[PerCpuPages, ...]:
    return tuple(
        _own_pages(memory, frames, cpu, address)
        for cpu, address in memory.per_cpu(zone.per_cpu_pageset.value_())
    )


def per_cpu_blocks(memory: Memory, frames: Frames) -> Iterator[tuple[int, int]]:
    """First frame, as an index, and order of each block on a CPU's own lists. Raises NonsenseError."""
    for _, _, zone in populated_zones(memory):
        lists = memory.word(zone + memory.offset("struct zone", "per_cpu_pageset"))
        for _, address in memory.per_cpu(lists):
            for order, found in _own_lists(memory, frames, address):
                yield from ((index, order) for index in found)


def _own_lists(memory: Memory, frames: Frames, address: int) -> Iterator[tuple[int, list[int]]]:
    """Order and frames, as indices, of each list of one CPU's."""
    # mmzone.h: three migratetypes of each order up to 3, then those of the huge page order, 9.
    first, small = memory.offset("struct per_cpu_pages", "lists"), 3 * 4
    size = len(memory.at("struct per_cpu_pages", address).lists)
    for number in range(size):
        head = address + first + 16 * number
        yield number // 3 if number < small else 9, _walk(memory, frames, head, memory.word(head))


def _own_pages(memory: Memory, frames: Frames, cpu: int, address: int) -> PerCpuPages:
    pages = memory.at("struct per_cpu_pages", address)
    walked = sum(len(found) << order for order, found in _own_lists(memory, frames, address))
    return PerCpuPages(
        cpu=cpu,
        count_pages=pages.count.value_(),
        walked_pages=walked,
        high_pages=pages.high.value_(),
        batch_pages=pages.batch.value_(),
    )


def _stats(memory: Memory, zone: Object) -> dict[str, int]:
    """The zone's counters by their names in /proc/vmstat, with what each CPU has yet to add."""
    totals = [item.counter.value_() for item in zone.vm_stat]
    place = memory.offset("struct per_cpu_zonestat", "vm_stat_diff")
    for _, address in memory.per_cpu(zone.per_cpu_zonestats.value_()):
        diffs = np.frombuffer(memory.read(address + place, len(totals)), dtype=np.int8)
        totals = [total + int(diff) for total, diff in zip(totals, diffs, strict=True)]
    return {**dict(zip(counter_names(memory).zone, totals, strict=True)), **numa_events(memory, zone)}


def _migratetypes(memory: Memory) -> tuple[str, ...]:
    kinds = len(memory.prog["migratetype_names"])
    return tuple(memory.string(memory.prog["migratetype_names"][kind].value_()) for kind in range(kinds))

"""The picture of RAM: every frame that has memory behind it, with its use and its block, zone by zone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from labkit.model.page_map import MAX_STRETCHES, PageMap, Part, Stretch, packed
from labkit.model.ram_map import Kind, RamMap
from labkit.witness.frames import Frames
from labkit.witness.memory import Memory, NonsenseError
from labkit.witness.ram import Piece
from labkit.witness.tasks import process_addresses, threads_of
from labkit.witness.zones import MAX_ZONES, per_cpu_blocks, populated_zones

Codes = NDArray[np.uint8]
PMD_ORDER = 9  # arch/x86/include/asm/pgtable_64_types.h: PMD_SHIFT - PAGE_SHIFT
_MAX_STACK = 16  # pages; THREAD_SIZE is 4 of them (arch/x86/include/asm/page_64_types.h), 8 with KASAN


def draw_map(memory: Memory, frames: Frames, ram: RamMap, pieces: Sequence[Piece]) -> PageMap:
    """What each frame is used for. Raises NonsenseError."""
    kind, order = ram.kind.copy(), ram.order.copy()
    # alloc_pages() without __GFP_COMP leaves the tails of a block without a reference.
    kind[kind == Kind.IDLE] = Kind.KERNEL
    _mark_idle(memory, frames, ram, kind, order)
    huge = np.flatnonzero(ram.order == PMD_ORDER)
    kind[huge[np.isin(kind[huge], (Kind.ANON, Kind.FILE, Kind.SHMEM))]] = Kind.THP
    stacks = _places(ram, _stack_frames(memory, frames))
    kind[stacks[kind[stacks] == Kind.KERNEL]] = Kind.STACK
    backed = np.zeros(len(kind), dtype=np.bool_)
    for piece in pieces:
        low, high = np.searchsorted(ram.pfn, (piece.frame, piece.frame + piece.pages))
        backed[low:high] = True
    drawn = replace(ram, kind=kind, order=order)
    return packed(tuple(_parts(memory, drawn, np.flatnonzero(backed))))


def _mark_idle(memory: Memory, frames: Frames, ram: RamMap, kind: Codes, order: Codes) -> None:
    """Mark what lies on the CPUs' own lists."""
    blocks = tuple(per_cpu_blocks(memory, frames))
    for size in {size for _, size in blocks}:
        first = np.array([index for index, each in blocks if each == size]) + frames.first
        pfns = (first[:, None] + np.arange(1 << size)).ravel()
        places = _places(ram, pfns)
        kind[places], order[places] = Kind.IDLE, size


def _places(ram: RamMap, pfns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where those of these frames stand that the map has."""
    places = np.searchsorted(ram.pfn, pfns)
    places[places == len(ram.pfn)] = 0
    found: NDArray[np.int64] = places[ram.pfn[places] == pfns]
    return found


def _parts(memory: Memory, ram: RamMap, backed: NDArray[np.int64]) -> Iterator[Part]:
    """The frames at these places, cut wherever one does not follow the other or is of another zone."""
    names = _zone_names(memory)
    pfn, zone = ram.pfn[backed], _zones(ram, backed, tuple(names))
    cuts = (np.diff(pfn) != 1) | (np.diff(zone) != 0)
    bounds = np.concatenate(([0], np.flatnonzero(cuts) + 1, [len(pfn)])).tolist()
    if len(bounds) > MAX_STRETCHES:
        raise NonsenseError(f"the frames change their zone {len(bounds) - 2} times")
    for low, high in pairwise(bounds):
        node, name = names[int(zone[low])]
        stretch = Stretch(node=node, zone=name, first=int(pfn[low]), pages=high - low)
        inside = backed[low:high]
        yield Part(stretch=stretch, kinds=ram.kind[inside], orders=ram.order[inside])


def _zones(ram: RamMap, backed: NDArray[np.int64], known: tuple[int, ...]) -> NDArray[np.int64]:
    """The zone of each of these frames, as a key of _zone_names.

    A reserved frame that no zone spans, such as one with ACPI tables at the end of memory, says that it is in
    a zone beyond the last: init_reserved_page(), mm/mm_init.c (mm/page_alloc.c before v6.4), looks for one
    and takes where it stopped. Such a frame goes to the zone before it.
    """
    said = ram.node[backed].astype(np.int64) * MAX_ZONES + ram.zone[backed]
    right = np.isin(said, known)
    if not right.any():
        raise NonsenseError("no frame is in a zone that there is")
    before = np.maximum.accumulate(np.where(right, np.arange(len(said)), np.argmax(right)))
    zones: NDArray[np.int64] = said[before]
    return zones


def _zone_names(memory: Memory) -> dict[int, tuple[int, str]]:
    """Node and name of every zone with memory, by node and index in one number."""
    return {
        node * MAX_ZONES + index: (node, memory.string(memory.at("struct zone", address).name.value_()))
        for node, index, address in populated_zones(memory)
    }


def _stack_frames(memory: Memory, frames: Frames) -> NDArray[np.int64]:
    """The frames of every task's kernel stack, but for the idle tasks of all CPUs after the first: no list of
    tasks has them.

    With CONFIG_VMAP_STACK they are single pages that nothing in them tells apart: the task names their
    vm_struct, and that the pages (kernel/fork.c, alloc_thread_stack_node()). Without it there are none here.
    """
    task = memory.type("struct task_struct")
    if not task.has_member("stack_vm_area"):
        return np.zeros(0, dtype=np.int64)
    offset = memory.offset("struct task_struct", "stack_vm_area")
    pointers: list[NDArray[np.uint64]] = []
    leaders = tuple(process_addresses(memory))
    for address in (thread for leader in leaders for thread in threads_of(memory, leader)):
        area = memory.word(address + offset)
        if not area:  # a task that has ended has given its stack back
            continue
        pages = memory.word(area + memory.offset("struct vm_struct", "pages"))
        count = memory.word(area + memory.offset("struct vm_struct", "nr_pages")) & 0xFFFFFFFF
        if count > _MAX_STACK:
            raise NonsenseError(f"a kernel stack of {count} pages")
        pointers.append(np.frombuffer(memory.read(pages, 8 * count), dtype="<u8"))
    if not pointers:
        return np.zeros(0, dtype=np.int64)
    with np.errstate(over="ignore"):
        found: NDArray[np.uint64] = (np.concatenate(pointers) - np.uint64(frames.start)) // np.uint64(64)
    return found.astype(np.int64)

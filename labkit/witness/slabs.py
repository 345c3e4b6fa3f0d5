"""SLUB's caches and how many objects of each are in use."""

from __future__ import annotations

from drgn import Object

from labkit.model.units import Size
from labkit.model.witness import SlabView
from labkit.witness.memory import Memory

MAX_CACHES = 4096
MAX_PARTIAL = 1 << 20


def read_slabs(memory: Memory) -> tuple[SlabView, ...]:
    """Every cache, in the kernel's order; aliases stand under the first name. Raises NonsenseError."""
    head = memory.prog["slab_caches"].address_ or 0
    caches = memory.entries(head, "struct kmem_cache", "list", MAX_CACHES)
    return tuple(_cache(memory, address) for address in caches)


def _cache(memory: Memory, address: int) -> SlabView:
    cache = Object(memory.prog, memory.type("struct kmem_cache"), address=address)
    packed = cache.oo.x.value_()  # mm/slub.c: OO_SHIFT 16
    slabs = objects = free = 0
    for number in memory.nodes:
        at = cache.node[number].value_()
        if not at:
            continue
        node = memory.at("struct kmem_cache_node", at)
        slabs += node.nr_slabs.counter.value_()
        objects += node.total_objects.counter.value_()
        free += _free(memory, at)
    return SlabView(
        name=memory.string(cache.name.value_()),
        object_bytes=Size(cache.object_size.value_()),
        stride_bytes=Size(cache.size.value_()),
        objects_a_slab=packed & 0xFFFF,
        order=packed >> 16,
        slabs=slabs,
        objects=objects,
        active=objects - free,
    )


def _free(memory: Memory, node: int) -> int:
    """Free objects of the slabs on a node's partial list (mm/slub.c count_partial())."""
    head = node + memory.offset("struct kmem_cache_node", "partial")
    free = 0
    for address in memory.entries(head, "struct slab", "slab_list", MAX_PARTIAL):
        # struct slab: inuse:16, objects:15, frozen:1 in one word behind the freelist.
        counters = memory.prog.read_u32(address + memory.offset("struct slab", "counters"))
        free += (counters >> 16 & 0x7FFF) - (counters & 0xFFFF)
    return free

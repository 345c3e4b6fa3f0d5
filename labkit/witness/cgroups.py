"""The tree of memory cgroups."""

from __future__ import annotations

from collections.abc import Iterator

from drgn import Object

from labkit.model.units import Size
from labkit.model.witness import PAGE, MemcgView
from labkit.witness.memory import Memory, NonsenseError

MAX_GROUPS = 65536  # each takes 10 KiB and more of the guest: few guests can hold as many
MAX_DEPTH = 64
_UNLIMITED = (2**63 - 1) // PAGE  # include/linux/page_counter.h PAGE_COUNTER_MAX
_DYING = 1 << 1  # CSS_ONLINE: what is not online is on its way out

# mm/memcontrol.c __memory_events_show(), with swap.events' three.
_EVENTS = {
    "low": "MEMCG_LOW",
    "high": "MEMCG_HIGH",
    "max": "MEMCG_MAX",
    "oom": "MEMCG_OOM",
    "oom_kill": "MEMCG_OOM_KILL",
    "oom_group_kill": "MEMCG_OOM_GROUP_KILL",
    "swap_high": "MEMCG_SWAP_HIGH",
    "swap_max": "MEMCG_SWAP_MAX",
    "swap_fail": "MEMCG_SWAP_FAIL",
}


def read_memcgs(memory: Memory) -> tuple[MemcgView, ...]:
    """Every memory cgroup that is online, parents before children. Raises NonsenseError."""
    root = memory.number("root_mem_cgroup")
    first = memory.offset("struct mem_cgroup", "css")
    return tuple(_memcg(memory, css - first) for css in _descend(memory, root + first))


def path_of(memory: Memory, cgroup: int) -> str:
    """A cgroup's path below the root of its hierarchy, of one that lies deeper than MAX_DEPTH its end.

    Anybody who is root may nest cgroups as deep as memory goes. The end is no path that anybody asks for.
    """
    known: dict[int, str] = memory.prog.cache.setdefault("labkit_cgroup_paths", {})
    if cgroup not in known:
        node = Object(memory.prog, memory.type("struct cgroup"), address=cgroup).kn.read_()
        parts: list[str] = []
        while node and node.parent:
            if len(parts) == MAX_DEPTH:
                parts.append("…")
                break
            parts.append(memory.string(node.name.value_()))
            node = node.parent.read_()
        known[cgroup] = "/" + "/".join(reversed(parts))
    return known[cgroup]


def _descend(memory: Memory, root: int) -> Iterator[int]:
    """The css below one, itself first."""
    name = "struct cgroup_subsys_state"
    flags = memory.offset(name, "flags")
    waiting = [root]
    seen: set[int] = set()
    while waiting:
        css = waiting.pop()
        if css in seen or len(seen) >= MAX_GROUPS:
            raise NonsenseError(f"the tree of memory cgroups does not end ({len(seen)} of them)")
        seen.add(css)
        if css != root and not memory.read(css + flags, 1)[0] & _DYING:
            continue
        yield css
        children = css + memory.offset(name, "children")
        waiting += reversed(tuple(memory.entries(children, name, "sibling", MAX_GROUPS)))


def _memcg(memory: Memory, address: int) -> MemcgView:
    memcg = memory.at("struct mem_cgroup", address)
    counts = {name: memory.number(item) for name, item in _EVENTS.items()}
    return MemcgView(
        path=path_of(memory, memcg.css.cgroup.value_()),
        usage=_size(memcg.memory.usage.counter.value_()),
        peak=_size(memcg.memory.watermark.value_()),
        max=_limit(memcg.memory.max.value_()),
        high=_limit(memcg.memory.high.value_()),
        low=_size(memcg.memory.low.value_()),
        min=_size(memcg.memory.min.value_()),
        swap_usage=_size(memcg.swap.usage.counter.value_()),
        swap_max=_limit(memcg.swap.max.value_()),
        oom_group=bool(memcg.oom_group.value_()),
        events={name: memcg.memory_events[index].counter.value_() for name, index in counts.items()},
        events_local={
            name: memcg.memory_events_local[index].counter.value_() for name, index in counts.items()
        },
    )


def _size(pages: int) -> Size:
    return Size(PAGE * max(0, pages))


def _limit(pages: int) -> Size | None:
    return None if pages >= _UNLIMITED else _size(pages)

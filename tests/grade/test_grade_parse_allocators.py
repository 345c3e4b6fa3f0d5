"""What the kernel says of its allocators: pagetypeinfo, slabs, nodes' and generations' counters."""

from __future__ import annotations

import pytest
from grade_values import KERNELS, captured
from hypothesis import given
from hypothesis import strategies as st

from labkit.grade.parse.error import ParseError
from labkit.grade.parse.keyvalue import parse_key_values
from labkit.grade.parse.lru_gen import Generation, LruGen, parse_lru_gen
from labkit.grade.parse.numa_stat import parse_numa_stat
from labkit.grade.parse.pagetypeinfo import TypedFreeArea, parse_pagetypeinfo
from labkit.grade.parse.slab_attribute import CpuPartial, parse_cpu_partials, parse_slab_count
from labkit.grade.parse.slabinfo import SlabCache, parse_slabinfo

TYPES = ("Unmovable", "Movable", "Reclaimable", "HighAtomic", "Isolate")
SLABINFO_HEAD = (
    "slabinfo - version: 2.1\n# name            <active_objs> <num_objs> <objsize> <objperslab> "
    "<pagesperslab> : tunables <limit> <batchcount> <sharedfactor> "
    ": slabdata <active_slabs> <num_slabs> <sharedavail>\n"
)
counts = st.integers(0, 10**9)
nodes = st.dictionaries(st.integers(0, 63), counts, max_size=4)


@pytest.mark.parametrize("kernel", KERNELS)
def test_pagetypeinfo_of_both_kernels(kernel: str) -> None:
    info = parse_pagetypeinfo(captured(kernel, "/proc/pagetypeinfo"))
    assert info.pageblock_order == 9
    assert {(area.node, area.zone) for area in info.free} == {(0, "DMA"), (0, "DMA32"), (1, "DMA32")}
    assert [area.migratetype for area in info.free[:5]] == list(TYPES)
    assert all(len(area.free_blocks) == 11 and not area.capped for area in info.free)
    blocks = {(each.node, each.zone): each.blocks for each in info.pageblocks}
    assert blocks.keys() == {(area.node, area.zone) for area in info.free}
    # 128 MiB are 64 pageblocks of 2 MiB on either node.
    assert sum(blocks[0, "DMA"].values()) + sum(blocks[0, "DMA32"].values()) == 64
    assert sum(blocks[1, "DMA32"].values()) == 64


@given(st.lists(st.integers(0, 200_000), min_size=11, max_size=11))
def test_a_list_that_was_not_walked_to_its_end_says_so(free: list[int]) -> None:
    shown = "".join(f"{'>' if count >= 100_000 else ''}{min(count, 100_000):6} " for count in free)
    text = f"Page block order: 9\nNode    3, zone   Normal, type      Movable {shown}\n"
    (area,) = parse_pagetypeinfo(text).free
    capped = frozenset(order for order, count in enumerate(free) if count >= 100_000)
    assert area == TypedFreeArea(
        node=3,
        zone="Normal",
        migratetype="Movable",
        free_blocks=tuple(min(count, 100_000) for count in free),
        capped=capped,
    )


def test_a_row_with_more_counts_than_types_is_named() -> None:
    text = "Page block order: 9\nNumber of blocks type  Movable Isolate \nNode 0, zone DMA 1 2 3 \n"
    with pytest.raises(ParseError, match="pagetypeinfo, line 3"):
        parse_pagetypeinfo(text)


@pytest.mark.parametrize("kernel", KERNELS)
def test_slabinfo_of_both_kernels_is_what_sysfs_says(kernel: str) -> None:
    caches = parse_slabinfo(captured(kernel, "/proc/slabinfo"))
    for name in ("task_struct", "inode_cache"):
        sysfs = f"/sys/kernel/slab/{name}"
        number = {
            file: parse_slab_count(captured(kernel, f"{sysfs}/{file}")).total
            for file in ("order", "object_size", "slab_size", "objs_per_slab")
        }
        cache = caches[name]
        assert cache.object_bytes == number["slab_size"] >= number["object_size"]
        assert cache.objects_a_slab == number["objs_per_slab"]
        assert cache.pages_a_slab == 1 << number["order"]
        assert cache.objects == cache.slabs * cache.objects_a_slab
        assert cache.active_objects <= cache.objects
    assert caches["request_sock_subflow_v6"].objects == 0


caches = st.builds(
    SlabCache,
    name=st.text(st.characters(codec="ascii", exclude_characters="\0\n"), min_size=1, max_size=30)
    .filter(lambda name: name.strip() == name and " : " not in name)
    .map(lambda name: f"x{name}x"),
    active_objects=counts,
    objects=counts,
    object_bytes=counts,
    objects_a_slab=counts,
    pages_a_slab=counts,
    active_slabs=counts,
    slabs=counts,
)


def render_cache(cache: SlabCache) -> str:
    return (
        f"{cache.name:<17} {cache.active_objects:6} {cache.objects:6} {cache.object_bytes:6} "
        f"{cache.objects_a_slab:4} {cache.pages_a_slab:4} : tunables {0:4} {0:4} {0:4} : "
        f"slabdata {cache.active_slabs:6} {cache.slabs:6} {0:6}\n"
    )


@given(st.lists(caches, max_size=4, unique_by=lambda cache: cache.name))
def test_every_cache_comes_back_whatever_it_is_called(some: list[SlabCache]) -> None:
    found = parse_slabinfo(SLABINFO_HEAD + "".join(map(render_cache, some)))
    assert tuple(found.values()) == tuple(some)


@pytest.mark.parametrize(
    "row",
    [
        "dentry 1 2 3 4 5 : tunables 0 0 0 : slabdata 6 7",
        "dentry 1 2 3 4 5 0 0 0 6 7 0",
        "dentry 1 2 3 4 x : tunables 0 0 0 : slabdata 6 7 0",
    ],
)
def test_a_row_that_is_no_cache_is_named(row: str) -> None:
    with pytest.raises(ParseError, match="slabinfo, line 3"):
        parse_slabinfo(f"{SLABINFO_HEAD}{row}\n")


@pytest.mark.parametrize("kernel", KERNELS)
def test_slab_attributes_of_both_kernels(kernel: str) -> None:
    total = parse_slab_count(captured(kernel, "/sys/kernel/slab/task_struct/total_objects"))
    slabs = parse_slab_count(captured(kernel, "/sys/kernel/slab/task_struct/slabs"))
    assert total.nodes.keys() == slabs.nodes.keys() == {0, 1}
    assert sum(total.nodes.values()) == total.total == 5 * slabs.total
    partials = parse_cpu_partials(captured(kernel, "/sys/kernel/slab/dentry/slabs_cpu_partial"))
    assert partials.total.slabs == sum(cpu.slabs for cpu in partials.cpus.values()) > 0
    with pytest.raises(ParseError):
        parse_slab_count(captured(kernel, "/sys/kernel/slab/inode_cache/ctor"))


@given(counts, nodes)
def test_a_slab_count_keeps_its_nodes(total: int, shares: dict[int, int]) -> None:
    text = f"{total}" + "".join(f" N{node}={count}" for node, count in shares.items()) + "\n"
    found = parse_slab_count(text)
    assert (found.total, found.nodes) == (total, shares)


@given(counts, counts, st.dictionaries(st.integers(0, 63), st.tuples(counts, counts), max_size=4))
def test_partial_slabs_keep_their_cpus(objects: int, slabs: int, cpus: dict[int, tuple[int, int]]) -> None:
    text = f"{objects}({slabs})" + "".join(f" C{cpu}={n}({s})" for cpu, (n, s) in cpus.items()) + "\n"
    found = parse_cpu_partials(text)
    assert found.total == CpuPartial(objects=objects, slabs=slabs)
    assert found.cpus == {cpu: CpuPartial(objects=n, slabs=s) for cpu, (n, s) in cpus.items()}


@pytest.mark.parametrize("kernel", KERNELS)
def test_numa_stat_of_both_kernels_sums_to_memory_stat(kernel: str) -> None:
    by_node = parse_numa_stat(captured(kernel, "/sys/fs/cgroup/t9/memory.numa_stat"))
    whole = parse_key_values(captured(kernel, "/sys/fs/cgroup/t9/memory.stat"))
    assert sum(by_node["anon"].values()) > 4 << 20
    for name in ("anon", "file", "kernel_stack", "inactive_file"):  # what no process of it changed in between
        assert sum(by_node[name].values()) == whole[name], name


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,20}", fullmatch=True), nodes.filter(bool)))
def test_every_counter_keeps_its_nodes(stat: dict[str, dict[int, int]]) -> None:
    text = "".join(
        f"{name}" + "".join(f" N{node}={count}" for node, count in shares.items()) + "\n"
        for name, shares in stat.items()
    )
    assert parse_numa_stat(text) == stat


def test_a_nodes_numastat_is_a_key_value_file() -> None:
    for kernel in KERNELS:
        stat = parse_key_values(captured(kernel, "/sys/devices/system/node/node1/numastat"))
        assert stat["numa_hit"] == stat["local_node"] + stat["other_node"] > 0


@pytest.mark.parametrize("kernel", KERNELS)
def test_generations_of_both_kernels(kernel: str) -> None:
    lru = parse_lru_gen(captured(kernel, "/sys/kernel/debug/lru_gen"))
    assert [(each.path, each.node) for each in lru] == [("/", 0), ("/", 1), ("/a b", 0), ("/a b", 1)]
    assert lru[0].memcg != lru[2].memcg
    assert all(each.max_seq - each.min_seq == 3 for each in lru)
    ages = [generation.age_ms for generation in lru[2].generations]
    assert ages == sorted(ages, reverse=True)
    # Its process touched 4 MiB, all on one node.
    assert max(generation.anon_pages for each in lru[2:] for generation in each.generations) > 1024


generations = st.builds(Generation, seq=counts, age_ms=counts, anon_pages=counts, file_pages=counts)
groups = st.builds(
    LruGen,
    memcg=st.integers(0, 65535),
    path=st.text(st.characters(codec="utf-8", exclude_characters="\0\n"), max_size=20),
    node=st.integers(0, 63),
    generations=st.lists(generations, min_size=1, max_size=4).map(tuple),
)


def render_group(group: LruGen) -> str:
    rows = (
        f" {each.seq:10} {each.age_ms:10} {each.anon_pages:10}  {each.file_pages:10} \n"
        for each in group.generations
    )
    return f"memcg {group.memcg:5} {group.path}\n node {group.node:5}\n" + "".join(rows)


@given(st.lists(groups, max_size=4))
def test_every_generation_comes_back_whatever_its_cgroup_is_called(some: list[LruGen]) -> None:
    assert parse_lru_gen("".join(map(render_group, some))) == tuple(some)


@pytest.mark.parametrize(
    "text", [" node     0\n", "memcg     1 /\n   1 2 3 4 \n", "memcg     1 /\n node 0\n  1 2 3\n"]
)
def test_a_generation_of_nothing_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match="lru_gen"):
        parse_lru_gen(text)

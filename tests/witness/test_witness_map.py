"""The map of RAM against the guest's own /proc, and against the kernel's counters at the same instant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from witnessed import Pair, quietly

from labkit.grade.parse.buddyinfo import parse_buddyinfo
from labkit.grade.parse.meminfo import parse_meminfo
from labkit.model.page_map import PageMap
from labkit.model.ram_map import Kind
from labkit.model.units import Deadline
from labkit.model.witness import Probe, Reading
from labkit.witness.attach import TagsOf

pytestmark = pytest.mark.guest
NEAR_KIB = 512  # /proc lags by what each CPU has not yet added, and `cat` itself comes and goes


def map_of(reading: Reading) -> PageMap:
    assert reading.incoherent == ()
    assert reading.map is not None
    return reading.map


def near_meminfo(pair: Pair) -> tuple[PageMap, Mapping[str, int]]:
    """A map, and meminfo in KiB around it: CPUs' lists are drained by MiB at times."""
    for _ in range(20):
        before = parse_meminfo(pair.file("/proc/meminfo")).kib
        page_map = map_of(pair.read(Probe.MAP))
        told = parse_meminfo(pair.file("/proc/meminfo")).kib
        if abs(told["MemFree"] - before["MemFree"]) <= NEAR_KIB // 2:
            return page_map, told
    raise AssertionError("free memory moved every time")


@pytest.fixture
def busy(pair: Pair) -> Iterator[Pair]:
    """A guest with 24 MiB of anonymous memory and 16 MiB of files in tmpfs."""
    pair.run("head -c 16M /dev/urandom >/tmp/ballast")
    script = (
        "held = bytearray(b'x') * (24 << 20); open('/tmp/held', 'w').close(); import time; time.sleep(600)"
    )
    pair.run(f'rm -f /tmp/held; python3 -c "{script}" </dev/null >/dev/null 2>&1 &')
    try:
        pair.run("until [ -e /tmp/held ]; do sleep 0.05; done")
        yield pair
    finally:
        pair.run("pkill -x python3; while pgrep -x python3 >/dev/null; do :; done; rm -f /tmp/ballast")


def test_every_frame_of_every_node_is_drawn_once(pair: Pair) -> None:
    page_map = map_of(pair.read(Probe.MAP))
    assert page_map.nodes == (0, 1)
    assert page_map.pages == 2 * 65536
    assert [page_map.on_node(node).pages for node in (0, 1)] == [65536, 65536]
    assert [(each.node, each.zone, each.first) for each in page_map.stretches] == [
        (0, "DMA", 0),
        (0, "DMA32", 4096),
        (1, "DMA32", 65536),
    ]


def test_free_blocks_of_each_order_are_those_of_buddyinfo(pair: Pair) -> None:
    text, reading = quietly(pair, "/proc/buddyinfo", Probe.MAP)
    page_map = map_of(reading)
    for area in parse_buddyinfo(text):
        zone = [each for each in page_map.stretches if (each.node, each.zone) == (area.node, area.zone)]
        drawn = page_map.within(zone[0].first, zone[-1].end)
        blocks = [drawn.count(Kind.FREE, order) >> order for order in range(len(area.free_blocks))]
        assert tuple(blocks) == area.free_blocks, (area.node, area.zone)


def test_uses_are_the_kernels_own_counters_at_that_instant(busy: Pair) -> None:
    reading = busy.read(Probe.MAP, Probe.VMSTAT, Probe.SLABS)
    page_map, counted = map_of(reading), reading.vmstat
    assert counted is not None
    assert reading.slabs is not None
    assert page_map.count(Kind.FREE) == counted["nr_free_pages"]
    assert page_map.count(Kind.TABLE) == counted["nr_page_table_pages"]
    idle = 16  # KiB: the second CPU's idle task is on no list
    assert 4 * page_map.count(Kind.STACK) + idle == counted["nr_kernel_stack"]
    assert page_map.count(Kind.SHMEM) == counted["nr_shmem"] > 4096
    assert page_map.count(Kind.FILE) + page_map.count(Kind.SHMEM) == counted["nr_file_pages"]
    assert page_map.count(Kind.SLAB) == sum(slab.slabs << slab.order for slab in reading.slabs)
    # A page that was unmapped and waits on a CPU's list to be freed is anonymous still.
    assert counted["nr_anon_pages"] <= page_map.count(Kind.ANON) <= counted["nr_anon_pages"] + 64


def test_what_lies_on_the_cpus_lists_is_all_that_is_drawn_as_idle(pair: Pair) -> None:
    pair.run("cat /proc/kallsyms /proc/zoneinfo >/dev/null")  # allocates and frees
    reading = pair.read(Probe.MAP, Probe.ZONES)
    assert reading.zones is not None
    kept = sum(own.walked_pages for zone in reading.zones for own in zone.per_cpu)
    assert map_of(reading).count(Kind.IDLE) == kept > 0


def test_uses_are_near_those_of_meminfo(busy: Pair) -> None:
    page_map, told = near_meminfo(busy)
    drawn = {
        "MemFree": page_map.count(Kind.FREE),
        "AnonPages": page_map.count(Kind.ANON),
        "Shmem": page_map.count(Kind.SHMEM),
        "PageTables": page_map.count(Kind.TABLE),
        "KernelStack": page_map.count(Kind.STACK),
    }
    assert {name: 4 * pages for name, pages in drawn.items()} == pytest.approx(
        {name: told[name] for name in drawn}, abs=NEAR_KIB
    )
    assert 4 * page_map.count(Kind.SLAB) <= told["Slab"]  # which counts kmalloc's large pages, too


def test_huge_pages_of_either_kind_are_told_apart(pair: Pair) -> None:
    pool = "/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages"
    thp = "/sys/kernel/mm/transparent_hugepage/enabled"
    script = (
        "import mmap, time; held = mmap.mmap(-1, 8 << 20, flags=0x22); held.madvise(mmap.MADV_HUGEPAGE); "
        "held.write(bytes([1]) * (8 << 20)); open('/tmp/held', 'w').close(); time.sleep(600)"
    )
    pair.run(f"echo 5 >{pool}; echo madvise >{thp}; rm -f /tmp/held")
    pair.run(f'python3 -c "{script}" </dev/null >/dev/null 2>&1 &')
    try:
        pair.run("until [ -e /tmp/held ]; do sleep 0.05; done")
        page_map = map_of(pair.read(Probe.MAP))
        told = parse_meminfo(pair.file("/proc/meminfo")).kib
    finally:
        pair.run("pkill -x python3; while pgrep -x python3 >/dev/null; do :; done")
        pair.run(f"echo 0 >{pool}; echo never >{thp}")
    assert page_map.count(Kind.HUGETLB, order=9) == page_map.count(Kind.HUGETLB, node=1) == 5 * 512
    assert 4 * page_map.count(Kind.THP) == told["AnonHugePages"] >= 6 << 10


def test_tagged_pages_are_marked_where_they_lie(pair: Pair) -> None:
    """A page that bears the tag's words by itself: magic, nonce, index 0 and the seal of both."""
    import numpy as np

    from labkit.witness.tags import MAGIC, seals

    nonce = 0x0123456789ABCDEF
    words = [MAGIC, nonce, 0, int(seals(nonce, np.zeros(1, np.uint64))[0])]
    script = (
        f"import mmap, struct, time; held = mmap.mmap(-1, 4096); held[:32] = struct.pack('<4Q', *{words}); "
        "open('/tmp/held', 'w').close(); time.sleep(600)"
    )
    pair.run(f'rm -f /tmp/held; python3 -c "{script}" </dev/null >/dev/null 2>&1 &')
    try:
        pair.run("until [ -e /tmp/held ]; do sleep 0.05; done")
        tags = TagsOf(nonce=nonce, swap=None)
        reading = pair.witness.read((Probe.MAP,), Deadline.after(30, "witness"), tags=tags)
    finally:
        pair.run("pkill -x python3; while pgrep -x python3 >/dev/null; do :; done")
    assert reading.tags is not None
    places = [run.place for run in reading.tags.runs]
    marked = map_of(reading).tagged(reading.tags)
    assert marked.count(Kind.TAGGED) >= 1
    assert [marked.within(place, place + 1).count(Kind.TAGGED) for place in places].count(1) >= 1

"""Zones, counters and the log against the guest's own /proc, and against a /proc that lies."""

from __future__ import annotations

import pytest
from witnessed import Pair, quietly

from labkit.grade.conservation import changes, violations
from labkit.grade.parse.buddyinfo import parse_buddyinfo
from labkit.grade.parse.keyvalue import parse_key_values
from labkit.grade.parse.zoneinfo import parse_zoneinfo
from labkit.guest.kmsg import read_kmsg
from labkit.model.units import Deadline, Size
from labkit.model.witness import Probe

pytestmark = pytest.mark.guest


def test_free_lists_are_those_of_buddyinfo(pair: Pair) -> None:
    text, reading = quietly(pair, "/proc/buddyinfo", Probe.ZONES)
    assert reading.zones is not None
    walked = {
        (zone.node, zone.name): tuple(zone.listed_blocks(order) for order in range(len(zone.nr_free)))
        for zone in reading.zones
    }
    assert walked == {(area.node, area.zone): area.free_blocks for area in parse_buddyinfo(text)}


def test_a_forged_buddyinfo_deceives_the_guest_alone(pair: Pair) -> None:
    line = (
        "Node 0, zone   Normal      0      0      0      0      0      0      0      0      0      0      9"
    )
    pair.run(f"echo '{line}' >/run/forged && mount --bind /run/forged /proc/buddyinfo")
    try:
        assert pair.run("cat /proc/buddyinfo").rstrip() == line
        reading = pair.read(Probe.ZONES)
    finally:
        pair.run("umount /proc/buddyinfo")
    true = parse_buddyinfo(pair.run("cat /proc/buddyinfo"))
    assert reading.zones is not None
    assert [(zone.node, zone.name) for zone in reading.zones] == [(area.node, area.zone) for area in true]
    assert violations(reading) == ()


def test_watermarks_and_sizes_are_those_of_zoneinfo(pair: Pair) -> None:
    reading = pair.read(Probe.ZONES)
    told = {(z.node, z.name): z for z in parse_zoneinfo(pair.run("cat /proc/zoneinfo")) if z.populated}
    assert reading.zones is not None
    assert {(zone.node, zone.name) for zone in reading.zones} == set(told)
    for zone in reading.zones:
        other = told[zone.node, zone.name]
        assert (zone.min_pages, zone.low_pages, zone.high_pages) == (
            other.min_pages,
            other.low_pages,
            other.high_pages,
        )
        assert (zone.spanned_pages, zone.present_pages, zone.managed_pages) == (
            other.spanned_pages,
            other.present_pages,
            other.managed_pages,
        )
        assert zone.protection_pages == other.protection
        assert set(zone.stats) == set(other.stats)


def test_no_free_block_has_a_free_buddy_of_its_order(pair: Pair) -> None:
    pair.run("cat /proc/kallsyms /proc/zoneinfo >/dev/null")  # allocates and frees
    zones = pair.read(Probe.ZONES).zones
    assert zones is not None
    assert [zone.unmerged_blocks for zone in zones] == [0] * len(zones)


def test_conservation_holds_of_a_guest_at_rest(pair: Pair) -> None:
    reading = pair.read(Probe.ZONES, Probe.RAM, Probe.TASKS, Probe.MODULES)
    pids = tuple(task.pid for task in reading.tasks or () if not task.kernel_thread)
    assert violations(pair.read(Probe.ZONES, Probe.RAM, Probe.TASKS, Probe.MODULES, pids=pids)) == ()


def test_vmstat_has_the_guests_names_and_lies_between_its_numbers(pair: Pair) -> None:
    before = parse_key_values(pair.run("cat /proc/vmstat"))
    vmstat = pair.read(Probe.VMSTAT).vmstat
    after = parse_key_values(pair.run("cat /proc/vmstat"))
    assert vmstat is not None
    # Not counters of the allocator: limits, sizes of struct pages, and a name that is always 0.
    left_out = {"nr_dirty_threshold", "nr_dirty_background_threshold", "nr_unstable"}
    assert set(before) - set(vmstat) <= left_out | {"nr_memmap_pages", "nr_memmap_boot_pages"}
    assert set(vmstat) <= set(before)
    for name in ("pgfault", "pgalloc_dma32", "pgfree", "pgmajfault", "oom_kill", "numa_hit"):
        assert before[name] <= vmstat[name] <= after[name], name


@pytest.mark.parametrize("mode", ["always", "madvise", "never"])
def test_thp_modes_are_those_that_were_written(pair: Pair, mode: str) -> None:
    folder = "/sys/kernel/mm/transparent_hugepage"
    pair.run(f"echo {mode} >{folder}/enabled && echo {mode} >{folder}/defrag")
    thp = pair.read(Probe.THP).thp
    assert thp is not None
    assert (thp.enabled, thp.defrag) == (mode, mode)


def test_a_pool_of_huge_pages_is_seen_on_its_node(pair: Pair) -> None:
    path = "/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages"
    pair.run(f"echo 5 >{path}")
    try:
        pools = pair.read(Probe.HUGEPAGES).hugepages
    finally:
        pair.run(f"echo 0 >{path}")
    assert pools is not None
    assert {(p.node, p.total, p.free) for p in pools if p.size == Size.mib(2)} == {(0, 0, 0), (1, 5, 5)}


def test_a_promised_huge_page_is_counted_until_it_is_touched(pair: Pair) -> None:
    """Three are mapped, which promises them, and one is touched: two are free and promised."""
    pool, ready = "/proc/sys/vm/nr_hugepages", "/tmp/mapped"
    flags = "mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000"  # MAP_HUGETLB, asm-generic/hugetlb_encode.h
    script = (
        f"import mmap, time; held = mmap.mmap(-1, 3 << 21, flags={flags}); held[0] = 1; "
        f"open('{ready}', 'w').close(); time.sleep(600)"
    )
    pair.run(f'echo 5 >{pool}; rm -f {ready}; python3 -c "{script}" </dev/null >/dev/null 2>&1 &')
    try:
        pair.run(f"until [ -e {ready} ]; do sleep 0.05; done")
        pools = pair.read(Probe.HUGEPAGES).hugepages
    finally:
        pair.run(f"pkill -x python3; while pgrep -x python3 >/dev/null; do :; done; echo 0 >{pool}")
    assert pools is not None
    mine = [each for each in pools if each.size == Size.mib(2)]
    assert (sum(each.total for each in mine), sum(each.free for each in mine)) == (5, 4)
    assert {each.reserved for each in mine} == {2}


def test_the_log_is_that_of_kmsg(pair: Pair) -> None:
    pair.run("echo '<0>a student was here' >/dev/kmsg")
    told = read_kmsg(pair.stage.guest, Deadline.after(30, "kmsg"))
    dmesg = pair.read(Probe.DMESG).dmesg
    assert dmesg is not None
    assert [(r.seq, r.level, r.facility, r.text) for r in dmesg[: len(told)]] == [
        (r.seq, r.level, r.facility, r.text) for r in told
    ]
    assert not [r for r in dmesg if "a student was here" in r.text and r.from_kernel]


def test_slabs_are_those_of_slabinfo(pair: Pair) -> None:
    reading = pair.read(Probe.SLABS)
    told = {line.split()[0]: line.split() for line in pair.run("cat /proc/slabinfo").splitlines()[2:]}
    assert reading.slabs is not None
    assert {slab.name for slab in reading.slabs} == set(told)
    for slab in reading.slabs:
        fields = told[slab.name]
        assert (slab.stride_bytes, slab.objects_a_slab, 1 << slab.order) == tuple(map(int, fields[3:6]))
    assert sum(slab.objects for slab in reading.slabs) == pytest.approx(
        sum(int(fields[2]) for fields in told.values()), rel=0.05
    )


def test_modules_are_those_of_proc_modules(pair: Pair) -> None:
    modules = pair.read(Probe.MODULES).modules
    assert modules is not None
    told = {line.split()[0]: int(line.split()[5], 16) for line in pair.run("cat /proc/modules").splitlines()}
    assert {module.name: module.base for module in modules} == told
    assert all(module.listed and module.in_tree and module.in_kset for module in modules)


def test_kernel_text_stays_what_it_is_while_static_keys_are_patched(pair: Pair) -> None:
    first = pair.read(Probe.TEXT).text
    # mm/oom and scheduler statistics sit behind static keys; schedstats patches hundreds of places.
    pair.run("echo 1 >/proc/sys/kernel/sched_schedstats")
    second = pair.read(Probe.TEXT).text
    pair.run("echo 0 >/proc/sys/kernel/sched_schedstats")
    assert first is not None
    assert first == second
    assert first.strange == ()


def test_a_probe_on_kernel_text_is_seen(pair: Pair) -> None:
    tracing = "/sys/kernel/tracing"
    before = pair.read(Probe.TEXT)
    # ftrace carries it: the site is one that may change, but what ftrace itself runs through is not.
    pair.run(f"echo 'p:mine vfs_read' >{tracing}/kprobe_events")
    pair.run(f"echo 1 >{tracing}/events/kprobes/mine/enable")
    try:
        after = pair.read(Probe.TEXT)
    finally:
        pair.run(f"echo 0 >{tracing}/events/kprobes/mine/enable; echo >{tracing}/kprobe_events")
    assert changes(before, after) == ("the kernel's text changed",)
    assert changes(before, pair.read(Probe.TEXT)) == ()

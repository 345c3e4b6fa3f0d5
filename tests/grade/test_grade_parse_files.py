from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
from grade_values import KERNELS, captured
from hypothesis import given
from hypothesis import strategies as st

from labkit.grade.parse.buddyinfo import parse_buddyinfo
from labkit.grade.parse.error import ParseError
from labkit.grade.parse.hist import parse_hist
from labkit.grade.parse.keyvalue import parse_key_values
from labkit.grade.parse.lru_gen import parse_lru_gen
from labkit.grade.parse.meminfo import parse_meminfo
from labkit.grade.parse.numa import parse_cpulist, parse_distances
from labkit.grade.parse.numa_maps import parse_numa_maps
from labkit.grade.parse.numa_stat import parse_numa_stat
from labkit.grade.parse.pagetypeinfo import parse_pagetypeinfo
from labkit.grade.parse.pressure import Stall, parse_pressure
from labkit.grade.parse.process import parse_stat, parse_status, status_kib
from labkit.grade.parse.slab_attribute import parse_cpu_partials, parse_slab_count
from labkit.grade.parse.slabinfo import parse_slabinfo
from labkit.grade.parse.smaps import parse_smaps, parse_smaps_rollup
from labkit.grade.parse.trace import parse_event, parse_trace
from labkit.grade.parse.trace_stats import parse_trace_stats
from labkit.grade.parse.zoneinfo import parse_zoneinfo

PARSERS: dict[str, Callable[[str], object]] = {
    "buddyinfo": parse_buddyinfo,
    "cpulist": parse_cpulist,
    "cpu_partials": parse_cpu_partials,
    "distances": parse_distances,
    "event": parse_event,
    "hist": parse_hist,
    "keyvalue": parse_key_values,
    "lru_gen": parse_lru_gen,
    "meminfo": parse_meminfo,
    "numa_maps": parse_numa_maps,
    "numa_stat": parse_numa_stat,
    "pagetypeinfo": parse_pagetypeinfo,
    "pressure": parse_pressure,
    "slab_count": parse_slab_count,
    "slabinfo": parse_slabinfo,
    "smaps": parse_smaps,
    "smaps_rollup": parse_smaps_rollup,
    "stat": parse_stat,
    "status": parse_status,
    "trace": parse_trace,
    "trace_stats": parse_trace_stats,
    "zoneinfo": parse_zoneinfo,
}
PIECES = (
    *("Node 0, zone", " DMA", "some", " avg10=0.00", "17", " 1", "-", " (", ")", ":", "\n", "\t", " kB", ","),
    *(
        "  pages free",
        "  per-node stats",
        "  pagesets",
        "        protection: (0, 1)",
        "MemTotal",
        "Name",
        "0-3",
    ),
    *(
        "Node 0, zone DMA, type Movable",
        "Number of blocks type ",
        "memcg 1 /",
        " node 0",
        " N0=1",
        " C1=1(1)",
    ),
    *(
        "slabinfo - version: 2.1\n# name <num_objs>\n",
        " : tunables ",
        "00-ff rw-p 0 0:0 0 ",
        "Rss: 1 kB",
        "VmFlags: rd",
    ),
    *(
        "7f default",
        " file=",
        "\\040",
        "# tracer: nop\n",
        "# entries-in-buffer/entries-written: 1/1   #P:2\n",
    ),
    *(
        "              sh-1       [000] ..... 1.000000: e: ",
        "entries: 1",
        "order=0",
        "{ order: 1 } hitcount: 1\n",
    ),
    *(
        "# event histogram\n#\n# trigger info: ",
        "hist:keys=order:vals=hitcount [active]\n#\n\n",
        "\nTotals:\n",
    ),
)
keys = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)


@pytest.mark.parametrize("name", PARSERS)
@given(text=st.text(max_size=200) | st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
def test_no_text_brings_a_parser_to_another_error_than_its_own(name: str, text: str) -> None:
    with contextlib.suppress(ParseError):
        PARSERS[name](text)


@pytest.mark.parametrize("kernel", KERNELS)
def test_key_value_files_of_both_kernels(kernel: str) -> None:
    events = parse_key_values(captured(kernel, "/sys/fs/cgroup/t1/memory.events"))
    assert (events["oom"], events["oom_kill"], events["oom_group_kill"]) == (1, 1, 0)
    assert events["max"] > 0
    assert parse_key_values(captured(kernel, "/proc/vmstat"))["nr_free_pages"] > 0
    assert "anon" in parse_key_values(captured(kernel, "/sys/fs/cgroup/t1/memory.stat"))


@given(st.dictionaries(keys, st.integers()))
def test_every_key_keeps_its_number(values: dict[str, int]) -> None:
    assert parse_key_values("".join(f"{key} {number}\n" for key, number in values.items())) == values


@pytest.mark.parametrize(
    "text", ["oom\n", "oom one\n", "oom 1 2\n", "oom 1\noom 2\n", "\n", "oom 1\noom_kil"]
)
def test_what_is_no_key_value_file_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        parse_key_values(text)


@pytest.mark.parametrize("kernel", KERNELS)
def test_meminfo_of_both_kernels(kernel: str) -> None:
    whole = parse_meminfo(captured(kernel, "/proc/meminfo"))
    assert whole.node is None
    assert whole.kib["Hugepagesize"] == 2048
    assert whole.counts["HugePages_Total"] == 8
    nodes = [parse_meminfo(captured(kernel, f"/sys/devices/system/node/node{n}/meminfo")) for n in range(3)]
    assert [node.node for node in nodes] == [0, 1, 2]
    assert sum(node.kib["MemTotal"] for node in nodes) == whole.kib["MemTotal"]


@pytest.mark.parametrize("kernel", KERNELS)
def test_buddyinfo_and_zoneinfo_of_both_kernels_agree_about_their_zones(kernel: str) -> None:
    areas = parse_buddyinfo(captured(kernel, "/proc/buddyinfo"))
    zones = {(zone.node, zone.name): zone for zone in parse_zoneinfo(captured(kernel, "/proc/zoneinfo"))}
    populated = {key for key, zone in zones.items() if zone.populated}
    assert {(area.node, area.zone) for area in areas} == populated
    for area in areas:
        assert len(area.free_blocks) == 11
        # Read at two instants of a booting guest: 16 MiB apart at most.
        assert abs(area.free_pages - zones[area.node, area.zone].free_pages) < 4096


@pytest.mark.parametrize("kernel", KERNELS)
def test_zoneinfo_of_both_kernels(kernel: str) -> None:
    zones = parse_zoneinfo(captured(kernel, "/proc/zoneinfo"))
    dma = zones[0]
    assert (dma.node, dma.name, dma.populated) == (0, "DMA", True)
    assert 0 < dma.min_pages <= dma.low_pages <= dma.high_pages <= dma.managed_pages <= dma.present_pages
    assert dma.node_stats is not None
    assert "nr_active_anon" in dma.node_stats
    assert len(dma.protection) == 5
    owners = [zone.node for zone in zones if zone.node_stats is not None]
    assert owners == [0, 1, 2]
    assert all("nr_free_pages" in zone.stats for zone in zones if zone.populated)
    assert all(not zone.stats for zone in zones if not zone.populated)


def test_the_kernel_under_this_test_is_read_too() -> None:
    zones = parse_zoneinfo(Path("/proc/zoneinfo").read_text())
    for area in parse_buddyinfo(Path("/proc/buddyinfo").read_text()):
        assert any((zone.node, zone.name) == (area.node, area.zone) for zone in zones)
    me = parse_stat(Path("/proc/self/stat").read_text())
    assert me.comm == parse_status(Path("/proc/self/status").read_text())["Name"]


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=11))
def test_a_free_list_counts_its_pages(counts: list[int]) -> None:
    (area,) = parse_buddyinfo(f"Node 3, zone   Normal {' '.join(f'{count:6}' for count in counts)} \n")
    assert (area.node, area.zone, area.free_blocks) == (3, "Normal", tuple(counts))
    assert area.free_pages == sum(count * 2**order for order, count in enumerate(counts))


def test_pressure_is_read_and_cpu_pressure_of_old_kernels_has_no_full_line() -> None:
    pressure = parse_pressure(
        "some avg10=0.06 avg60=1.50 avg300=99.00 total=1804\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
    )
    assert pressure.some == Stall(avg10=0.06, avg60=1.5, avg300=99.0, total_us=1804)
    assert parse_pressure("some avg10=0.06 avg60=1.50 avg300=99.00 total=1804\n").full is None


@pytest.mark.parametrize("kernel", KERNELS)
def test_pressure_of_both_kernels(kernel: str) -> None:
    assert parse_pressure(captured(kernel, "/proc/pressure/memory")).full is not None


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_process_may_be_called_anything(kernel: str) -> None:
    stat = parse_stat(captured(kernel, "/proc/odd/stat"))
    status = parse_status(captured(kernel, "/proc/odd/status"))
    assert (stat.comm, stat.state) == ("a b) (c", "R")
    assert status["Name"] == "a b) (c"
    assert (int(status["Pid"]), int(status["PPid"])) == (stat.pid, stat.ppid)
    assert stat.rss_pages > 0
    assert status_kib(status, "VmRSS") > 1000


@given(st.text(st.characters(codec="ascii"), max_size=15))
def test_any_name_in_stat_ends_at_the_last_bracket(comm: str) -> None:
    numbers = " ".join(map(str, range(4, 53)))
    stat = parse_stat(f"17 ({comm}) S {numbers}\n")
    assert (stat.pid, stat.comm, stat.state, stat.ppid) == (17, comm, "S", 4)
    assert (stat.minor_faults, stat.major_faults, stat.start_ticks) == (10, 12, 22)
    assert (stat.vsize_bytes, stat.rss_pages) == (23, 24)


def test_a_status_field_without_a_unit_is_no_size() -> None:
    with pytest.raises(ParseError):
        status_kib({"Threads": "1"}, "Threads")


@given(st.sets(st.integers(0, 300)))
def test_a_cpulist_names_its_members(members: set[int]) -> None:
    assert parse_cpulist(",".join(map(str, sorted(members))) + "\n") == tuple(sorted(members))


def test_a_cpulist_may_hold_ranges_or_nothing() -> None:
    assert parse_cpulist("0-2,5,8-9\n") == (0, 1, 2, 5, 8, 9)
    assert parse_cpulist("\n") == ()


@pytest.mark.parametrize("kernel", KERNELS)
def test_distances_of_both_kernels(kernel: str) -> None:
    rows = [parse_distances(captured(kernel, f"/sys/devices/system/node/node{n}/distance")) for n in range(3)]
    assert rows == [(10, 21, 31), (21, 10, 15), (31, 15, 10)]

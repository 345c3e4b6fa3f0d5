"""What tracefs says: events, ring buffers, histograms."""

from __future__ import annotations

import pytest
from grade_values import KERNELS, captured
from hypothesis import given
from hypothesis import strategies as st

from labkit.grade.parse.error import ParseError
from labkit.grade.parse.hist import Histogram, parse_hist
from labkit.grade.parse.trace import TraceEvent, parse_event, parse_trace
from labkit.grade.parse.trace_stats import parse_trace_stats

TRACEFS = "/sys/kernel/tracing"
NAME = "a b-1 [001] x"  # of the process that both kernels traced
LRUS = {"inactive_file", "inactive_anon", "active_file", "active_anon"}
comms = st.text(st.characters(codec="utf-8", exclude_characters="\0\n"), min_size=1, max_size=15)


def events(kernel: str) -> tuple[TraceEvent, ...]:
    return parse_trace(captured(kernel, f"{TRACEFS}/trace")).events


def histograms(kernel: str, event: str) -> tuple[Histogram, ...]:
    return parse_hist(captured(kernel, f"{TRACEFS}/events/{event}/hist"))


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_trace_of_both_kernels_is_read_whole(kernel: str) -> None:
    trace = parse_trace(captured(kernel, f"{TRACEFS}/trace"))
    assert len(trace.events) == trace.in_buffer
    assert trace.cpus == 2
    assert trace.lost > 0  # the buffer was small
    assert [event.us for event in trace.events] == sorted(event.us for event in trace.events)
    assert any(event.comm == NAME for event in trace.events)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_buffers_own_stats_are_the_traces(kernel: str) -> None:
    stats = parse_trace_stats(captured(kernel, f"{TRACEFS}/per_cpu/cpu0/stats"))
    assert stats.entries == sum(event.cpu == 0 for event in events(kernel))
    assert stats.overrun > 0
    assert stats.dropped == 0


@pytest.mark.parametrize("kernel", KERNELS)
def test_page_allocations_of_both_kernels(kernel: str) -> None:
    allocations = [event for event in events(kernel) if event.name == "mm_page_alloc"]
    assert all(0 <= event.integer("order") <= 10 for event in allocations)
    assert all(event.integer("pfn") > 0 for event in allocations)
    anonymous = [event for event in allocations if event.words("gfp_flags") >= {"GFP_HIGHUSER_MOVABLE"}]
    assert anonymous
    assert all(event.integer("migratetype") == 1 for event in anonymous)


@pytest.mark.parametrize("kernel", KERNELS)
def test_page_faults_of_both_kernels(kernel: str) -> None:
    faults = [event for event in events(kernel) if event.name == "page_fault_user"]
    assert faults
    assert {event.integer("error_code") for event in faults} <= {0x4, 0x5, 0x6, 0x7, 0x14, 0x15}
    assert all(event.integer("address") < 1 << 47 for event in faults)


@pytest.mark.parametrize("kernel", KERNELS)
def test_reclaim_of_both_kernels(kernel: str) -> None:
    found = events(kernel)
    isolated = [event for event in found if event.name == "mm_vmscan_lru_isolate"]
    assert {event.fields["lru"] for event in isolated} <= LRUS
    # v6.1 says isolate_mode, v6.12 no longer does: the fields that both have are found by name.
    assert ("isolate_mode" in isolated[0].fields) == (kernel == "6.1")
    shrunk = [event for event in found if event.name == "mm_vmscan_lru_shrink_inactive"]
    assert sum(event.integer("nr_reclaimed") for event in shrunk) > 0
    assert all(event.words("flags") & {"RECLAIM_WB_ANON", "RECLAIM_WB_FILE"} for event in shrunk)
    free_form = next(event for event in found if event.name == "mm_shrink_slab_start")
    assert "objects to shrink" in free_form.text
    with pytest.raises(ParseError, match="no nid"):
        free_form.integer("nid")


@given(comms, st.integers(0, 4194304), st.integers(0, 999), st.integers(0, 2**40), st.integers(0, 10))
def test_every_event_comes_back_whatever_its_process_is_called(
    comm: str, pid: int, cpu: int, us: int, order: int
) -> None:
    line = (
        f"{comm:>16}-{pid:<7} [{cpu:03}] d..2. {us // 1_000_000:5}.{us % 1_000_000:06}: mm_page_alloc: "
        f"page=00000000dbae4281 pfn=0x68db order={order} migratetype=1 gfp_flags=GFP_KERNEL|__GFP_COMP"
    )
    event = parse_event(line, 7)
    assert (event.comm, event.pid, event.cpu, event.us) == (comm.lstrip(" "), pid, cpu, us)
    assert (event.name, event.integer("order"), event.integer("pfn")) == ("mm_page_alloc", order, 0x68DB)
    assert event.words("gfp_flags") == {"GFP_KERNEL", "__GFP_COMP"}


def test_a_value_may_hold_blanks_and_end_in_a_comma() -> None:
    event = parse_event(
        "          <idle>-0       [000] ..s1.     1.000001: kmalloc: call_site=try_fill_recv+0x301/0x7f0 "
        "[virtio_net] ptr=00000000a4b56ba2 bytes_req=64, node=-1 accounted=false"
    )
    assert event.fields["call_site"] == "try_fill_recv+0x301/0x7f0 [virtio_net]"
    assert event.fields["bytes_req"] == "64"
    assert event.integer("node") == -1


def test_the_thread_group_may_stand_beside_the_thread() -> None:
    event = parse_event(
        "           sleep-264     (    263) [000] d....    20.056044: page_fault_user: address=0x1 ip=0x2"
    )
    assert (event.comm, event.pid, event.cpu) == ("sleep", 264, 0)


@pytest.mark.parametrize(
    "line",
    [
        "x",
        "              sh-1       [000] .....     1.000000: no event",
        "b-1       [000] .....     1.000000: mm_page_alloc: order=0",  # a name had a newline
    ],
)
def test_a_line_that_is_no_event_is_named(line: str) -> None:
    head = "# tracer: nop\n#\n# entries-in-buffer/entries-written: 1/1   #P:2\n#\n"
    with pytest.raises(ParseError, match="trace, line 5"):
        parse_trace(f"{head}{line}\n")


def test_a_trace_without_its_head_is_refused() -> None:
    with pytest.raises(ParseError, match="trace, line 1"):
        parse_trace("              sh-1       [000] .....     1.000000: e: order=0\n")


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(
    "event", ["kmem/mm_page_alloc", "kmem/kmalloc", "exceptions/page_fault_user", "sched/sched_switch"]
)
def test_a_histograms_rows_sum_to_its_hits(kernel: str, event: str) -> None:
    for histogram in histograms(kernel, event):
        assert sum(row.hits for row in histogram.rows) == histogram.hits
        assert histogram.active
        assert histogram.dropped == 0


@pytest.mark.parametrize("kernel", KERNELS)
def test_keys_of_every_kind(kernel: str) -> None:
    by_order, by_name, mine = histograms(kernel, "kmem/mm_page_alloc")
    assert {0, 1} < {row.keys["order"].number for row in by_order.rows} < {0, 1, 2, 3, 4}
    assert NAME in {row.keys["common_pid"].text for row in by_name.rows}
    assert all((row.keys["common_pid"].number or 0) >= 0 for row in by_name.rows)
    assert " if common_pid == " in mine.trigger
    functions, powers, buckets, offsets = histograms(kernel, "kmem/kmalloc")
    assert all(row.values["bytes_alloc"] >= row.values["bytes_req"] > 100 for row in functions.rows)
    assert all((row.keys["call_site"].number or 0) >> 47 for row in functions.rows)
    assert "load_elf_phdrs" in {row.keys["call_site"].text for row in functions.rows}
    assert ("~ 2^6", 6) in {(row.keys["bytes_req"].text, row.keys["bytes_req"].number) for row in powers.rows}
    assert 512 in {row.keys["bytes_req"].number for row in buckets.rows}
    assert all("+0x" in row.keys["call_site"].text for row in offsets.rows)
    codes, empty = histograms(kernel, "exceptions/page_fault_user")
    assert 0x14 in {row.keys["error_code"].number for row in codes.rows}
    assert empty.rows == ()
    (calls,) = histograms(kernel, "raw_syscalls/sys_enter")
    assert (59, "sys_execve") in {(row.keys["id"].number, row.keys["id"].text) for row in calls.rows}
    (switches,) = histograms(kernel, "sched/sched_switch")
    assert NAME in {row.keys["prev_comm"].text for row in switches.rows}
    assert {row.keys["common_cpu"].number for row in switches.rows} == {0, 1}


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_key_may_be_a_stack(kernel: str) -> None:
    key = "stacktrace" if kernel == "6.1" else "common_stacktrace"
    (allocations,) = parse_hist(captured(kernel, f"{TRACEFS}/instances/deep/events/kmem/kmalloc/hist"))
    stacks = [row.keys[key].text.split("\n") for row in allocations.rows]
    assert any("do_syscall_64+0x" in frame for stack in stacks for frame in stack)
    assert all(row.values["bytes_alloc"] > 3000 for row in allocations.rows)
    (pages,) = parse_hist(captured(kernel, f"{TRACEFS}/instances/deep/events/kmem/mm_page_alloc/hist"))
    assert all(row.keys["common_pid"].number for row in pages.rows)


@given(
    st.lists(st.tuples(comms, st.integers(0, 4194304), st.integers(0, 10), st.integers(1, 10**9)), max_size=4)
)
def test_every_row_comes_back_whatever_its_process_is_called(rows: list[tuple[str, int, int, int]]) -> None:
    text = (
        "# event histogram\n#\n# trigger info: hist:keys=common_pid.execname,order:vals=hitcount:sort="
        "hitcount:size=2048 [paused]\n#\n\n"
    )
    for comm, pid, order, hits in rows:
        text += f"{{ common_pid: {comm:<16}[{pid:10}], order: {order:10} }} hitcount: {hits:10}\n"
    total = sum(hits for *_, hits in rows)
    text += f"\nTotals:\n    Hits: {total}\n    Entries: {len(rows)}\n    Dropped: 3\n"
    (found,) = parse_hist(text)
    assert [
        (row.keys["common_pid"].text, row.keys["common_pid"].number, row.keys["order"].number, row.hits)
        for row in found.rows
    ] == [(comm.strip(" "), pid, order, hits) for comm, pid, order, hits in rows]
    assert (found.hits, found.dropped, found.active) == (total, 3, False)


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ("{ order:          0 } hitcount: many", 6),
        ("{ pid:          0 } hitcount:          1", 6),
        ("", 6),  # fewer rows than Entries says
    ],
)
def test_a_row_that_is_not_of_its_trigger_is_named(row: str, line: int) -> None:
    text = (
        "# event histogram\n#\n# trigger info: hist:keys=order:vals=hitcount:size=64 [active]\n#\n\n"
        f"{row}\n\nTotals:\n    Hits: 1\n    Entries: 1\n    Dropped: 0\n"
    )
    with pytest.raises(ParseError, match=f"hist, line {line}"):
        parse_hist(text)

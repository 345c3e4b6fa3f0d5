"""A kernel's memory edited as a hostile module would edit it: by the host, in its QEMU's memory."""

from __future__ import annotations

import os
import re
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from drgn.helpers.linux.mm import follow_phys
from witnessed import KERNELS, Pair, two_nodes, witnessed

from labkit.grade.conservation import changes, violations
from labkit.model.units import Deadline
from labkit.model.witness import Probe
from labkit.witness.memory import Memory

pytestmark = pytest.mark.guest
IMAGE = 0xFFFF_FFFF_8000_0000  # the kernel's image: nokaslr leaves it at physical address 0 and on
TWO_SECONDS = 2.0


@pytest.fixture(params=KERNELS)
def victim(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    """A guest that stands still until it is read, and is thrown away afterwards."""
    with witnessed(two_nodes(request.param), tmp_path) as pair:
        pair.stage.vm.qmp.command("stop", Deadline.after(10, "stop"))
        yield pair


def memory(pair: Pair) -> Memory:
    return Memory(pair.prog)


def poke(pair: Pair, address: int, data: bytes) -> None:
    """Write into the guest's kernel."""
    base = IMAGE if address >= IMAGE else memory(pair).number("page_offset_base")
    said = pair.stage.vm.qmp.hmp(f"gpa2hva {address - base:#x}", Deadline.after(10, "gpa2hva"))
    place = re.search(r"is (0x[0-9a-f]+)", said)
    assert place is not None, said
    with Path(f"/proc/{pair.stage.vm.pid}/mem").open("r+b", buffering=0) as file:
        os.pwrite(file.fileno(), data, int(place[1], 16))
    assert memory(pair).read(address, len(data)) == data


def word(number: int) -> bytes:
    return struct.pack("<Q", number)


def zone(pair: Pair) -> int:
    """The address of node 1's DMA32."""
    seen = memory(pair)
    node = seen.prog["node_data"][1]
    return int(node.node_zones[1].address_of_().value_())


def free_area(pair: Pair, order: int) -> int:
    seen = memory(pair)
    size = seen.type("struct free_area").size or 0
    return zone(pair) + seen.offset("struct zone", "free_area") + order * size


def test_a_kernel_left_alone_breaks_no_law(victim: Pair) -> None:
    assert violations(victim.read(Probe.ZONES, Probe.RAM, Probe.TASKS, Probe.MODULES)) == ()


def test_an_edited_count_of_free_blocks_is_seen(victim: Pair) -> None:
    place = free_area(victim, 4) + memory(victim).offset("struct free_area", "nr_free")
    true = memory(victim).word(place)
    poke(victim, place, word(true + 7))
    assert violations(victim.read(Probe.ZONES)) == (
        f"node 1, zone DMA32: {true} blocks of order 4 listed, nr_free says {true + 7}",
    )


def test_an_edited_zone_counter_is_seen(victim: Pair) -> None:
    place = zone(victim) + memory(victim).offset("struct zone", "vm_stat")
    poke(victim, place, word(memory(victim).word(place) + 4096))
    (sentence,) = violations(victim.read(Probe.ZONES))
    assert re.search(r"DMA32: \d+ free pages listed, NR_FREE_PAGES says \d+", sentence)


@pytest.mark.parametrize("orders", [range(11), range(10, -1, -1)], ids=["smallest", "largest"])
def test_a_free_list_that_runs_in_a_circle_ends_in_one_clear_value(victim: Pair, orders: range) -> None:
    # the first order that has a free block: a guest may well have none of order 0
    heads = [free_area(victim, order) + 16 * kind for order in orders for kind in range(3)]
    head = next(head for head in heads if memory(victim).word(head) != head)
    poke(victim, page_of(victim, memory(victim).word(head)), word(memory(victim).word(head)))
    began = time.monotonic()
    reading = victim.read(Probe.ZONES, Probe.TASKS)
    assert time.monotonic() - began < TWO_SECONDS
    assert reading.zones is None
    assert reading.tasks
    assert re.fullmatch(r"a free list has no end after \d+ pages", reading.incoherent[0].found)
    assert violations(reading) == (f"zones: {reading.incoherent[0].found}",)


def page_of(pair: Pair, link: int) -> int:
    """A struct page's link by its address in the direct map: the memory map lies in the node's own RAM."""
    seen = memory(pair)
    return int(follow_phys(seen.prog["init_mm"].address_of_(), link)) + seen.number("page_offset_base")


def test_tasks_that_run_in_a_circle_end_in_one_clear_value(victim: Pair) -> None:
    seen = memory(victim)
    head = int(seen.prog["init_task"].address_ or 0) + seen.offset("struct task_struct", "tasks")
    first = seen.word(head)
    poke(victim, first, word(first))
    reading = victim.read(Probe.TASKS, Probe.THP)
    assert reading.tasks is None
    assert reading.thp is not None
    assert "no end after" in reading.incoherent[0].found


def test_a_module_taken_off_the_list_is_found_in_the_other_books(victim: Pair) -> None:
    head = int(memory(victim).prog["modules"].address_ or 0)
    last = memory(victim).word(head)
    hidden = memory(victim).read(last + 16, 56).split(b"\0")[0].decode()  # name follows list in struct module
    poke(victim, head, word(memory(victim).word(last)))
    assert violations(victim.read(Probe.MODULES)) == (f"module {hidden} is missing in the list",)


def test_a_patched_byte_of_text_is_seen(victim: Pair) -> None:
    before = victim.read(Probe.TEXT)
    victim.stage.vm.qmp.command("stop", Deadline.after(10, "stop"))
    place = int(memory(victim).prog.symbol("vfs_read").address) + 32
    poke(victim, place, bytes([memory(victim).read(place, 1)[0] ^ 0xFF]))
    assert changes(before, victim.read(Probe.TEXT)) == ("the kernel's text changed",)


def test_an_edited_rss_is_seen(victim: Pair) -> None:
    tasks = victim.read(Probe.TASKS).tasks
    victim.stage.vm.qmp.command("stop", Deadline.after(10, "stop"))
    init = next(task for task in tasks or () if task.pid == 1)
    seen = memory(victim)
    head = int(seen.prog["init_task"].address_ or 0) + seen.offset("struct task_struct", "tasks")
    task = seen.word(head) - seen.offset("struct task_struct", "tasks")
    mm = seen.word(task + seen.offset("struct task_struct", "mm"))
    counters = mm + seen.offset("struct mm_struct", "rss_stat")
    step = seen.type("struct percpu_counter").size or 0
    anon = seen.number("MM_ANONPAGES")
    newer = seen.at("struct mm_struct", mm).rss_stat.type_.kind.name == "ARRAY"
    place = (
        counters + anon * step + seen.offset("struct percpu_counter", "count")
        if newer
        else counters + 8 * anon
    )
    poke(victim, place, word(seen.word(place) + 1000))
    (sentence,) = violations(victim.read(Probe.TASKS, pids=(1,)))
    assert sentence.startswith(f"process 1 ({init.comm}): rss is ")

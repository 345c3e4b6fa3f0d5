"""Free lists and page frames: the module's words against /proc/zoneinfo, buddyinfo and kpageflags."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from kmod_guest import NOISE_KIB, KmodGuest, free_kib, zone_spans

pytestmark = pytest.mark.guest

PAGE_KIB = 4
KPF_SLAB, KPF_BUDDY = 1 << 7, 1 << 10  # include/uapi/linux/kernel-page-flags.h
KPF_NAMES = {"dirty": 4, "lru": 5, "anon": 12, "swapbacked": 14}


def chain(before: list[int], after: list[int]) -> list[int]:
    return [new - old for old, new in zip(before, after, strict=True)]


def pages(deltas: list[int]) -> int:
    return sum(delta << order for order, delta in enumerate(deltas))


def test_fa_is_buddyinfo(kmod: KmodGuest) -> None:
    said, text = kmod.drive("while_it_stood_still", "fa", "/proc/buddyinfo")
    lines = re.findall(r"Node (\d+), zone +(\w+) +([\d ]+)", text)
    assert {(zone["node"], zone["zone"]): zone["nr_free"] for zone in said["zones"]} == {
        (int(node), zone): [int(count) for count in counts.split()] for node, zone, counts in lines
    }


def test_fa_has_the_spans_of_zoneinfo_and_the_pages_of_the_per_cpu_lists(kmod: KmodGuest) -> None:
    kmod.tell_all(["alloc 0"] * 100 + ["free all"])
    said, text = kmod.drive("while_it_stood_still", "fa", "/proc/zoneinfo")
    spans = {
        (zone["node"], zone["zone"]): range(zone["start_pfn"], zone["start_pfn"] + zone["spanned"])
        for zone in said["zones"]
    }
    populated = {key: span for key, span in zone_spans(kmod).items() if span}
    assert spans == populated
    assert sum(sum(zone["pcp"].values()) for zone in said["zones"]) == sum(
        map(int, re.findall(r"^ +count: +(\d+)", text, re.MULTILINE))
    )
    managed = set(map(int, re.findall(r"^ +managed +(\d+)", text, re.MULTILINE)))
    assert {zone["managed"] for zone in said["zones"]} == managed - {0}


@pytest.mark.parametrize("order", [4, 5, 6, 7, 8, 10])  # the others go through the per-CPU lists
def test_one_block_taken_is_one_block_split(kmod: KmodGuest, order: int) -> None:
    """-1 where the block was found, +1 in each list below it down to the block's own order."""
    for reply in kmod.tell_all([f"still alloc {order}"] * 20):
        (block,) = reply.lines
        deltas = chain(block["before"], block["after"])
        found = deltas.index(-1)
        assert found >= order
        assert deltas == [0] * order + [1] * (found - order) + [-1] + [0] * (10 - found)
        assert block["pcp"][0] == block["pcp"][1]


@pytest.mark.parametrize("order", [4, 5, 6, 7, 8, 10])
def test_one_block_given_back_merges_as_far_as_buddies_are_free(kmod: KmodGuest, order: int) -> None:
    ids = [reply.lines[0]["id"] for reply in kmod.tell_all([f"still alloc {order}"] * 8)]
    for reply in kmod.tell_all([f"still free {number}" for number in ids]):
        (block,) = reply.lines
        deltas = chain(block["before"], block["after"])
        merged = deltas.index(1)
        assert merged >= order
        assert deltas == [0] * order + [-1] * (merged - order) + [1] + [0] * (10 - merged)
    assert kmod.ask("free all")["blocks"] == 0


def test_single_pages_come_from_the_per_cpu_lists(kmod: KmodGuest) -> None:
    """Either the CPU has one, or it fetches a batch of which it then keeps all but one."""
    for reply in kmod.tell_all(["still alloc 0"] * 50):
        (block,) = reply.lines
        fetched = -pages(chain(block["before"], block["after"]))
        assert block["pcp"][1] == block["pcp"][0] + fetched - 1


def test_a_free_block_says_its_order_and_a_held_one_that_it_is_held(kmod: KmodGuest) -> None:
    block = kmod.ask("alloc 10")
    pfn = block["pfn"]
    assert not kmod.ask(f"is_free {pfn + 5}")["free"]
    _, freed = kmod.tell_all([f"free {block['id']}", f"is_free {pfn + 5}"])
    said = freed.lines[0]
    assert (said["free"], said["block"], said["order"]) == (True, pfn, 10)


def test_unmovable_pages_are_held_with_holes_between_them(kmod: KmodGuest) -> None:
    before = free_kib(kmod)
    said = kmod.ask("unmovable 20000 2")
    assert (said["taken"], said["freed"], said["held"]) == (20000, 10000, 10000)
    assert abs(before - free_kib(kmod) - 10000 * PAGE_KIB) < NOISE_KIB
    assert kmod.ask("unmovable 100 0")["held"] == 10100
    assert kmod.ask("unmovable free")["freed"] == 10100
    assert abs(before - free_kib(kmod)) < NOISE_KIB


def test_pageinfo_knows_a_process_page_as_the_kernel_does(kmod: KmodGuest) -> None:
    said, known = kmod.drive("own_page")
    for name, bit in KPF_NAMES.items():
        if name != "anon":  # no flag of struct page: bit 0 of its mapping
            assert (name in said["flags"]) == bool(known["kpageflags"] >> bit & 1)
    assert {"lru", "swapbacked"} & set(said["flags"])
    assert said["mapcount"] == known["kpagecount"] == 2  # parent and child
    assert said["cgroup"] == known["kpagecgroup"] == known["inode"]
    assert said["memcg"] > 0
    assert said["refcount"] >= 2


def test_pageinfo_agrees_with_kpageflags_all_over_memory(kmod: KmodGuest) -> None:
    dice = random.Random(1)
    spans = [span for span in zone_spans(kmod).values() if span]
    pfns = sorted({dice.choice(dice.choice(spans)) for _ in range(600)})
    pairs: list[tuple[dict[str, Any], dict[str, int]]] = kmod.drive("describe_all", pfns)
    slab = [bool(known["kpageflags"] & KPF_SLAB) == said["slab"] for said, known in pairs]
    # kpageflags marks all pages of a free block, struct page the first.
    buddy = [bool(known["kpageflags"] & KPF_BUDDY) or not said["buddy"] for said, known in pairs]
    mapped = [known["kpagecount"] == said["mapcount"] for said, known in pairs]
    for agreed in (slab, buddy, mapped):
        assert sum(agreed) >= len(pairs) * 0.98  # the files are read after the module
    assert any(said["slab"] for said, _ in pairs)
    assert any(said["mapcount"] for said, _ in pairs)

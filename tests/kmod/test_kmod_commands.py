"""The module in real guests: what its commands report is what the kernel's own files say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from kmod_guest import NOISE_KIB, KmodGuest, free_kib, kmod_guest, zone_spans

pytestmark = pytest.mark.guest

PAGE = 4096
TWO_MIB = 2 << 20
P, RW, US, A, D, PSE = 1 << 0, 1 << 1, 1 << 2, 1 << 5, 1 << 6, 1 << 7  # Intel SDM volume 3, table 5-20


def test_a_block_is_aligned_and_its_buddy_differs_in_one_bit(kmod: KmodGuest) -> None:
    for order, reply in enumerate(kmod.tell_all([f"alloc {order}" for order in range(11)])):
        (block,) = reply.lines
        assert block["order"] == order
        assert block["pfn"] % (1 << order) == 0
        assert block["buddy"] == block["pfn"] ^ (1 << order)


@pytest.mark.parametrize("node", [0, 1])
def test_a_block_lies_in_the_node_and_zone_it_reports(kmod: KmodGuest, node: int) -> None:
    block = kmod.ask(f"alloc 4 {node}")
    assert block["node"] == node
    assert block["pfn"] in zone_spans(kmod)[node, block["zone"]]


def test_gfp_dma_comes_from_the_first_16_mib(kmod: KmodGuest) -> None:
    block = kmod.ask("alloc 0 any GFP_DMA")
    assert block["zone"] == "DMA"
    assert block["pfn"] < (16 << 20) // PAGE


def test_held_blocks_are_missing_from_free_memory_until_they_are_freed(kmod: KmodGuest) -> None:
    before = free_kib(kmod)
    replies = kmod.tell_all(["alloc 10"] * 12)
    held = free_kib(kmod)
    assert [reply.errno for reply in replies] == [None] * 12
    assert abs(before - held - 12 * 4096) < NOISE_KIB
    assert kmod.ask("free all")["pages"] == 12 * 1024
    assert abs(before - free_kib(kmod)) < NOISE_KIB


def test_an_id_names_one_block_and_is_never_used_again(kmod: KmodGuest) -> None:
    first = kmod.ask("alloc 3")["id"]
    freed, gone, second = kmod.tell_all([f"free {first}", f"free {first}", "alloc 3"])
    assert freed.lines[0]["pages"] == 8
    assert gone.errno == "ENOENT"
    assert second.lines[0]["id"] > first


def test_drain_empties_the_per_cpu_lists(kmod: KmodGuest) -> None:
    before, after = kmod.drive("around_drain")
    assert before > 64
    assert after < before / 2


BAD_INPUT = {
    "": "EINVAL",
    " \t\n": "EINVAL",
    "allocate 1": "EINVAL",
    "alloc": "EINVAL",
    "alloc 11": "EINVAL",
    "alloc -1": "EINVAL",
    "alloc 4294967296": "EINVAL",
    "alloc 18446744073709551616": "EINVAL",
    "alloc 1 2": "EINVAL",
    "alloc 1 -1": "EINVAL",
    "alloc 1 99999": "EINVAL",
    "alloc 1 0 GFP_NONSENSE": "EINVAL",
    "alloc 1 0 GFP_KERNEL 5": "EINVAL",
    "free": "EINVAL",
    "free x": "EINVAL",
    "free 0": "ENOENT",
    "free 18446744073709551615": "ENOENT",
    "drain now": "EINVAL",
    "still": "EINVAL",
    "still alloc": "EINVAL",
    "still alloc 11": "EINVAL",
    "still alloc 1 7": "EINVAL",
    "still alloc 1 0 GFP_NONSENSE": "EINVAL",
    "still free": "EINVAL",
    "still free all": "EINVAL",
    "still free 7": "ENOENT",
    "still walk 1": "EINVAL",
    "fa 1": "EINVAL",
    "is_free": "EINVAL",
    "is_free -1": "EINVAL",
    "is_free 0x10000000000": "EINVAL",
    "is_free 18446744073709551615": "EINVAL",
    "pageinfo 1e3": "EINVAL",
    "pageinfo 4503599627370495": "EINVAL",
    "is_slab x": "EINVAL",
    "unmovable": "EINVAL",
    "unmovable 5": "EINVAL",
    "unmovable 0 2": "EINVAL",
    "unmovable 5 -2": "EINVAL",
    "unmovable 5 x": "EINVAL",
    "unmovable 1000000 2": "ENOMEM",
    "unmovable 18446744073709551615 0": "ENOMEM",
    "kmalloc": "EINVAL",
    "kmalloc 0": "EINVAL",
    "kmalloc -1": "EINVAL",
    "kmalloc 64 GFP_HIGHUSER": "EINVAL",  # slabs are never in high memory: the kernel would complain
    "kmalloc 64 GFP_DMA32": "EINVAL",
    "kmalloc 4194305": "ENOMEM",
    "kmalloc 18446744073709551615": "ENOMEM",
    "ksize 1": "ENOENT",
    "kfree 1": "ENOENT",
    "kfree x": "EINVAL",
    "vmalloc 0": "EINVAL",
    "vmalloc 18446744073709551615": "ENOMEM",
    "vmalloc 500000000": "ENOMEM",
    "kvmalloc": "EINVAL",
    "kvmalloc 0": "EINVAL",
    "kvmalloc x": "EINVAL",
    "kvmalloc 18446744073709551615": "ENOMEM",  # the kernel complains of a size beyond INT_MAX
    "kvmalloc 500000000": "ENOMEM",
    "vfree 1": "ENOENT",
    "runs 1": "ENOENT",
    "atomic 0": "EINVAL",
    "cache create": "EINVAL",
    "cache create lab_x": "EINVAL",
    "cache create lab_x 64 0": "EINVAL",
    "cache create kmalloc-64 64 0 none": "EINVAL",
    "cache create lab-x 64 0 none": "EINVAL",
    "cache create lab/../x 64 0 none": "EINVAL",
    f"cache create lab_{'x' * 28} 64 0 none": "EINVAL",
    "cache create lab_x 7 0 none": "EINVAL",
    "cache create lab_x 65537 0 none": "EINVAL",
    "cache create lab_x 64 24 none": "EINVAL",
    "cache create lab_x 64 8192 none": "EINVAL",
    "cache create lab_x 64 0 SLAB_PANIC": "EINVAL",
    "cache create lab_x 64 0 0x04000000": "EINVAL",  # oopsed 6.12 once: flags are names
    "cache create lab_x 64 0 SLAB_CACHE_DMA|SLAB_CACHE_DMA32": "EINVAL",
    "cache create lab_x 64 0 none dtor": "EINVAL",
    "cache alloc lab_x 5": "ENOENT",
    "cache free lab_x all": "ENOENT",
    "cache shrink lab_x": "ENOENT",
    "cache destroy lab_x": "ENOENT",
    "cache melt lab_x": "EINVAL",
    "walk 1": "EINVAL",
    "walk 0 0": "EINVAL",
    "walk -5 0": "EINVAL",
    "walk 4194305 0": "ESRCH",
    "walk 2 0x1000": "ESRCH",  # kthreadd has no memory of its own
    "walk 1 0x800000000000": "EINVAL",
    "walk 1 0xffffffff81000000": "EINVAL",
    "walk 1 0xfffffffffffffffff": "EINVAL",
    "a b c d e f g h i": "EINVAL",
    "x" * 128: "E2BIG",
    "x" * (1 << 20): "E2BIG",
    "alloc 1\0": "EINVAL",
    "alloc \x1b[2J": "EINVAL",
}


def test_bad_input_gets_an_errno(kmod: KmodGuest) -> None:
    replies = kmod.tell_all(list(BAD_INPUT))
    assert dict(zip(BAD_INPUT, [reply.errno for reply in replies], strict=True)) == BAD_INPUT


def test_a_refusal_is_told_to_the_reader_too(kmod: KmodGuest) -> None:
    (reply,) = kmod.tell_all(["alloc 11"])
    (line,) = reply.lines
    assert line == {
        "seq": line["seq"],
        "cmd": "alloc",
        "ok": False,
        "errno": 22,
        "error": "ORDER: give 0 to 10",
    }


def test_every_command_has_the_next_number(kmod: KmodGuest) -> None:
    replies = kmod.tell_all(["drain", "alloc 99", "drain", "nonsense"])
    numbers = [reply.lines[0]["seq"] for reply in replies]
    assert numbers == list(range(numbers[0], numbers[0] + 4))


def test_the_files_are_roots_alone(kmod: KmodGuest) -> None:
    assert kmod.shell("cd /proc/labkit; stat -c '%n %a %U' *") == "cmd 200 root\nresult 400 root\n"


def test_a_table_of_blocks_that_is_full_says_so(kmod: KmodGuest) -> None:
    replies = kmod.tell_all(["alloc 0"] * 4097)
    assert [reply.errno for reply in replies] == [None] * 4096 + ["ENOSPC"]
    assert kmod.ask("free all")["blocks"] == 4096


def test_memory_that_is_not_there_is_enomem_and_kills_nobody(kmod: KmodGuest) -> None:
    replies = kmod.tell_all(["alloc 10"] * 130)  # 520 MiB in a guest of 512
    assert {reply.errno for reply in replies} == {None, "ENOMEM"}
    kmod.ask("free all")
    assert "Out of memory" not in kmod.shell("dmesg")


def test_processes_that_command_at_once_read_whole_results(kmod: KmodGuest) -> None:
    for text in kmod.drive("race", 200):
        assert text.endswith("}\n")
        assert json.loads(text)["cmd"] in ("alloc", "free")


def indices(walk: dict[str, Any]) -> list[int]:
    return [entry["index"] for entry in walk["entries"]]


def test_the_walk_follows_the_life_of_a_page(kmod: KmodGuest) -> None:
    seen = kmod.drive("life_of_a_page")
    vaddr = int(seen["new"]["vaddr"], 16)
    assert seen["new"]["state"] == "none"

    assert seen["read"]["state"] == "present"  # the shared zero page
    assert int(seen["read"]["entries"][-1]["raw"], 16) & RW == 0

    written = seen["written"]
    assert [entry["level"] for entry in written["entries"]] == ["pgd", "pud", "pmd", "pte"]
    assert [entry["index"] for entry in written["entries"]] == [
        vaddr >> shift & 511 for shift in (39, 30, 21, 12)
    ]
    flags = int(written["entries"][-1]["raw"], 16)
    assert flags & (P | RW | US | A | D) == P | RW | US | A | D
    assert (written["levels"], written["leaf"], written["size"]) == (4, "pte", PAGE)
    assert written["pfn"] == written["pagemap"] != seen["read"]["pfn"]

    assert (seen["forbidden"]["state"], seen["forbidden"]["pfn"]) == ("protnone", written["pfn"])
    assert (seen["swapped"]["state"], seen["swapped"]["pfn"]) == ("nonpresent", None)


def test_the_walk_ends_at_a_huge_page(kmod: KmodGuest) -> None:
    kmod.shell("echo madvise > /sys/kernel/mm/transparent_hugepage/enabled")
    seen = kmod.drive("huge_page")
    assert (seen["leaf"], seen["size"], seen["state"]) == ("pmd", TWO_MIB, "present")
    assert int(seen["entries"][-1]["raw"], 16) & PSE
    assert seen["pfn"] == seen["pagemap"]
    assert seen["pfn"] % 512 == 0


@pytest.mark.parametrize("kernel", ["6.1", "6.12"])
def test_five_levels_are_walked_where_the_cpu_has_them(kernel: str, tmp_path: Path) -> None:
    with kmod_guest(kernel, tmp_path, cpu_model="max") as guest:
        written = guest.drive("life_of_a_page")["written"]
    vaddr = int(written["vaddr"], 16)
    assert written["levels"] == 5
    assert written["pfn"] == written["pagemap"]
    assert [entry["level"] for entry in written["entries"]] == ["pgd", "p4d", "pud", "pmd", "pte"]
    assert indices(written) == [vaddr >> shift & 511 for shift in (48, 39, 30, 21, 12)]

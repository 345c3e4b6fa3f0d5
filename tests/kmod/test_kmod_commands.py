"""The module in real guests: what its commands report is what the kernel's own files say."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kmod_guest import KmodGuest, Reply, kmod_guest

pytestmark = pytest.mark.guest

PAGE = 4096
NOISE_KIB = 4096  # shells, slabs and dropbear move up to 2.5 MiB between two samples
TWO_MIB = 2 << 20
P, RW, US, A, D, PSE = 1 << 0, 1 << 1, 1 << 2, 1 << 5, 1 << 6, 1 << 7  # Intel SDM volume 3, table 5-20


@pytest.fixture(scope="module", params=["6.1", "6.12"])
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KmodGuest]:
    with kmod_guest(request.param, tmp_path_factory.mktemp("record")) as guest:
        yield guest


@pytest.fixture
def kmod(loaded: KmodGuest) -> KmodGuest:
    """The module in a guest, holding no blocks, whatever the test before did."""
    loaded.ask("free all")
    return loaded


def zone_spans(guest: KmodGuest) -> dict[tuple[int, str], range]:
    """First to last page frame of each populated zone, from /proc/zoneinfo."""
    text = guest.shell("cat /proc/zoneinfo")
    spans = {}
    for node, zone, body in re.findall(r"^Node (\d+), zone +(\w+)\n((?: .*\n)*)", text, re.MULTILINE):
        start = re.search(r"start_pfn: +(\d+)", body)
        spanned = re.search(r"spanned +(\d+)", body)
        if start and spanned:
            spans[int(node), zone] = range(int(start[1]), int(start[1]) + int(spanned[1]))
    return spans


def free_kib(guest: KmodGuest) -> int:
    """Free memory with what comes and goes by itself, caches and per-CPU lists, out of the way."""
    text = guest.shell(
        "sync; echo 3 > /proc/sys/vm/drop_caches; echo drain > /proc/labkit/cmd;cat /proc/meminfo"
    )
    match = re.search(r"MemFree: +(\d+)", text)
    assert match
    return int(match[1])


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


def random_command(dice: random.Random) -> bytes:
    """Something between noise and a command with absurd numbers."""
    number = dice.choice(["-1", "0", "7", "10", "1e9", "", str(dice.getrandbits(70))])
    address = f"{dice.getrandbits(dice.randrange(1, 66)):#x}"
    match dice.randrange(4):
        case 0:
            return dice.randbytes(dice.randrange(200))
        case 1:
            return f"alloc {number} {dice.choice(['any', '0', '1', number])}".encode()
        case 2:
            return f"free {dice.choice(['all', number])}".encode()
        case _:
            return f"walk {dice.choice(['1', '2', number])} {address}".encode()


@pytest.mark.parametrize("seed", range(3))
def test_noise_does_no_harm(kmod: KmodGuest, seed: int) -> None:
    dice = random.Random(seed)
    commands = [random_command(dice) for _ in range(1000)] + [dice.randbytes(1 << 20)]
    replies: list[Reply] = kmod.tell_all(commands)
    assert {reply.errno for reply in replies} <= {None, "EINVAL", "E2BIG", "ENOENT", "ESRCH", "ENOMEM"}
    assert kmod.ask("drain")["ok"]


def test_unloading_gives_every_block_back(kmod: KmodGuest) -> None:
    kmod.reload()
    before = free_kib(kmod)
    kmod.tell_all(["alloc 10"] * 10 + ["alloc 0"] * 500)
    kmod.reload()
    assert abs(before - free_kib(kmod)) < NOISE_KIB
    assert kmod.ask("free all")["blocks"] == 0


@pytest.mark.parametrize("kernel", ["6.1", "6.12"])
def test_five_levels_are_walked_where_the_cpu_has_them(kernel: str, tmp_path: Path) -> None:
    with kmod_guest(kernel, tmp_path, cpu_model="max") as guest:
        written = guest.drive("life_of_a_page")["written"]
    vaddr = int(written["vaddr"], 16)
    assert written["levels"] == 5
    assert written["pfn"] == written["pagemap"]
    assert [entry["level"] for entry in written["entries"]] == ["pgd", "p4d", "pud", "pmd", "pte"]
    assert indices(written) == [vaddr >> shift & 511 for shift in (48, 39, 30, 21, 12)]

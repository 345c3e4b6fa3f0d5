"""kmalloc, vmalloc and slab caches: the module's words against slabinfo, vmallocinfo and /sys/kernel/slab."""

from __future__ import annotations

import re

import pytest
from kmod_guest import NOISE_KIB, KmodGuest, free_kib

from labkit.model.units import Deadline

pytestmark = pytest.mark.guest

MIB = 1 << 20
PAGE = 4096


def slabinfo(guest: KmodGuest) -> dict[str, list[int]]:
    """Cache: active objects, objects, object size, objects a slab, pages a slab."""
    rows = re.findall(r"^(\S+) +((?:\d+ +){5})", guest.shell("cat /proc/slabinfo"), re.MULTILINE)
    return {name: [int(number) for number in numbers.split()] for name, numbers in rows}


def test_kmalloc_takes_the_next_cache_and_beyond_the_largest_whole_pages(kmod: KmodGuest) -> None:
    most = kmod.ask("kmax")
    sizes = {
        row[2] for name, row in slabinfo(kmod).items() if re.fullmatch(r"kmalloc-(rnd-\d+-)?\d+k?", name)
    }
    assert max(sizes) == most["max_cache_size"]
    asked = (24, 192, 700, 5000, 8192, 8193)
    *small, large = [reply.lines[0] for reply in kmod.tell_all([f"kmalloc {size}" for size in asked])]
    for said in small:
        assert said["slab"]
        assert said["ksize"] == min(size for size in sizes if size >= said["size"])
    assert kmod.ask(f"is_slab {small[0]['pfn']}")["slab"]
    assert not large["slab"]
    assert large["ksize"] == 4 * PAGE


def test_kmalloc_is_one_run_of_frames_up_to_its_largest_size(kmod: KmodGuest) -> None:
    for size in (5000, 100_000, MIB, 4 * MIB):
        said = kmod.ask(f"kmalloc {size}")
        assert said["runs"] == 1
        assert said["pages"] == said["longest"] == -(-size // PAGE)
        assert int(said["phys"], 16) // PAGE == said["pfn"]
        assert kmod.ask(f"runs {said['id']}")["runs"] == [[said["pfn"], said["pages"]]]
    assert kmod.ask("kfree all")["regions"] == 4
    assert kmod.ask("kmax")["max_size"] == 4 * MIB
    (refused,) = kmod.tell_all(["kmalloc 8388608"])
    assert refused.errno == "ENOMEM"


def test_vmalloc_is_in_vmallocinfo_with_its_pages_and_its_caller(kmod: KmodGuest) -> None:
    said = kmod.ask("vmalloc 2000000")
    rows = [row for row in kmod.shell("cat /proc/vmallocinfo").splitlines() if "labkit_vmalloc" in row]
    (row,) = rows
    assert row.split()[1] == str((said["pages"] + 1) * PAGE)  # and a page that guards its end
    assert f"pages={said['pages']} " in row
    assert said["pages"] == -(-2000000 // PAGE)
    assert kmod.ask(f"vfree {said['id']}")["size"] == 2000000
    assert "labkit_vmalloc" not in kmod.shell("cat /proc/vmallocinfo")


def test_the_runs_of_a_region_are_all_of_its_frames(kmod: KmodGuest) -> None:
    said = kmod.ask("vmalloc 2000000")
    runs: list[list[int]] = []
    start = 0
    while start is not None:
        answer = kmod.ask(f"runs {said['id']} {start}")
        runs += answer["runs"]
        start = answer["next"]
    frames = [pfn + i for pfn, length in runs for i in range(length)]
    assert len(frames) == len(set(frames)) == said["pages"]
    assert len(runs) == said["runs"]
    assert max(length for _, length in runs) == said["longest"]
    assert frames[0] == said["pfn"]


def test_more_than_all_memory_the_kernel_refuses_in_its_log(kmod: KmodGuest) -> None:
    """It warns of allocations once in ten seconds: another test's may be the last (warn_alloc)."""
    for _ in Deadline.after(30, "the kernel's own words").polls(1.0):
        (reply,) = kmod.tell_all(["vmalloc 100000000000"])
        assert reply.errno == "ENOMEM"
        if re.search(r"vmalloc error: size 100000000000, exceeds total pages", kmod.shell("dmesg")):
            return
    pytest.fail("the kernel did not say that more than all its memory was asked for")


def test_kvmalloc_takes_one_run_of_frames_where_it_can_and_pages_from_anywhere_else(kmod: KmodGuest) -> None:
    small, large, huge = (kmod.ask(f"kvmalloc {size}") for size in (700, 2 * MIB, 6 * MIB))
    assert not small["vmalloc"]
    assert not large["vmalloc"]
    assert large["runs"] == 1
    assert huge["vmalloc"]
    assert huge["pages"] == 6 * MIB // PAGE
    assert kmod.ask(f"kfree {small['id']}")["size"] == 700
    wrong = kmod.tell_all([f"vfree {large['id']}", f"kfree {huge['id']}"])
    assert [reply.errno for reply in wrong] == ["ENOENT"] * 2
    right = kmod.tell_all([f"kfree {large['id']}", f"vfree {huge['id']}"])
    assert [reply.errno for reply in right] == [None] * 2


def test_each_kind_is_freed_by_its_own_command(kmod: KmodGuest) -> None:
    small, large = (kmod.ask(f"{name} 70000")["id"] for name in ("kmalloc", "vmalloc"))
    wrong = kmod.tell_all([f"vfree {small}", f"kfree {large}", f"ksize {large}"])
    assert [reply.errno for reply in wrong] == ["ENOENT"] * 3
    right = kmod.tell_all([f"ksize {small}", f"kfree {small}", f"vfree {large}", f"kfree {small}"])
    assert [reply.errno for reply in right] == [None, None, None, "ENOENT"]


def test_kmalloc_works_in_every_context(kmod: KmodGuest) -> None:
    contexts = {it["context"]: it for it in kmod.ask("atomic 3000")["contexts"]}
    assert all(it["ok"] for it in contexts.values())
    assert {name for name, it in contexts.items() if it["in_interrupt"]} == {"softirq", "hardirq"}
    assert contexts["kworker"]["gfp"] == "GFP_KERNEL"


def test_a_cache_with_a_constructor_is_the_slabinfo_row_of_its_name(kmod: KmodGuest) -> None:
    """A constructor keeps it from merging on every kernel; it runs for whole slabs at a time."""
    kmod.ask("cache create lab_own 200 0 none ctor")
    assert slabinfo(kmod)["lab_own"][:2] == [0, 0]
    assert kmod.shell("cat /sys/kernel/slab/lab_own/object_size") == "200\n"
    said = kmod.ask("cache alloc lab_own 1000")
    active, objects, size, per_slab, _ = slabinfo(kmod)["lab_own"]
    assert active >= 1000
    assert said["constructed"] == objects
    assert size >= 208  # a constructed object keeps its content while it is free: the link lies behind it
    assert objects % per_slab == 0
    assert kmod.ask("cache free lab_own every 4")["held"] == 750
    assert kmod.ask("cache free lab_own 50")["held"] == 700
    (refused,) = kmod.tell_all(["cache destroy lab_own"])
    assert refused.errno == "EBUSY"
    assert kmod.ask("cache alloc lab_own 7")["held"] == 707
    assert kmod.ask("cache free lab_own all")["freed"] == 707
    kmod.ask("cache shrink lab_own")
    assert slabinfo(kmod)["lab_own"][:2] == [0, 0]
    kmod.ask("cache destroy lab_own")
    assert "lab_own" not in slabinfo(kmod)


def test_a_cache_like_another_is_merged_into_it(kmod: KmodGuest) -> None:
    for name in ("lab_one", "lab_two"):
        kmod.ask(f"cache create {name} 1480 0 none")  # of a size that no cache of the kernel has
    targets = kmod.shell("readlink /sys/kernel/slab/lab_one /sys/kernel/slab/lab_two").split()
    assert len(set(targets)) == 1
    assert targets[0].startswith(":")


@pytest.mark.parametrize("flag", ["SLAB_HWCACHE_ALIGN", "SLAB_RED_ZONE|SLAB_POISON", "SLAB_RECLAIM_ACCOUNT"])
def test_a_flag_by_its_name_is_the_flag_of_the_cache(kmod: KmodGuest, flag: str) -> None:
    kmod.ask(f"cache create lab_flag 72 0 {flag} ctor")
    files = {
        "SLAB_HWCACHE_ALIGN": "hwcache_align",
        "SLAB_RED_ZONE": "red_zone",
        "SLAB_POISON": "poison",
        "SLAB_RECLAIM_ACCOUNT": "reclaim_account",
    }
    for one in flag.split("|"):
        assert kmod.shell(f"cat /sys/kernel/slab/lab_flag/{files[one]}") == "1\n"
    kmod.tell_all(["cache alloc lab_flag 500", "cache free lab_flag every 3", "cache free lab_flag all"])
    assert kmod.ask("cache destroy lab_flag")["ok"]


def test_no_merge_is_a_flag_where_the_kernel_has_it(kmod: KmodGuest) -> None:
    (reply,) = kmod.tell_all(["cache create lab_sole 1480 0 SLAB_NO_MERGE"])
    if kmod.shell("uname -r").startswith("6.1."):
        assert reply.errno == "EINVAL"
    else:
        assert "lab_sole" in slabinfo(kmod)


def test_unloading_gives_back_whatever_is_held(kmod: KmodGuest) -> None:
    before = free_kib(kmod)
    kmod.tell_all(
        [
            "kmalloc 4000000",
            "vmalloc 20000000",
            "unmovable 5000 3",
            "alloc 10",
            "still alloc 7",
            "cache create lab_a 1000 0 none ctor",
            "cache alloc lab_a 5000",
            "cache create lab_b 300 64 SLAB_ACCOUNT",
            "cache alloc lab_b 5000",
        ]
    )
    assert before - free_kib(kmod) > 40_000
    kmod.reload()
    assert abs(before - free_kib(kmod)) < NOISE_KIB
    assert "labkit" not in kmod.shell("cat /proc/vmallocinfo | grep -v load_module")
    assert "lab_a" not in slabinfo(kmod)

"""What the kernel says of a process' mappings and pages: smaps, numa_maps, pagemap, kpageflags."""

from __future__ import annotations

import struct

import pytest
from grade_values import KERNELS, captured, captured_bytes
from hypothesis import given
from hypothesis import strategies as st

from labkit.grade.parse.error import ParseError
from labkit.grade.parse.kpageflags import NAMES, parse_kpageflags
from labkit.grade.parse.numa_maps import NumaMap, kib_by_node, parse_numa_maps
from labkit.grade.parse.pagemap import PagemapEntry, parse_pagemap
from labkit.grade.parse.smaps import Vma, parse_smaps, parse_smaps_rollup, total_kib

# What /proc/odd's pagemap and kpageflags hold, in this order.
PAGES = (
    *("anonymous", "tmpfs", "copied", "untouched", "hugetlb", "hugetlb tail", "locked", "shared"),
    *("swapped", "swapped too", "thp", "thp tail", "zero", "unread"),
)
ODD_FILE = "/tmp/odd/a b\n(deleted)\\x"
names = st.text(st.characters(codec="utf-8", exclude_characters="\0\\"), max_size=30)
kib = st.integers(0, 10**9)


@pytest.mark.parametrize("kernel", KERNELS)
def test_smaps_of_both_kernels(kernel: str) -> None:
    vmas = parse_smaps(captured(kernel, "/proc/odd/smaps"))
    by_path = {vma.path: vma for vma in vmas if vma.path}
    odd = by_path[ODD_FILE]
    assert (odd.kib["Size"], odd.kib["Rss"], odd.permissions) == (12, 12, "r--s")
    assert by_path["/tmp/odd/gone (deleted)"].kib["Private_Dirty"] == 4
    assert by_path["/anon_hugepage (deleted)"].kib["Private_Hugetlb"] == 2048
    assert "ht" in by_path["/anon_hugepage (deleted)"].flags
    assert "[heap]" in by_path
    assert [vma.kib["Locked"] for vma in vmas if "lo" in vma.flags] == [12]
    assert total_kib(vmas, "Swap") == 32
    assert total_kib(vmas, "AnonHugePages") == 2048
    assert all(vma.counts["THPeligible"] in (0, 1) for vma in vmas)
    assert ("KSM" in odd.kib) == (kernel == "6.12")


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_rollup_of_both_kernels_adds_up(kernel: str) -> None:
    rollup = parse_smaps_rollup(captured(kernel, "/proc/odd/smaps_rollup"))
    assert rollup["Swap"] == 32
    parts = ("Shared_Clean", "Shared_Dirty", "Private_Clean", "Private_Dirty")
    assert sum(rollup[part] for part in parts) == rollup["Rss"]
    with pytest.raises(ParseError, match="smaps_rollup"):
        parse_smaps_rollup(captured(kernel, "/proc/odd/smaps"))


def render_vma(vma: Vma) -> str:
    """As fs/proc/task_mmu.c does: the name escaped, every size right-aligned in eight."""
    head = f"{vma.start:08x}-{vma.end:08x} {vma.permissions} {vma.offset:08x} {vma.device} {vma.inode} "
    lines = [head.ljust(73) + vma.path.replace("\n", "\\012")]
    lines += [f"{key}:{value:>{24 - len(key)}} kB" for key, value in vma.kib.items()]
    lines += [f"{key}:{value:>12}" for key, value in vma.counts.items()]
    lines.append("VmFlags: " + "".join(f"{flag} " for flag in sorted(vma.flags)))
    return "\n".join(lines) + "\n"


vmas = st.builds(
    Vma,
    start=st.integers(0, 2**47),
    end=st.integers(0, 2**47),
    permissions=st.from_regex(r"[r-][w-][x-][ps]", fullmatch=True),
    offset=st.integers(0, 2**47),
    device=st.just("fe:00"),
    inode=st.integers(0, 2**63),
    path=names.map(lambda name: name.strip(" ")),
    kib=st.fixed_dictionaries({"Size": kib, "Rss": kib, "Private_Dirty": kib}),
    counts=st.fixed_dictionaries({"THPeligible": st.integers(0, 1)}),
    flags=st.frozensets(st.sampled_from(["rd", "wr", "mr", "mw", "me", "ac", "lo", "ht", "??"])),
)


@given(st.lists(vmas, max_size=4))
def test_every_mapping_comes_back_whatever_its_file_is_called(some: list[Vma]) -> None:
    assert parse_smaps("".join(map(render_vma, some))) == tuple(some)


def test_a_line_that_is_no_size_is_named() -> None:
    text = "0-1000 rw-p 00000000 00:00 0 \nRss: 4 kB\nPss: four kB\n"
    with pytest.raises(ParseError, match="smaps, line 3: found 'Pss: four kB'"):
        parse_smaps(text)


@pytest.mark.parametrize("kernel", KERNELS)
def test_numa_maps_of_both_kernels(kernel: str) -> None:
    maps = parse_numa_maps(captured(kernel, "/proc/odd/numa_maps"))
    found = {(each.policy, each.policy_nodes): each.nodes for each in maps if each.policy != "default"}
    expected = {
        ("bind", (1,)): {1: 16},
        ("interleave", (0, 1)): {0: 8, 1: 8},
        ("local", ()): {1: 16},
        ("prefer", (1,)): {1: 16},
        ("prefer (many)", (0, 1)): {1: 16},
    }
    if kernel == "6.12":  # mempolicy has it since v6.9
        expected["weighted interleave", (0, 1)] = {0: 8, 1: 8}
    assert found == expected
    files = {each.file: each for each in maps if each.file is not None}
    assert files[ODD_FILE].nodes == {1: 3}
    huge = files["/anon_hugepage (deleted)"]
    assert (huge.page_kib, huge.nodes, huge.words) == (2048, {0: 1}, frozenset({"huge"}))
    assert kib_by_node((huge, files[ODD_FILE])) == {0: 2048, 1: 12}


def render_map(each: NumaMap) -> str:
    nodes = ",".join(map(str, each.policy_nodes))
    policy = each.policy + (f"={each.policy_flags}" if each.policy_flags else "")
    text = f"{each.address:08x} {policy}" + (f":{nodes}" if nodes else "")
    if each.file is not None:
        text += " file=" + each.file.translate({ord(code): f"\\{ord(code):03o}" for code in "\n\t= "})
    text += "".join(f" {word}" for word in sorted(each.words))
    text += "".join(f" {key}={value}" for key, value in each.counts.items())
    text += "".join(f" N{node}={pages}" for node, pages in each.nodes.items())
    return text + (f" kernelpagesize_kB={each.page_kib}\n" if each.page_kib else "\n")


maps = st.builds(
    NumaMap,
    address=st.integers(0, 2**47),
    policy=st.sampled_from(
        ["default", "prefer", "prefer (many)", "bind", "interleave", "weighted interleave"]
    ),
    policy_flags=st.sampled_from(["", "static", "relative"]),
    policy_nodes=st.frozensets(st.integers(0, 9)).map(lambda nodes: tuple(sorted(nodes))),
    file=st.none() | names,
    words=st.frozensets(st.sampled_from(["heap", "stack", "huge"])),
    counts=st.dictionaries(st.sampled_from(["anon", "dirty", "mapped", "swapcache"]), st.integers(0, 10**9)),
    nodes=st.dictionaries(st.integers(0, 64), st.integers(1, 10**9)),
    page_kib=st.sampled_from([None, 4, 2048]),
)


@given(st.lists(maps, max_size=4))
def test_every_policy_comes_back_whatever_its_file_is_called(some: list[NumaMap]) -> None:
    assert parse_numa_maps("".join(map(render_map, some))) == tuple(some)


@pytest.mark.parametrize("line", ["7f weighted", "7f bind:x", "7f default anon=x", "zz default", "7f"])
def test_a_policy_nobody_knows_is_named(line: str) -> None:
    with pytest.raises(ParseError, match="numa_maps, line 2"):
        parse_numa_maps(f"00400000 default\n{line}\n")


@pytest.mark.parametrize("kernel", KERNELS)
def test_pagemap_of_both_kernels(kernel: str) -> None:
    page = dict(zip(PAGES, parse_pagemap(captured_bytes(kernel, "/proc/odd/pagemap")), strict=True))
    assert page["anonymous"].exclusive
    assert not page["anonymous"].file
    assert page["tmpfs"].file
    assert page["shared"].file
    assert page["copied"].present
    assert not page["copied"].file  # a private copy of a file's page is anonymous
    assert not page["untouched"].present
    assert page["swapped"].swap == (0, 1)
    assert page["swapped too"].swap == (0, 2)
    assert page["swapped"].pfn is None
    assert (page["thp"].pfn or 1) % 512 == 0
    assert page["thp tail"].pfn == (page["thp"].pfn or 0) + 1
    assert not page["zero"].exclusive


@pytest.mark.parametrize("kernel", KERNELS)
def test_kpageflags_of_both_kernels(kernel: str) -> None:
    flags = dict(zip(PAGES, parse_kpageflags(captured_bytes(kernel, "/proc/odd/kpageflags")), strict=True))
    assert {"anon", "lru", "mmap", "swapbacked", "uptodate", "owner_2"} <= flags["anonymous"]
    assert {"huge", "compound_head"} <= flags["hugetlb"]
    assert {"huge", "compound_tail"} <= flags["hugetlb tail"]
    assert {"thp", "anon", "compound_head"} <= flags["thp"]
    assert {"thp", "compound_tail"} <= flags["thp tail"]
    assert {"mlocked", "unevictable"} <= flags["locked"]
    assert flags["zero"] == {"zero_page", "reserved"}
    assert "swapbacked" in flags["tmpfs"]
    assert "anon" not in flags["tmpfs"]
    assert ("ksm" in flags["anonymous"]) == (kernel == "6.12")  # and KSM never ran


def pack(entry: PagemapEntry) -> bytes:
    kind, offset = entry.swap or (0, 0)
    value = (entry.pfn or 0) | kind | offset << 5
    bits = (entry.soft_dirty, entry.exclusive, entry.uffd_wp, False, False, False, entry.file, entry.swapped)
    for bit, is_set in enumerate((*bits, entry.present), start=55):
        value |= is_set << bit
    return struct.pack("<Q", value)


some_flags = {name: st.booleans() for name in ("file", "exclusive", "soft_dirty", "uffd_wp")}
nowhere = st.builds(
    PagemapEntry, present=st.just(False), swapped=st.just(False), pfn=st.none(), swap=st.none(), **some_flags
)
present = st.builds(
    PagemapEntry,
    present=st.just(True),
    swapped=st.just(False),
    pfn=st.integers(0, 2**55 - 1),
    swap=st.none(),
    **some_flags,
)
swapped = st.builds(
    PagemapEntry,
    present=st.just(False),
    swapped=st.just(True),
    pfn=st.none(),
    swap=st.tuples(st.integers(0, 31), st.integers(0, 2**50 - 1)),
    **some_flags,
)


@given(st.lists(nowhere | present | swapped, max_size=8))
def test_every_pagemap_entry_comes_back(entries: list[PagemapEntry]) -> None:
    assert parse_pagemap(b"".join(map(pack, entries))) == tuple(entries)


@given(st.lists(st.frozensets(st.sampled_from(sorted(NAMES.values()))), max_size=8))
def test_every_page_flag_comes_back(frames: list[frozenset[str]]) -> None:
    bit = {name: 1 << at for at, name in NAMES.items()}
    data = b"".join(struct.pack("<Q", sum(bit[name] for name in flags)) for flags in frames)
    assert parse_kpageflags(data) == tuple(frames)


def test_half_an_entry_is_no_entry() -> None:
    with pytest.raises(ParseError, match="pagemap, line 2"):
        parse_pagemap(bytes(12))
    with pytest.raises(ParseError, match="kpageflags, line 1"):
        parse_kpageflags(bytes(7))


def test_a_page_is_not_both_present_and_swapped() -> None:
    with pytest.raises(ParseError, match="pagemap"):
        parse_pagemap(struct.pack("<Q", 3 << 62))


def test_a_flag_without_a_name_is_of_another_kernel() -> None:
    with pytest.raises(ParseError, match="kpageflags"):
        parse_kpageflags(struct.pack("<Q", 1 << 63))

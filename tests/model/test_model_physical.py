"""Where nodes lie. That guests really lie so is seen in tests/qemu/test_qemu_kinds.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.model.physical import ram_ranges, whole_gibs
from labkit.model.units import Size

GIB = Size.gib(1)
MIB = Size.mib(1)


@given(
    st.lists(st.integers(0, 3000).map(lambda number: Size.mib(2 * number)), min_size=1, max_size=6),
    st.none() | st.integers(2, 48).map(lambda number: Size.mib(64 * number)),
)
def test_every_byte_has_one_place_outside_the_pci_hole(memories: list[Size], limit: Size | None) -> None:
    found = ram_ranges(tuple(memories), limit)
    assert [sum(end - start for start, end in ranges) for ranges in found] == memories
    flat = [edge for ranges in found for piece in ranges for edge in piece]
    assert flat == sorted(flat)
    for ranges in found:
        for start, end in ranges:
            assert end <= (limit or 3.5 * GIB) or start >= 4 * GIB


@pytest.mark.parametrize(
    ("memories", "limit", "expected"),
    [
        ((512, 512), None, (((0, 512),), ((512, 1024),))),
        ((512, 512), 512, (((0, 512),), ((4096, 4608),))),
        ((512, 512), 128, (((0, 128), (4096, 4480)), ((4480, 4992),))),
        ((3072, 2048), None, (((0, 3072),), ((4096, 6144),))),
        ((0, 512), None, ((), ((0, 512),))),
    ],
)
def test_what_does_not_fit_below_the_hole_continues_at_4_gib(
    memories: tuple[int, ...], limit: int | None, expected: tuple[tuple[tuple[int, int], ...], ...]
) -> None:
    found = ram_ranges(tuple(map(Size.mib, memories)), None if limit is None else Size.mib(limit))
    assert tuple(tuple((a // MIB, b // MIB) for a, b in ranges) for ranges in found) == expected


@pytest.mark.parametrize(
    ("ranges", "whole"),
    [
        (((0, 2048),), 0),  # the kernel lies in the first GiB, the initramfs at the end of the second
        (((0, 2560),), 1),
        (((512, 2048),), 0),
        (((1024, 2304),), 1),
        (((4096, 5632),), 1),
        (((0, 512), (4096, 6656)), 2),
        ((), 0),
    ],
)
def test_a_whole_gib_is_aligned_and_clear_of_early_boot(
    ranges: tuple[tuple[int, int], ...], whole: int
) -> None:
    assert whole_gibs(tuple((a * MIB, b * MIB) for a, b in ranges)) == whole

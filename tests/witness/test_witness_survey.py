"""The use of each frame of a slice, from struct pages alone: no guest."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from labkit.model.coarse_map import LETTERS, use_of
from labkit.model.ram_map import Kind
from labkit.witness.frames import PAGE, Frames
from labkit.witness.memory import Memory
from labkit.witness.survey import codes_of

START = 0xFFFFEA0000000000  # of the memory map
FIRST = 8192
NONE, BUDDY = 0xFFFFFFFF, 0xF0000000  # page types
LIST = 0xFFFF888000123450
POISON = 0xDEAD000000000100  # include/linux/poison.h, LIST_POISON1
NAMES = {"PG_head": 6, "PG_reserved": 14, "PG_swapbacked": 18}
TYPES = {"PGTY_buddy": 0xF0, "PGTY_table": 0xF2, "PGTY_hugetlb": 0xF4, "PGTY_slab": 0xF5}


class Kernel:
    """Names and numbers as v6.12 has them."""

    def has(self, name: str) -> bool:
        return name in TYPES

    def number(self, name: str) -> int:
        return {**NAMES, **TYPES}[name]


def page_of(frame: int) -> int:
    return START + 64 * frame


@pytest.fixture
def pages() -> np.ndarray[Any, Any]:
    """Frames that the kernel has, of no other use."""
    found = np.zeros(2048, dtype=PAGE)
    found["type"], found["refcount"] = NONE, 1
    return found


def uses(pages: np.ndarray[Any, Any]) -> list[tuple[Kind, int]]:
    everywhere = np.ones(len(pages), np.bool_)
    frames = Frames(
        start=START,
        first=FIRST,
        pages=pages,
        present=everywhere,
        buddy=pages["type"] == BUDDY,
        node=np.zeros(len(pages), np.uint16),
        zone=np.zeros(len(pages), np.uint8),
    )
    return [use_of(LETTERS[code]) for code in codes_of(cast(Memory, Kernel()), frames)]


def compound(pages: np.ndarray[Any, Any], head: int, order: int) -> None:
    pages["flags"][head] |= np.uint64(1 << NAMES["PG_head"])
    pages["flags"][head + 1] = order
    pages["next"][head + 1 : head + (1 << order)] = page_of(FIRST + head) + 1


def test_a_free_block_is_free_to_its_end(pages: np.ndarray[Any, Any]) -> None:
    pages["type"][16], pages["private"][16] = BUDDY, 3
    pages["refcount"][16:24] = 0
    assert uses(pages)[15:25] == [(Kind.KERNEL, 0), *[(Kind.FREE, 3)] * 8, (Kind.KERNEL, 0)]


def test_anonymous_memory_in_a_block_of_2_mib_is_a_huge_page(pages: np.ndarray[Any, Any]) -> None:
    pages["mapping"][[0, 1024]] = 0xFFFF888000000001
    compound(pages, 1024, 9)
    found = uses(pages)
    assert found[0] == (Kind.ANON, 0)
    assert set(found[1024:1536]) == {(Kind.THP, 0)}
    assert found[1536] == (Kind.KERNEL, 0)


def test_the_tails_of_a_block_that_is_no_compound_page_are_not_on_a_cpu_s_list(
    pages: np.ndarray[Any, Any],
) -> None:
    pages["refcount"][33:40] = 0
    pages["next"][33:36] = [page_of(FIRST + frame) + 8 for frame in range(33, 36)]  # as since boot
    pages["next"][36:39] = POISON
    pages["next"][39] = LIST
    assert [kind for kind, _ in uses(pages)[32:41]] == [*[Kind.KERNEL] * 7, Kind.IDLE, Kind.KERNEL]


@pytest.mark.parametrize("head", [FIRST - 8192, FIRST + 262144])
def test_a_gigantic_page_reaches_beyond_the_slice(pages: np.ndarray[Any, Any], head: int) -> None:
    pages["next"][:1024] = page_of(head) + 1
    pages["refcount"][:1024] = 0
    found = uses(pages)
    assert set(found[:1024]) == {(Kind.HUGETLB, 0)}
    assert set(found[1024:]) == {(Kind.KERNEL, 0)}

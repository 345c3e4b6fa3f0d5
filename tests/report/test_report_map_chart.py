"""A chart has every frame once, a buddy block is one rectangle of it, and its legend adds up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from page_maps import page_map, page_maps

from labkit.model.page_map import PageMap
from labkit.model.ram_map import Kind
from labkit.report.map_chart import Chart, chart_of, chart_of_change, grid, mebibytes, tile_shape
from labkit.report.map_inks import CHANGES, INDEX
from labkit.report.map_inks import FREE as INKS_FREE

FREE, ANON = Kind.FREE, Kind.ANON


def amounts(chart: Chart) -> dict[str, int]:
    return {row.ink.name: row.pages for row in chart.legend}


def box(cells: NDArray[Any], value: int) -> tuple[int, int]:
    """Rows and columns between the outermost cells of a value, which fill all between them."""
    rows, columns = np.nonzero(cells == value)
    tall, wide = int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1
    assert len(rows) == tall * wide
    return tall, wide


@given(st.integers(0, 5000), st.integers(1, 5000), st.integers(1, 9))
def test_every_frame_stands_in_one_cell(first: int, count: int, across: int) -> None:
    cells = grid(np.arange(1, count + 1), first, across)
    assert sorted(cells[cells > 0].tolist()) == list(range(1, count + 1))
    assert cells.shape[1] == 32 * across


@given(st.integers(0, 10), st.integers(0, 40))
def test_an_aligned_block_is_one_rectangle(order: int, number: int) -> None:
    first = 4096
    values = (np.arange(first, first + 8192) >> order) == (first >> order) + number
    cells = grid(values.astype(np.int64), first, 4)
    if values.any():
        assert box(cells, 1) == (1 << order // 2, 1 << (order + 1) // 2)


def test_a_buddy_lies_beside_or_below() -> None:
    cells = grid(np.arange(1024) >> 8, 0, 1, nothing=-1)
    assert [[int(cells[y, x]) for x in (0, 16)] for y in (0, 16)] == [[0, 1], [2, 3]]


@given(st.integers(0, 14), st.integers(1, 20000), st.integers(0, 3000))
def test_a_cell_of_many_frames_shows_one_of_them(bits: int, count: int, first: int) -> None:
    frames_a_cell = 1 << bits
    values = np.arange(first, first + count)
    cells = grid(values, first, 3, frames_a_cell, nothing=-1)
    wide, tall = tile_shape(frames_a_cell)
    assert cells.shape[1] == 3 * wide
    assert cells.shape[0] % tall == 0
    shown = np.sort(cells[cells >= 0])
    assert np.unique(shown >> bits).size == shown.size  # no two cells share a group of frames


def test_torn_memory_looks_torn_from_afar() -> None:
    torn = chart_of(page_map(*[(FREE, 3, 8), (ANON, 0, 8)] * 1024), "torn")
    cells = grid(torn.fields[0].inks, 4096, 4, 64)
    share = float((cells == INDEX[INKS_FREE[3]]).mean())
    assert 0.4 < share < 0.6


@given(page_maps())
def test_the_legend_adds_up_to_the_map(found: PageMap) -> None:
    chart = chart_of(found, "now")
    assert sum(amounts(chart).values()) == found.pages == chart.pages
    assert sum(
        pages for name, pages in amounts(chart).items() if name.startswith("free, order")
    ) == found.count(FREE)
    assert amounts(chart).get("slab", 0) == found.count(Kind.SLAB)


def test_blocks_are_numbered_by_what_is_one_block() -> None:
    mixed = page_map((FREE, 0, 1), (FREE, 0, 1), (FREE, 1, 2), (ANON, 0, 4), (Kind.THP, 9, 504))
    blocks = chart_of(mixed, "").fields[0].blocks.tolist()
    assert blocks[0] != blocks[1]
    assert blocks[2] == blocks[3] not in blocks[:2]
    assert blocks[4:8] == [-1] * 4
    assert len({*blocks[8:]}) == 1


def test_what_changed_is_told_by_what_it_was_and_is() -> None:
    before = page_map(
        (ANON, 0, 4), (FREE, 1, 2), (FREE, 2, 4), (ANON, 0, 2), (FREE, 0, 3), (Kind.FILE, 0, 1), (FREE, 0, 2)
    )
    after = page_map(
        (FREE, 2, 4),
        (FREE, 2, 2),
        (FREE, 0, 4),
        (Kind.SLAB, 0, 2),
        (ANON, 0, 3),
        (Kind.FILE, 0, 1),
        (FREE, 0, 2),
    )
    assert amounts(chart_of_change(before, after, "")) == {
        "free now": 4,
        "free, in a larger block": 2,
        "free, in a smaller block": 4,
        "of another use": 2,
        "in use now": 3,
        "in use as before": 1,
        "free as before": 2,
    }


@given(page_maps())
def test_nothing_changed_since_now(found: PageMap) -> None:
    still = {ink.name for ink in CHANGES if ink.name.endswith("as before")}
    assert {*amounts(chart_of_change(found, found, ""))} <= still


def test_maps_of_two_machines_have_no_difference() -> None:
    with pytest.raises(ValueError, match="not of the same frames"):
        chart_of_change(page_map((FREE, 0, 4)), page_map((FREE, 0, 5)), "")


@pytest.mark.parametrize(
    ("pages", "says"),
    [(1, "4 KiB"), (25, "100 KiB"), (26, "0.1 MiB"), (256, "1.0 MiB"), (262144, "1,024.0 MiB")],
)
def test_amounts_have_units(pages: int, says: str) -> None:
    assert mebibytes(pages) == says

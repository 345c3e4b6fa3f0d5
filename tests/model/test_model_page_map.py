"""A map of RAM is kept in little, comes back as it was, and is not made of nonsense."""

from __future__ import annotations

import base64
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_maps import joined, page_map, page_maps

from labkit.model.page_map import PageMap, Stretch, packed
from labkit.model.ram_map import Kind
from labkit.model.tags import Store, TagRun, Tags
from labkit.store import codec

ONE = page_map((Kind.FREE, 10, 1024), (Kind.ANON, 0, 8))


def coded(*codes: int) -> str:
    return base64.b64encode(zlib.compress(bytes(codes))).decode()


@given(page_maps())
def test_it_survives_the_run_directory(found: PageMap) -> None:
    assert codec.from_text(PageMap, codec.to_lines(found)) == found


@given(page_maps())
def test_its_parts_make_it_again(found: PageMap) -> None:
    assert packed(list(found.parts())) == found


@given(page_maps(), st.integers(0, 12000))
def test_two_halves_have_every_frame_once(found: PageMap, cut: int) -> None:
    lower, upper = found.within(0, cut), found.within(cut, 1 << 40)
    assert lower.pages + upper.pages == found.pages
    for kind in Kind:
        assert lower.count(kind) + upper.count(kind) == found.count(kind)
    assert all(stretch.end <= cut for stretch in lower.stretches)


@given(page_maps())
def test_kinds_and_orders_and_nodes_add_up(found: PageMap) -> None:
    assert sum(found.count(kind) for kind in Kind) == found.pages
    assert sum(found.count(Kind.FREE, order) for order in range(19)) == found.count(Kind.FREE)
    assert sum(found.on_node(node).pages for node in found.nodes) == found.pages
    assert sum(found.count(Kind.ANON, node=node) for node in found.nodes) == found.count(Kind.ANON)


def test_a_map_of_a_gibibyte_at_rest_takes_a_few_kilobytes() -> None:
    blocks = (
        page_map((Kind.FREE, 10, 262144 - 4096)),
        page_map((Kind.RESERVED, 0, 4096), first=0, zone="DMA"),
    )
    assert len(codec.to_text(joined(*reversed(blocks)))) < 4096


def test_a_huge_page_stays_one_whatever_is_written_into_it() -> None:
    both = page_map((Kind.THP, 9, 512), (Kind.ANON, 0, 512))
    tags = Tags(runs=(TagRun(index=0, store=Store.RAM, node=0, place=4096, pages=1024),), torn=0)
    marked = both.tagged(tags)
    assert (marked.count(Kind.THP), marked.count(Kind.TAGGED)) == (512, 512)


def test_frames_in_use_are_marked_by_their_tags_and_free_ones_are_not() -> None:
    def run(place: int, pages: int, store: Store = Store.RAM) -> TagRun:
        return TagRun(index=0, store=store, node=0, place=place, pages=pages)

    first = 4096
    runs = (run(first + 1020, 8), run(first + 1030, 50), run(0, 5000, Store.SWAP), run(0, 2))
    marked = ONE.tagged(Tags(runs=runs, torn=0))
    assert (marked.count(Kind.TAGGED), marked.count(Kind.ANON)) == (6, 2)
    assert marked.count(Kind.FREE) == 1024
    assert np.flatnonzero(next(marked.parts()).kinds == Kind.TAGGED).tolist() == [
        1024,
        1025,
        1026,
        1027,
        1030,
        1031,
    ]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"kinds": "no base64!"}, "no deflated text"),
        ({"kinds": base64.b64encode(b"no zlib").decode()}, "no deflated text"),
        ({"kinds": coded(*[1] * 1031)}, "kinds: not one for each of 1032 frames"),
        ({"orders": coded(*[0] * 100_000)}, "orders: not one for each of 1032 frames"),
        ({"kinds": coded(*[200] * 1032)}, "kinds: found 200"),
        ({"orders": coded(*[64] * 1032)}, "orders: found 64"),
        ({"stretches": ONE.stretches * 2}, "overlap"),
        ({"stretches": (replace(ONE.stretches[0], pages=0),)}, "without frames"),
        ({"stretches": (replace(ONE.stretches[0], first=-1),)}, "below zero"),
        ({"stretches": (Stretch(node=0, zone="DMA", first=0, pages=1 << 40),)}, "frames, at most"),
    ],
)
def test_what_is_no_map_refuses_to_exist(changed: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        replace(ONE, **changed)  # type: ignore[arg-type]


def test_a_deflated_bomb_is_not_blown_up() -> None:
    bomb = base64.b64encode(zlib.compress(bytes(1 << 26))).decode()
    with pytest.raises(ValueError, match="not one for each"):
        replace(ONE, kinds=bomb)

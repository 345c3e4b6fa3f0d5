"""The pictures of a map: a PNG with the map's own pixels, an SVG that needs nothing from elsewhere."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from numpy.typing import NDArray
from page_maps import joined, page_map, page_maps
from PIL import Image

from labkit.model.page_map import PageMap
from labkit.model.ram_map import Kind
from labkit.report.map_chart import chart_of, chart_of_change
from labkit.report.map_inks import FREE, KINDS
from labkit.report.map_png import render_map_png
from labkit.report.map_sheet import laid_out
from labkit.report.map_svg import render_map_svg

SVG = "{http://www.w3.org/2000/svg}"
SMALL = page_map((Kind.FREE, 10, 1024), (Kind.ANON, 0, 512), (Kind.THP, 9, 512))
LARGE = joined(
    page_map((Kind.RESERVED, 0, 256), (Kind.FREE, 8, 3840), first=0, zone="DMA"),
    page_map((Kind.ANON, 0, 100_000), (Kind.FREE, 10, 32768 - 1120)),
)


def pixels(data: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def share(found: NDArray[np.uint8], rgb: tuple[int, int, int]) -> int:
    return int((found == np.array(rgb, np.uint8)).all(axis=2).sum())


@pytest.mark.parametrize("light", [False, True])
def test_a_png_has_a_dot_of_the_uses_colour_for_each_frame(light: bool) -> None:
    charts = [chart_of(LARGE, "now")]
    found = pixels(render_map_png(charts, "a guest", light=light))
    (cell,) = {placed.cell for placed in laid_out(charts, "").fields}
    swatch = 12 * 12
    assert share(found, KINDS[Kind.ANON].rgb) == 100_000 * cell**2 + swatch
    assert share(found, FREE[8].rgb) == 3840 * cell**2 + swatch
    assert found[0, 0].tolist() == ([255, 255, 255] if light else [20, 22, 26])


def test_blocks_are_outlined_when_they_are_large_enough_to_be() -> None:
    charts = [chart_of(SMALL, "zoomed")]
    (placed,) = laid_out(charts, "").fields
    assert placed.outlined
    assert not any(placed.outlined for placed in laid_out([chart_of(LARGE, "")], "").fields)
    found = pixels(render_map_png(charts, ""))
    assert placed.tiles_a_row == 1
    below_first_tile = placed.y + 32 * placed.cell - 1
    assert found[below_first_tile, placed.x + 2].tolist() == [20, 22, 26]
    assert tuple(found[below_first_tile - 1, placed.x + 2]) == FREE[10].rgb


def test_a_change_stands_beside_the_two_maps_that_made_it() -> None:
    after = page_map((Kind.FREE, 10, 1024), (Kind.FREE, 9, 512), (Kind.THP, 9, 512))
    charts = [
        chart_of(SMALL, "before"),
        chart_of(after, "after"),
        chart_of_change(SMALL, after, "what changed"),
    ]
    sheet = laid_out(charts, "title")
    assert [placed.field for placed in sheet.fields] == [chart.fields[0] for chart in charts]
    assert len({placed.y for placed in sheet.fields}) == 1
    assert pixels(render_map_png(charts, "title")).shape == (sheet.height, sheet.width, 3)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(page_maps(most=20_000))
def test_any_map_can_be_drawn_and_fits_its_sheet(found: PageMap) -> None:
    charts = [chart_of(found, "now"), chart_of(found, "then")]
    sheet = laid_out(charts, "")
    image = Image.open(io.BytesIO(render_map_png(charts, "")))
    assert image.size == (sheet.width, sheet.height)
    ElementTree.fromstring(render_map_svg(charts, ""))


def test_a_large_machine_is_drawn_with_many_frames_a_dot() -> None:
    huge = page_map((Kind.FREE, 10, 1 << 22), (Kind.ANON, 0, 1 << 21))  # 24 GiB
    sheet = laid_out([chart_of(huge, "")], "")
    assert sheet.width * sheet.height < 4_000_000
    assert {placed.frames_a_cell for placed in sheet.fields} == {16}
    assert any("shows one of them" in label.text for label in sheet.labels)


def test_an_svg_says_in_words_what_it_shows() -> None:
    tree = ElementTree.fromstring(render_map_svg([chart_of(LARGE, "now")], "lab <b>&amp;</b>"))
    assert tree.get("role") == "img"
    assert tree.findtext(f"{SVG}title") == "lab <b>&amp;</b>"
    assert "anonymous. 100,000 pages, 390.6 MiB" in str(tree.findtext(f"{SVG}desc"))


def test_an_svg_paints_each_frame_once() -> None:
    tree = ElementTree.fromstring(render_map_svg([chart_of(SMALL, "now")], ""))
    strokes = {
        path.get("stroke"): sum(map(int, re.findall(r"h(\d+)", path.get("d", ""))))
        for path in tree.iter(f"{SVG}path")
        if path.get("stroke")
    }
    colours = {ink: "#" + bytes(ink.rgb).hex() for ink in (FREE[10], KINDS[Kind.ANON], KINDS[Kind.THP])}
    assert strokes == dict(zip(colours.values(), (1024, 512, 512), strict=True))


def test_an_svg_needs_nothing_from_elsewhere() -> None:
    text = render_map_svg([chart_of(SMALL, "now")], "")
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "<script" not in text
    assert len(text) < 20_000

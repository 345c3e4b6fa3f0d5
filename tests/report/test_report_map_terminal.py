"""The map on a terminal: as wide as that, in colours where there are some, in letters everywhere else."""

from __future__ import annotations

import io

import pytest
from page_maps import joined, page_map
from rich.console import Console

from labkit.model.ram_map import Kind
from labkit.report.map_chart import Chart, chart_of, chart_of_change
from labkit.report.map_terminal import MapDrawing

GUEST = joined(
    page_map((Kind.RESERVED, 0, 256), (Kind.FREE, 8, 3840), first=0, zone="DMA"),
    page_map((Kind.ANON, 0, 50_000), (Kind.FREE, 10, 127_000)),
)


def drawn(
    *charts: Chart,
    width: int = 80,
    encoding: str = "utf-8",
    colours: str | None = None,
    no_color: bool = False,
) -> list[str]:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(
        file=stream,
        width=width,
        force_terminal=colours is not None,
        color_system=colours,  # type: ignore[arg-type]
        no_color=no_color,
        highlight=False,
        markup=False,
    )
    console.print(MapDrawing(charts, "a guest"))
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode(encoding).splitlines()


def field_lines(lines: list[str]) -> list[str]:
    """The lines of the fields: below each heading until a line of the legend."""
    return [line for line in lines if line and " " not in line.strip()]


@pytest.mark.parametrize("width", [60, 80, 140, 300])
@pytest.mark.parametrize("charts", [1, 3])
def test_no_line_is_wider_than_the_terminal_and_all_fit_in_few(width: int, charts: int) -> None:
    chart = chart_of(GUEST, "now")
    lines = drawn(*[chart] * charts, width=width)
    assert max(map(len, lines)) <= width
    assert len(field_lines(lines)) <= 44


def test_a_pipe_gets_letters_and_their_meaning() -> None:
    lines = drawn(chart_of(GUEST, "now"))
    assert "a anonymous" in "\n".join(lines)
    assert any(set(line) == {"a"} for line in field_lines(lines))
    assert all(line.isascii() for line in lines)


@pytest.mark.parametrize(
    "options",
    [
        {"colours": "truecolor", "no_color": True},
        {"colours": "truecolor", "encoding": "ascii"},
        {"colours": "standard"},
        {"colours": None},
    ],
    ids=["NO_COLOR", "ASCII", "16 colours", "no terminal"],
)
def test_what_knows_no_colours_or_half_blocks_gets_letters(options: dict[str, object]) -> None:
    text = "\n".join(drawn(chart_of(GUEST, "now"), **options))  # type: ignore[arg-type]
    assert "▀" not in text
    assert "aaaa" in text


def test_a_terminal_with_colours_gets_two_dots_a_character() -> None:
    text = "\n".join(drawn(chart_of(GUEST, "now"), colours="truecolor"))
    assert "▀▀▀▀" in text
    assert "38;2;230;159;0" in text  # anonymous
    assert "■" in text


def test_all_of_a_change_is_drawn() -> None:
    after = joined(
        page_map((Kind.RESERVED, 0, 256), (Kind.FREE, 8, 3840), first=0, zone="DMA"),
        page_map((Kind.FREE, 10, 50_000), (Kind.FREE, 10, 127_000)),
    )
    charts = (
        chart_of(GUEST, "before"),
        chart_of(after, "after"),
        chart_of_change(GUEST, after, "what changed"),
    )
    text = "\n".join(drawn(*charts))
    assert text.index("before") < text.index("after") < text.index("what changed")
    assert "f free now" in text
    assert "50,000 pages, 195.3 MiB" in text


def test_free_blocks_are_added_up_and_told_by_order() -> None:
    lines = drawn(chart_of(GUEST, "now"))
    assert "free: 130,840 pages, 511.1 MiB; of it by the order of their blocks, in pages:" in lines
    assert "8 8: 3,840   + 10: 127,000" in lines


def test_a_foreign_title_is_tamed() -> None:
    stream = io.StringIO()
    Console(file=stream, width=80).print(MapDrawing([chart_of(GUEST, "\x1b[2Jnow")], "\x1b[2Jguest"))
    assert "\x1b" not in stream.getvalue()


def test_a_narrow_terminal_is_no_reason_to_fail() -> None:
    assert drawn(chart_of(GUEST, "now"), width=10)

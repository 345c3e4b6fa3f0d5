"""A frame of the live view fits the terminal, tells in words what its colours tell, and obeys no guest."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console
from rich.text import Text

from labkit.model.coarse_map import CoarseMap, Strip
from labkit.model.glance import Candidate, Glance, Level, Notable, SlabUse
from labkit.model.units import Size
from labkit.report.watch.bars import Ink, spark, standing_of, watermark_bar
from labkit.report.watch.frame import Reel

LOW = Level(
    node=0,
    zone="DMA32",
    managed_pages=60000,
    free_pages=1000,
    min_pages=820,
    low_pages=1025,
    high_pages=1230,
    nr_free=(600, 100, 50, 0, 0, 0, 0, 0, 0, 0, 0),
)
PLENTY = Level(
    node=1,
    zone="Normal",
    managed_pages=60000,
    free_pages=30720,
    min_pages=820,
    low_pages=1025,
    high_pages=1230,
    nr_free=(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 30),
)
RAM = CoarseMap(
    grain=128,
    strips=(
        Strip(node=0, zone="DMA", first=1, cells="2" * 8 + "u" * 24),
        Strip(node=0, zone="DMA32", first=4096, cells="6k" * 240),
        Strip(node=1, zone="DMA32", first=65536, cells="u" * 512),
    ),
    pages={"2": 1024, "u": 3072 + 65536, "6": 30720, "k": 30720},
    oldest=99.1,
)
BEFORE = Glance(at=100.0, levels=(LOW, PLENTY), vmstat={"pgfault": 1000, "oom_kill": 0})
NOW = Glance(
    at=100.5,
    levels=(LOW, PLENTY),
    vmstat={"pgfault": 6000, "oom_kill": 1},
    candidates=(
        Candidate(pid=7, comm="hog", rss=Size.mib(50), swap=Size.mib(3), adj=200, points=9000),
        Candidate(pid=1, comm="sshd", rss=Size.mib(5), swap=Size.mib(0), adj=-1000, points=None),
    ),
    slabs=(SlabUse(name="dentry", taken=Size.mib(4), objects=20000, active=19000),),
    said=("[    12.000] Out of memory: Killed process 7 (hog)",),
    ram=RAM,
)


def drawn(
    glances: tuple[Glance, ...], width: int, height: int, *, blocks: bool = True, colours: bool = True
) -> list[str]:
    """The last frame's lines."""
    console = Console(file=io.StringIO(), width=width, height=height, highlight=False)
    reel = Reel(title="lab2, scene exercise", ink=Ink(blocks=blocks, colours=colours))
    frame = [reel.take(glance) for glance in glances][-1]
    console.print(frame)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 40), (80, 24), (80, 14), (140, 45), (140, 20), (200, 60)])
def test_a_frame_is_as_wide_as_the_terminal_and_no_higher(width: int, height: int) -> None:
    lines = drawn((BEFORE, NOW), width, height)
    assert max(Text(line).cell_len for line in lines) <= width
    assert len(lines) <= height


def test_a_frame_tells_what_there_is_with_its_units() -> None:
    text = "\n".join(drawn((BEFORE, NOW), 140, 45))
    for told in (
        "free 123.9 MiB",
        "3.9 of 234.4 MiB below low",
        "120.0 of 234.4 MiB",
        "hog",
        "9,000",
        "never",
        "dentry",
        "19,000",
        "10,000",  # faults a second
        "Killed process 7 (hog)",
    ):
        assert told in text


@pytest.mark.parametrize(("width", "height"), [(80, 24), (80, 40), (140, 45)])
def test_the_map_and_what_happened_are_on_every_screen(width: int, height: int) -> None:
    direct = {"allocstall_normal": 2, "pgscan_direct": 9, "pgsteal_direct": 4}
    worse = replace(NOW, vmstat={**NOW.vmstat, **direct})
    calm = replace(BEFORE, vmstat={**BEFORE.vmstat, **dict.fromkeys(direct, 0)})
    text = "\n".join(drawn((calm, worse), width, height))
    assert "node 1 DMA32 ▀▀▀▀" in text
    assert "at most 1.4 s old" in text
    assert "free (lighter: larger) 388.0" in text
    assert "anonymous 120.0" in text
    assert "0.0-0.5 s  direct reclaim: 2 allocations, freed 4 of 9 pages" in text


def test_a_number_that_does_not_fit_is_cut_with_a_sign() -> None:
    worse = replace(NOW, vmstat={"pageoutrun": 10**9, "pgscan_kswapd": 10**16, "pgsteal_kswapd": 10**16})
    calm = replace(BEFORE, vmstat=dict.fromkeys(worse.vmstat, 0))
    for blocks, sign in ((True, "…"), (False, "~")):
        (line,) = [it for it in drawn((calm, worse), 80, 40, blocks=blocks) if "kswapd: woke" in it]
        assert line[:-2].endswith(sign)


def test_the_map_says_how_much_a_cell_is_and_takes_fewer_lines_where_there_are_fewer() -> None:
    assert "RAM, a half block for 0.5 MiB" in "\n".join(drawn((NOW,), 140, 60))
    small = drawn((NOW,), 80, 24)
    assert "RAM, a half block for 2.0 MiB" in "\n".join(small)
    assert len([line for line in small if "▀" in line]) == 4


@pytest.mark.parametrize(("blocks", "colours"), [(False, True), (True, False)])
def test_without_blocks_or_colours_the_map_has_letters(*, blocks: bool, colours: bool) -> None:
    text = "\n".join(drawn((NOW,), 140, 60, blocks=blocks, colours=colours))
    assert "RAM, a letter for" in text
    assert "▀" not in text
    assert re.search(r"node 0 DMA   r+\++ ", text)


def test_a_recording_without_a_map_has_no_empty_pane() -> None:
    text = "\n".join(drawn((BEFORE,), 140, 45))
    assert "RAM" not in text
    assert "nothing yet" in text


def test_the_first_frame_knows_no_rates() -> None:
    assert re.search(r"faults +6,000 │", "\n".join(drawn((NOW,), 140, 45)))
    assert re.search(r"faults +10,000 +6,000 │", "\n".join(drawn((BEFORE, NOW), 140, 45)))


def test_without_block_characters_a_frame_has_none() -> None:
    text = "\n".join(drawn((BEFORE, NOW), 80, 40, blocks=False))
    assert not set(text) & set("█░▁▂▃▄▅▆▇")
    assert "####" in text


def test_watermarks_are_marks_on_the_bar_and_words_beside_it() -> None:
    bar = watermark_bar(LOW, 40, Ink(blocks=False))
    assert len(bar) == 40
    assert bar.count("|") == 3
    assert bar.index("|") == round(820 / (4 * 1230) * 40)
    assert standing_of(LOW) == "below low"
    assert standing_of(PLENTY) == ""


def test_a_spark_shows_the_last_values_against_the_largest() -> None:
    ink = Ink(blocks=False)
    assert spark([0, 4, 8], 3, ink) == " =%"
    assert spark([1, 1, 8], 2, ink) == ".%"
    assert spark([0, 0], 2, ink) == "  "


def test_what_a_guest_calls_itself_is_not_obeyed() -> None:
    evil = "\x1b[2J[red]x[/red]\u202e"
    hostile = Glance(
        at=1.0,
        levels=(LOW,),
        vmstat={},
        candidates=(Candidate(pid=1, comm=evil, rss=Size.mib(1), swap=Size.mib(0), adj=0, points=1),),
        slabs=(SlabUse(name=evil, taken=Size.mib(1), objects=1, active=1),),
        said=(evil,),
        notable=(Notable(time_us=1, kind=evil, text=evil),),
        ram=replace(RAM, strips=(Strip(node=0, zone=evil, first=1, cells="66"),)),
    )
    text = "\n".join(drawn((hostile,), 140, 45))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[red]x" in text

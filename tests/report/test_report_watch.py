"""A frame of the live view fits the terminal, tells in words what its colours tell, and obeys no guest."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console
from rich.text import Text

from labkit.model.glance import Candidate, Glance, Level, SlabUse
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
)


def drawn(glances: tuple[Glance, ...], width: int, height: int, *, blocks: bool = True) -> list[str]:
    """The last frame's lines."""
    console = Console(file=io.StringIO(), width=width, height=height, highlight=False)
    reel = Reel(title="lab2, scene exercise", ink=Ink(blocks=blocks))
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
    )
    text = "\n".join(drawn((hostile,), 140, 45))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[red]x" in text

"""A recorded live view is read back as it was seen, and one that was cut off up to there."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from labkit.model.coarse_map import CoarseMap, Strip
from labkit.model.errors import UsageError
from labkit.model.glance import Candidate, Glance, Level, Notable, SlabUse
from labkit.model.units import Size
from labkit.store.reels import read_reel, recorded

LEVEL = Level(
    node=0,
    zone="DMA32",
    managed_pages=60000,
    free_pages=1000,
    min_pages=820,
    low_pages=1025,
    high_pages=1230,
    nr_free=(600, 100, 50),
)
RAM = CoarseMap(
    grain=64,
    strips=(Strip(node=0, zone="DMA32", first=4096, cells="6k" * 100),),
    pages={"6": 6400, "k": 6400},
    oldest=99.0,
)
GLANCES = tuple(
    Glance(
        at=100.0 + number / 10,
        levels=(LEVEL,),
        vmstat={"pgfault": number},
        candidates=(
            Candidate(pid=7, comm="hög", rss=Size.mib(50), swap=Size.mib(3), adj=-1000, points=None),
        ),
        slabs=(SlabUse(name="dentry", taken=Size.mib(4), objects=2, active=1),),
        said=("[    1.000] a line",),
        notable=(Notable(time_us=1_000_000, kind="killed", text="hog (pid 7)"),),
        ram=RAM,
    )
    for number in range(5)
)


def test_what_was_seen_is_read_back(tmp_path: Path) -> None:
    with recorded(tmp_path / "reel") as keep:
        for glance in GLANCES:
            keep(glance)
    assert tuple(read_reel(tmp_path / "reel")) == GLANCES


def lines_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def test_a_reel_of_before_there_was_a_map_is_shown_without_one(tmp_path: Path) -> None:
    with recorded(tmp_path / "reel") as keep:
        for glance in GLANCES:
            keep(glance)
    lines = lines_of(tmp_path / "reel")
    for line in lines:
        del line["ram"], line["notable"]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (tmp_path / "old").write_bytes(gzip.compress(text.encode()))
    assert tuple(read_reel(tmp_path / "old")) == tuple(replace(it, ram=None, notable=()) for it in GLANCES)


def test_a_map_with_what_is_no_use_of_a_frame_is_no_reel(tmp_path: Path) -> None:
    with recorded(tmp_path / "reel") as keep:
        keep(GLANCES[0])
    text = json.dumps(lines_of(tmp_path / "reel")[0]).replace("6k6k", "\\u001b[2J")
    (tmp_path / "odd").write_bytes(gzip.compress(text.encode() + b"\n"))
    with pytest.raises(UsageError, match="no use of a page frame"):
        tuple(read_reel(tmp_path / "odd"))


def test_what_was_seen_can_be_read_while_more_is_recorded(tmp_path: Path) -> None:
    """So a kill loses none of it."""
    with recorded(tmp_path / "reel") as keep:
        for number, glance in enumerate(GLANCES, start=1):
            keep(glance)
            assert tuple(read_reel(tmp_path / "reel")) == GLANCES[:number]


@pytest.mark.parametrize("left", [0.99, 0.7, 0.3])
def test_a_reel_that_was_cut_off_is_shown_up_to_there(tmp_path: Path, left: float) -> None:
    with recorded(tmp_path / "reel") as keep:
        for glance in GLANCES * 200:
            keep(glance)
    whole = (tmp_path / "reel").read_bytes()
    (tmp_path / "cut").write_bytes(whole[: int(left * len(whole))])
    found = tuple(read_reel(tmp_path / "cut"))
    assert found == (GLANCES * 200)[: len(found)]
    assert abs(len(found) - left * 1000) < 50  # a line is as long as another


def test_what_is_no_reel_is_said_to_be_none(tmp_path: Path) -> None:
    texts = (b"hello\n", gzip.compress(b"hello\n"), gzip.compress(b'{"at": 1}\n'))
    for number, text in enumerate(texts):
        path = tmp_path / str(number)
        path.write_bytes(text)
        with pytest.raises(UsageError, match=str(path)):
            tuple(read_reel(path))
    with pytest.raises(UsageError, match="No such file"):
        tuple(read_reel(tmp_path / "none"))


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(UsageError, match="something already"), recorded(tmp_path / "mine"):
        pass
    assert (tmp_path / "mine").read_text() == "mine"

"""A recorded live view is read back as it was seen, and one that was cut off up to there."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from labkit.model.errors import UsageError
from labkit.model.glance import Candidate, Glance, Level, SlabUse
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
    )
    for number in range(5)
)


def test_what_was_seen_is_read_back(tmp_path: Path) -> None:
    with recorded(tmp_path / "reel") as keep:
        for glance in GLANCES:
            keep(glance)
    assert tuple(read_reel(tmp_path / "reel")) == GLANCES


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

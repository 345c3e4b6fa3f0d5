"""The map's colours and letters are told apart by every kind of eye, on dark and on white."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from labkit.model.ram_map import Kind
from labkit.report.map_inks import CHANGES, FREE, INKS, KINDS, NOTHING, PALETTE, Ink, Rgb, inks_of

# Machado, Oliveira, Fernandes 2009, severity 1.0, for linear RGB.
EYES = {
    "all cones": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "no red": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "no green": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
    "no blue": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.3039],
    ],
}
PAPERS = ((20, 22, 26), (255, 255, 255))
APART = 14  # CIE 1976; 2.3 is just noticeable, side by side and still
DUST, LARGE, WHOLE = FREE[0], FREE[9], FREE[10]
_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
)


def seen(rgb: Rgb, eyes: str) -> NDArray[np.float64]:
    """CIE L*a*b* of a colour in somebody's eyes."""
    share = np.array(rgb) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    xyz = _XYZ @ np.clip(np.array(EYES[eyes]) @ linear, 0, 1) / (0.95047, 1, 1.08883)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(one: Rgb, other: Rgb, eyes: str) -> float:
    return float(np.linalg.norm(seen(one, eyes) - seen(other, eyes)))


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("inks", [(DUST, LARGE, WHOLE, *KINDS.values()), CHANGES], ids=["uses", "changes"])
def test_every_two_colours_lie_apart(inks: tuple[Ink, ...], eyes: str) -> None:
    near = {(a.name, b.name): distance(a.rgb, b.rgb, eyes) for a, b in combinations(inks, 2)}
    assert {pair: far for pair, far in near.items() if far < APART} == {}


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("paper", PAPERS)
def test_no_colour_is_lost_on_the_paper(paper: Rgb, eyes: str) -> None:
    faint = {ink.name: distance(ink.rgb, paper, eyes) for ink in INKS if ink is not NOTHING}
    assert {name: far for name, far in faint.items() if far < APART} == {}


@pytest.mark.parametrize("eyes", EYES)
def test_the_larger_a_free_block_the_lighter_it_is(eyes: str) -> None:
    lightness = [seen(ink.rgb, eyes)[0] for ink in FREE]
    assert lightness == sorted(lightness)


@pytest.mark.parametrize("inks", [(*FREE, *KINDS.values()), CHANGES], ids=["uses", "changes"])
def test_every_letter_is_one_inks_alone(inks: tuple[Ink, ...]) -> None:
    letters = [ink.letter for ink in (NOTHING, *inks)]
    assert len({*letters}) == len(letters)
    assert all(len(letter) == 1 and letter.isascii() for letter in letters)


def test_every_kind_has_an_ink() -> None:
    assert {*KINDS} | {Kind.FREE, Kind.HOLE} == {*Kind}
    kinds = np.array([Kind.FREE, Kind.FREE, Kind.SLAB, Kind.HOLE], np.uint8)
    drawn = inks_of(kinds, np.array([0, 10, 3, 0], np.uint8))
    assert [INKS[number] for number in drawn] == [FREE[0], FREE[10], KINDS[Kind.SLAB], NOTHING]
    assert len(PALETTE) == len(INKS) < 64

"""zones' numbers: the key is near what both kernels do under every draw, and the frames exist."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from labkit.labfile.draw import parameters
from labkit.labfile.load import load

LAB = load(Path(__file__).resolve().parents[2] / "labs" / "zones")
CHECKS = sys.modules[next(check for check in LAB.checks if check.id == "frames").judge.__module__]
# managed pages of the tall guest and the watermark min of its DMA32, as measured.
MANAGED = {
    "6.1": {"DMA": 3840, "DMA32": 20528, "Normal": 18669},
    "6.12": {"DMA": 3840, "DMA32": 19217, "Normal": 18660},
}
MIN = {"6.1": 173, "6.12": 164}
FRAGMENTS = 1900  # of DMA32 in blocks too small for the requests that exhaust it
DRAWS = {draw.name: draw for draw in LAB.draws}
SEEDS = [f"seed-{number}" for number in range(40)]


@pytest.mark.parametrize("kernel", MANAGED)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_key_is_right_on_both_kernels(seed: str, kernel: str) -> None:
    drawn = parameters(LAB, seed)
    key = CHECKS.key(drawn)
    for low in CHECKS.LOW:
        for upper, told in zip(CHECKS.UPPER, key["protection"][low], strict=True):
            true = CHECKS._reserve(low, upper, MANAGED[kernel], key["ratios"])
            assert abs(told - true) <= true * CHECKS.SHARE / 2  # as much again for another guest
    limit = key["protection"]["DMA32"][2] + MIN[kernel]
    assert abs(key["left"] - limit) < CHECKS.LEFT_WITHIN - CHECKS.BLOCK_PAGES
    assert limit > FRAGMENTS + 2 * CHECKS.BLOCK_PAGES  # or blocks end before the reserve is met


@pytest.mark.parametrize("seed", SEEDS)
def test_the_frames_lie_in_the_tall_guests_memory_and_in_all_its_zones(seed: str) -> None:
    key: Mapping[str, list[object]] = CHECKS.key(parameters(LAB, seed))
    low, high = range(1, 32768), range(1 << 20, (1 << 20) + 24576)
    assert all(frame in low or frame in high for frame in key["frames"])
    assert len(set(key["frame_zones"])) >= 2

"""hugetlb's numbers: the key's pool is the lab file's, and each draw leaves the ledger's answers distinct."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from labkit.labfile.draw import parameters
from labkit.labfile.load import load
from labkit.model.machine import MIB2

LAB = load(Path(__file__).resolve().parents[2] / "labs" / "hugetlb")
POOL = sys.modules[LAB.answers.__module__]
SEEDS = st.text(min_size=1, max_size=8)


def drawn(seed: str) -> dict[str, int]:
    return {name: int(str(value)) for name, value in parameters(LAB, seed).items() if name != "tag_nonce"}


def test_every_scene_has_the_pools_that_the_key_reckons_with() -> None:
    for scene in LAB.scenes:
        pools = [pool for node in scene.machine.nodes for pool in node.hugepages]
        assert [pool.count for pool in pools if pool.size == MIB2] == list(POOL.NODE_PAGES)


@given(SEEDS)
def test_what_the_programs_are_asked_for_is_in_the_pool(seed: str) -> None:
    p = drawn(seed)
    assert p["node0_pages"] + p["node1_pages"] + p["promised"] <= POOL.POOL
    assert p["node1_pages"] < POOL.NODE_PAGES[1]
    # Even all from one node are there, so that a program without a policy shows nothing but that.
    assert p["node0_pages"] + p["node1_pages"] < POOL.NODE_PAGES[0]
    assert p["others_touched"] < p["others_mapped"] < POOL.POOL


@given(SEEDS)
def test_beyond_asks_for_more_than_is_left_and_not_more_than_is_free(seed: str) -> None:
    p = drawn(seed)
    asked = int(str(LAB.answers(parameters(LAB, seed))["beyond"]))
    assert POOL.POOL - p["mapped"] < asked <= POOL.POOL - p["touched"]


@given(SEEDS)
def test_the_four_moments_of_the_pool_are_four_answers(seed: str) -> None:
    key = LAB.answers(parameters(LAB, seed))
    moments = [tuple(key[name]) for name in ("mapped", "touched", "shrunk", "surplus")]
    assert len(set(moments)) == 4
    assert all(free >= reserved and total >= free for total, free, reserved, _ in moments)


def test_overcommit_allows_the_largest_surplus() -> None:
    step = next(step for scene in LAB.scenes for step in scene.steps if step.name == "surplus")
    allowed = re.search(r"echo (\d+) >/proc/sys/vm/nr_overcommit_hugepages", step.run)
    largest = next(draw.values[1] for draw in LAB.draws if draw.name == "surplus")
    assert allowed is not None
    assert int(largest) <= int(allowed[1])

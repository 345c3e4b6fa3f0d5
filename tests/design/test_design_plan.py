"""Plans: the cells of each design, an order that is drawn and the same, parts that make the whole."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from experiments import write_experiment

from labkit.design.plan import boots, cells, only, plan, shard
from labkit.labfile.tuning import load_experiment
from labkit.model.experiment import Design, DesignKind, Experiment, Levels

FACTORS = """
[[factor]]
name = "kernel"
machine = "kernel"
levels = ["6.1", "6.12"]
[[factor]]
name = "swappiness"
sysctl = "vm.swappiness"
levels = [0, 10, 60]
[[factor]]
name = "lru"
file = "/sys/kernel/mm/lru_gen/enabled"
levels = ["n", "y"]
"""


@pytest.fixture
def experiment(tmp_path: Path) -> Experiment:
    return load_experiment(write_experiment(tmp_path, factors=FACTORS))


def word(levels: Levels) -> str:
    return " ".join(str(level) for level in levels.values())


def test_a_full_design_has_every_cell_once(experiment: Experiment) -> None:
    found = [word(cell) for cell in cells(experiment)]
    assert len(found) == len(set(found)) == 12
    assert found[:3] == ["6.1 0 n", "6.1 0 y", "6.1 10 n"]
    assert boots(experiment, cells(experiment)) == 2


def test_one_at_a_time_moves_from_the_baseline(experiment: Experiment) -> None:
    base: Levels = {"kernel": "6.12", "swappiness": 60, "lru": "n"}
    moved = replace(experiment, design=Design(kind=DesignKind.ONE_AT_A_TIME, baseline=base))
    assert [word(cell) for cell in cells(moved)] == [
        *("6.12 60 n", "6.1 60 n", "6.12 0 n", "6.12 10 n", "6.12 60 y"),
    ]


def test_a_sample_is_drawn_from_the_seed(experiment: Experiment) -> None:
    def drawn(seed: str) -> list[str]:
        some = replace(experiment, seed=seed, design=Design(kind=DesignKind.RANDOM, sample=5))
        return [word(cell) for cell in cells(some)]

    assert len(set(drawn("a"))) == 5
    assert drawn("a") == drawn("a")
    assert len({tuple(drawn(seed)) for seed in "abcdef"}) > 1


def test_each_repeat_has_every_cell_and_boots_stand_together(experiment: Experiment) -> None:
    found = plan(experiment)
    assert [each.number for each in found] == list(range(1, 25))
    for repeat in (1, 2):
        own = [each.levels for each in found if each.repeat == repeat]
        assert Counter(map(word, own)) == Counter(map(word, cells(experiment)))
        kernels = [levels["kernel"] for levels in own]
        assert kernels in (sorted(kernels), sorted(kernels, reverse=True))
    assert found == plan(experiment)
    assert [word(it.levels) for it in found[:12]] != [word(it.levels) for it in found[12:]]
    assert plan(replace(experiment, seed="other")) != found


def test_both_of_a_pair_stand_side_by_side_in_either_order(experiment: Experiment) -> None:
    paired = replace(experiment, repeats=8, design=Design(kind=DesignKind.PAIRED, pair="lru"))
    found = plan(paired)
    firsts = set()
    for one, other in zip(found[::2], found[1::2], strict=True):
        assert {one.levels["lru"], other.levels["lru"]} == {"n", "y"}
        assert one.levels["swappiness"] == other.levels["swappiness"]
        firsts.add(one.levels["lru"])
    assert firsts == {"n", "y"}


def test_parts_make_the_whole_and_nothing_twice(experiment: Experiment) -> None:
    found = plan(experiment)
    parts = [shard(found, (number, 5)) for number in range(1, 6)]
    assert sorted(it.number for part in parts for it in part) == [it.number for it in found]
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    assert shard(found, None) == found


def test_only_keeps_the_cells_that_have_one_of_the_levels(experiment: Experiment) -> None:
    found = only(cells(experiment), {"lru": ("n",), "swappiness": ("0", "60")})
    assert [word(cell) for cell in found] == ["6.1 0 n", "6.1 60 n", "6.12 0 n", "6.12 60 n"]


def test_a_design_beyond_all_reason_is_refused(tmp_path: Path) -> None:
    factors = "".join(
        f'[[factor]]\nname = "f{at}"\nparameter = "f{at}"\nlevels = {list(range(20))}\n' for at in range(4)
    )
    with pytest.raises(ValueError, match="160,000 cells"):
        cells(load_experiment(write_experiment(tmp_path, factors=factors)))

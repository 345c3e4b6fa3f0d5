"""Metrics out of a guest's files and words, and trials that do not count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from experiments import write_experiment
from trials import METRICS, trial

from labkit.design.measure import analyse, number_at
from labkit.design.summary import compare, study
from labkit.labfile.tuning import load_experiment
from labkit.model.experiment import CGROUP, Experiment, Place
from labkit.model.study import Contrast
from labkit.model.trial import End, Trial


@pytest.fixture
def experiment(tmp_path: Path) -> Experiment:
    return load_experiment(write_experiment(tmp_path, metrics=METRICS))


def test_counters_gauges_words_and_formulas(experiment: Experiment) -> None:
    row = analyse(experiment, trial())
    assert row.values == {"faults": 30.0, "anon": 8192.0, "steps": 3.0, "each": 10.0}
    assert (row.end, row.effective) == (End.COMPLETED, {"swappiness": "10"})


def test_what_the_guest_did_not_tell_has_no_value(experiment: Experiment) -> None:
    row = analyse(experiment, trial(stdout="", after={}, end=End.OUT_OF_MEMORY))
    assert row.values == dict.fromkeys(("faults", "anon", "steps", "each"))
    assert row.end is End.OUT_OF_MEMORY


def test_a_knob_that_did_not_take_and_an_invariant_that_fails_make_it_invalid(experiment: Experiment) -> None:
    moved = (replace(trial().readings[0], read="60\n"),)
    row = analyse(experiment, trial(readings=moved))
    assert (row.end, row.why) == (End.INVALID, "swappiness = 10: reads back '60'")
    row = analyse(experiment, trial(stdout="steps=1\n"))
    assert (row.end, row.why) == (End.INVALID, "it did nothing: steps > 1 does not hold")


@pytest.mark.parametrize(
    ("text", "place", "found"),
    [
        ("pgfault 3\npgfault_x 4\n", Place(path="f", key="pgfault"), 3.0),
        ("MemFree:       12 kB\n", Place(path="f", key="MemFree"), 12 * 1024.0),
        ("Node 1 MemFree:   12 kB\n", Place(path="f", key="MemFree"), 12 * 1024.0),
        ("some avg10=0.00 total=77\n", Place(path="f", key="some"), None),
        ("12\n", Place(path="f"), 12.0),
        ("max\n", Place(path="f"), None),
        ("a 1\n", Place(path="g"), None),
    ],
)
def test_numbers_are_found_by_key(text: str, place: Place, found: float | None) -> None:
    assert number_at({"f": text}, place) == found


def test_the_cgroup_is_the_experiment_s_own() -> None:
    assert CGROUP.endswith("/experiment")


def by_swappiness(experiment: Experiment, faults: Mapping[int, tuple[int, ...]]) -> list[Trial]:
    return [
        trial(number, swappiness=level, repeat=repeat, experiment=experiment.digest)
        for level, numbers in faults.items()
        for repeat, number in enumerate(numbers, start=1)
    ]


def test_a_cell_is_the_median_of_those_that_completed(experiment: Experiment) -> None:
    made = by_swappiness(experiment, {10: (30, 33, 60), 60: (90, 90, 90)})
    made[2] = replace(made[2], end=End.PANICKED)
    found = study(experiment, made)
    first, second = found.cells
    assert first.ends == {End.COMPLETED: 2, End.PANICKED: 1}
    assert first.estimates["faults"] is not None
    assert (first.estimates["faults"].n, first.estimates["faults"].median) == (2, 31.5)
    assert second.estimates["faults"] is not None
    assert (second.estimates["faults"].low, second.estimates["faults"].high) == (90.0, 90.0)


def test_only_what_compares_stands_side_by_side(experiment: Experiment) -> None:
    """Not of another form, nor by another accelerator; after an update of QEMU the newer of two."""
    kept = by_swappiness(experiment, {10: (30,), 60: (90,)})
    later = replace(kept[0], key="later", made_at=kept[0].made_at + timedelta(hours=1), qemu="8.0")
    others = (
        replace(kept[1], key="form", experiment="another digest"),
        replace(kept[1], key="accel", accel="tcg, deterministic"),
        replace(kept[1], key="cell", levels={"swappiness": 99}),
    )
    found = study(experiment, [*others, *kept, later])
    assert {row.trial.key for row in found.rows} == {"later", kept[1].key}
    assert found.stale == 4


def contrast(experiment: Experiment, metric: str, faults: Mapping[int, tuple[int, ...]]) -> Contrast:
    made = study(experiment, by_swappiness(experiment, faults))
    found = compare(made, made, ("10", "60"), "swappiness").contrasts
    return next(it for it in found if it.metric == metric)


def test_a_difference_is_stated_only_where_the_intervals_say_so(experiment: Experiment) -> None:
    apart = {10: (30, 31, 32, 33, 34), 60: (90, 91, 92, 93, 94)}
    faults = contrast(experiment, "faults", apart)
    assert faults.difference is not None
    assert (faults.difference.by, faults.difference.is_sure, faults.worse) == (60, True, True)
    assert contrast(experiment, "each", apart).worse is None  # nobody said which way is better
    noisy = contrast(experiment, "faults", {10: (1, 50, 100), 60: (2, 60, 99)})
    assert noisy.difference is not None
    assert (noisy.difference.is_sure, noisy.worse) == (False, None)


@pytest.mark.parametrize("repeats", [1, 2])
def test_of_too_few_repeats_nothing_is_sure(experiment: Experiment, repeats: int) -> None:
    found = contrast(experiment, "faults", {10: (30,) * repeats, 60: (90,) * repeats})
    assert found.difference is not None
    assert (found.difference.by, found.difference.is_sure, found.worse) == (60, False, None)


def test_what_became_worse_comes_first(experiment: Experiment) -> None:
    made = study(experiment, by_swappiness(experiment, {10: (30,) * 3, 60: (90,) * 3}))
    assert compare(made, made, ("10", "60"), "swappiness").contrasts[0].metric == "faults"

"""Parameters: the same for a seed for ever, fair, in range, and independent of each other."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from labkit.labfile.draw import environment, expand, parameters
from labkit.labfile.load import load
from labkit.model.lab import Draw, DrawKind, Lab, Tier

CHOICE = Draw(name="cgroup", kind=DrawKind.CHOICE, values=("a", "b", "c"))
SHUFFLE = Draw(name="names", kind=DrawKind.SHUFFLE, values=(1, 2, 3, 4))
RANGE = Draw(name="limit_mib", kind=DrawKind.RANGE, values=(88, 120, 4))


def lab_with(*draws: Draw) -> Lab:
    return Lab(
        id="lab",
        title="",
        question="",
        course="",
        tier=Tier.ROOT,
        folder=Path(),
        digest="",
        draws=draws,
        hand_in=(),
        scenes=(),
        checks=(),
    )


def test_a_seed_draws_the_same_for_ever() -> None:
    """Frozen on purpose: recorded runs must replay."""
    drawn = parameters(lab_with(CHOICE, SHUFFLE, RANGE), "student-17")
    assert dict(drawn) == {"cgroup": "c", "names": (4, 1, 3, 2), "limit_mib": 96}


@given(seed=st.text(), order=st.permutations([CHOICE, SHUFFLE, RANGE]))
def test_the_order_of_the_draws_does_not_matter(seed: str, order: list[Draw]) -> None:
    assert parameters(lab_with(*order), seed) == parameters(lab_with(CHOICE, SHUFFLE, RANGE), seed)


@given(seed=st.text())
def test_a_new_parameter_moves_no_other(seed: str) -> None:
    new = Draw(name="new", kind=DrawKind.RANGE, values=(0, 9, 1))
    few, more = parameters(lab_with(SHUFFLE), seed), parameters(lab_with(new, SHUFFLE), seed)
    assert few["names"] == more["names"]


@given(
    seed=st.text(),
    start=st.integers(-1000, 1000),
    steps=st.integers(0, 500),
    step=st.integers(1, 64),
)
def test_a_range_stays_on_its_steps(seed: str, start: int, steps: int, step: int) -> None:
    draw = Draw(name="n", kind=DrawKind.RANGE, values=(start, start + steps * step, step))
    value = parameters(lab_with(draw), seed)["n"]
    assert isinstance(value, int)
    assert start <= value <= start + steps * step
    assert (value - start) % step == 0


@given(seed=st.text())
def test_choices_and_shuffles_are_of_the_given_values(seed: str) -> None:
    drawn = parameters(lab_with(CHOICE, SHUFFLE), seed)
    names = drawn["names"]
    assert drawn["cgroup"] in CHOICE.values
    assert isinstance(names, tuple)
    assert sorted(names) == [1, 2, 3, 4]


def test_every_value_is_drawn_about_as_often() -> None:
    counts = Counter(parameters(lab_with(RANGE), str(seed))["limit_mib"] for seed in range(1800))
    assert len(counts) == 9
    # 200 expected each; a fair draw leaves 140..260 once in 10^5 tries, and these seeds are fixed
    assert all(140 <= count <= 260 for count in counts.values())


def test_another_lab_draws_other_numbers() -> None:
    own = [parameters(lab_with(RANGE), str(seed)) for seed in range(20)]
    other = [parameters(replace(lab_with(RANGE), id="other"), str(seed)) for seed in range(20)]
    assert own != other


def test_a_step_sees_capitals_and_blanks() -> None:
    assert environment({"names": ("a", 2), "limit_mib": 88}) == {"NAMES": "a 2", "LIMIT_MIB": "88"}


def test_only_parameters_are_expanded() -> None:
    assert expand("/sys/{cgroup}/{other}/{}", {"cgroup": "x"}) == "/sys/x/{other}/{}"


def test_a_lab_file_draws(tiny: Path) -> None:
    assert set(parameters(load(tiny), "s")) == {"limit", "order"}

"""lab1's numbers: what one believes wrongly of an act or a process lies outside of what a prediction may."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from labkit.labfile.draw import parameters
from labkit.labfile.load import load

LAB = load(Path(__file__).resolve().parents[2] / "labs" / "lab1")
CREW = sys.modules[LAB.answers.__module__]
PACKAGE = LAB.answers.__module__.rpartition(".")[0]
TABLES = sys.modules[f"{PACKAGE}.tables"]
TOUR = sys.modules[f"{PACKAGE}.tour"]
SCENES = {scene.name: scene for scene in LAB.scenes}
MIB = 256  # pages
seeds = st.text(min_size=1, max_size=8)


@given(seed=seeds)
def test_everybody_has_a_name_that_a_kernel_keeps_whole(seed: str) -> None:
    names = [member.name for member in CREW.members(parameters(LAB, seed))]
    assert len(set(names)) == 6
    assert all(len(name) <= 15 for name in names)  # TASK_COMM_LEN


@given(seed=seeds)
def test_the_acts_and_the_six_fit_into_their_guests(seed: str) -> None:
    drawn = parameters(LAB, seed)
    sizes = CREW.sizes(drawn)
    assert all(size % 2 == 0 for size in sizes.values())  # the pool is of huge pages
    taken = sum(sizes[act] for act, lines in CREW.ACTS.items() if "MemFree" in lines)
    assert taken < 120  # MiB, of 320
    assert sum(member.resident for member in CREW.members(drawn)) + drawn["file_mib"] * MIB < 120 * MIB


@given(seed=seeds)
def test_wrong_ideas_lie_outside_of_what_a_prediction_may(seed: str) -> None:
    by_kind = dict(
        zip(
            ("write", "huge", "places", "tmpfs", "rounds", "reserve"),
            CREW.members(parameters(LAB, seed)),
            strict=True,
        )
    )
    for kind in ("places", "tmpfs", "rounds"):  # pages asked for and pages resident are two things
        member = by_kind[kind]
        assert member.pages - member.resident > member.pages * TABLES.SHARE + TABLES.BESIDE
        assert member.pages - member.resident > TABLES.RESIDENT_BESIDE
    huge = by_kind["huge"]
    assert huge.pages - huge.resident // 512 > huge.pages * TABLES.TABLE_SHARE + TABLES.TABLE_BESIDE


@given(seed=seeds)
def test_a_sum_that_leaves_something_out_is_found_out(seed: str) -> None:
    assert min(CREW.sizes(parameters(LAB, seed)).values()) * MIB > 2 * TOUR.SUM_TOLERANCE


@given(seed=seeds)
def test_the_solutions_pressure_is_in_the_middle(seed: str) -> None:
    drawn = parameters(LAB, seed)
    press = CREW.key(drawn)["press"]
    room = CREW.PRESSURE_AVAILABLE_MIB - drawn["pool_mib"]
    assert room + 30 < press < room + CREW.PRESSURE_SWAP_MIB - 30


def test_the_acts_are_the_steps_of_the_tour() -> None:
    assert [step.name for step in SCENES["tour"].steps] == ["rest", *CREW.ACTS]

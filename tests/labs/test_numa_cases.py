"""numa's numbers: the key's machine is the lab file's, and every draw of a case shows what it is to show."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from labkit.labfile.load import load

LAB = load(Path(__file__).resolve().parents[2] / "labs" / "numa")
CASES = sys.modules[LAB.answers.__module__]
DRAWS = {draw.name: draw.values for draw in LAB.draws}


def numbers(name: str, value: object) -> tuple[int, ...]:
    found: tuple[int, ...] = CASES.numbers({name: value}, name)
    return found


def test_every_scene_has_the_machine_that_the_key_reckons_with() -> None:
    for scene in LAB.scenes:
        assert scene.machine.distances == CASES.DISTANCES
        with_cpu = tuple(at for at, node in enumerate(scene.machine.nodes) if node.cpus)
        assert with_cpu == CASES.WITH_CPU


def test_fallback_order_is_what_linux_prints_for_this_machine() -> None:
    """`Fallback order for Node …` of 6.1 and 6.12, as their dmesg had it."""
    assert [CASES.fallback(node) for node in CASES.NODES] == [
        (0, 2, 3, 1),
        (1, 3, 2, 0),
        (2, 0, 3, 1),
        (3, 1, 2, 0),
    ]


@pytest.mark.parametrize("case", DRAWS["bind"])
def test_bind_goes_neither_to_the_cpu_s_node_nor_to_the_lower_number(case: str) -> None:
    cpu_node, *allowed = numbers("bind", case)
    assert cpu_node in CASES.WITH_CPU
    assert CASES.nearest(cpu_node, allowed) not in (cpu_node, min(allowed))


@pytest.mark.parametrize("case", DRAWS["spill"])
def test_spill_does_not_go_to_the_cpu_s_node(case: str) -> None:
    cpu_node, preferred = numbers("spill", case)
    assert cpu_node in CASES.WITH_CPU
    assert CASES.fallback(preferred)[1] != cpu_node


@pytest.mark.parametrize("case", DRAWS["interleave"])
def test_interleave_has_the_node_without_a_cpu_among_three(case: str) -> None:
    nodes = numbers("interleave", case)
    assert len(set(nodes)) == 3
    assert set(nodes) - set(CASES.WITH_CPU)


@pytest.mark.parametrize("name", ["spread_pages", "interleave_pages"])
def test_what_takes_turns_over_three_nodes_is_a_multiple_of_three(name: str) -> None:
    first, _, step = DRAWS[name]
    assert first % 3 == step % 3 == 0


def test_a_region_has_another_node_than_its_process_and_less_than_all_of_its_pages() -> None:
    assert all(len(set(numbers("region", case))) == 2 for case in DRAWS["region"])
    assert max(DRAWS["region_from"][:2]) < DRAWS["region_pages"][0]

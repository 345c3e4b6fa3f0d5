"""lab3's numbers: for every draw each wrong belief that the handout speaks of is far from the truth."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.labfile.draw import parameters
from labkit.labfile.load import load

FOLDER = Path(__file__).resolve().parents[2] / "labs" / "lab3"
LAB = load(FOLDER)
STOPS = sys.modules[next(check for check in LAB.checks if check.id == "exact").judge.__module__]
RANGES = {draw.name: draw.values for draw in LAB.draws}
INCLUDES = FOLDER.parents[1] / "images" / "include"


def ends(name: str) -> tuple[int, int]:
    """The smallest and the greatest that anybody gets."""
    return RANGES[name][0], RANGES[name][1]


def test_the_faults_of_exact_are_neither_one_a_page_nor_two() -> None:
    for pages, more in itertools.product(ends("exact_pages"), ends("exact_more")):
        beliefs = (pages, 2 * pages, more, 0)
        assert min(abs(pages + more - belief) for belief in beliefs) > 2 * STOPS.OWN
        assert more < pages  # there is no third fault for a page


def test_the_faults_of_the_huge_mapping_are_no_other_count_that_comes_to_mind() -> None:
    for before, huge, after in itertools.product(ends("before"), ends("huge"), ends("after")):
        whole = before + 512 * huge + after
        beliefs = (0, huge, huge + 1, huge + 2, whole // 512, before, after, before + after, whole, 2 * whole)
        assert before + huge + after not in {near + off for near in beliefs for off in (-2, -1, 0, 1, 2)}


def test_all_of_it_fits_into_the_guest() -> None:
    most = sum(ends(name)[1] for name in ("exact_pages", "exact_more", "twice_pages", "ready_pages"))
    mappings = 2 * (ends("before")[1] + 512 * (ends("huge")[1] + 1) + ends("after")[1])
    assert (most + mappings) * 4096 < LAB.scenes[0].machine.memory // 4


def test_a_seed_has_the_same_numbers_for_ever() -> None:
    assert parameters(LAB, "demo")["exact_pages"] == parameters(LAB, "demo")["exact_pages"]
    drawn = {tuple(parameters(LAB, f"student-{number}").values()) for number in range(50)}
    assert len(drawn) == 50


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
@pytest.mark.parametrize(
    "source",
    sorted(FOLDER.glob("*/*.c")) + sorted(FOLDER.glob("wrong/*/*.c")),
    ids=lambda path: "-".join(path.parts[-3:]),
)
def test_it_compiles_without_a_warning(source: Path, tmp_path: Path) -> None:
    words = ["gcc", "-O1", "-Wall", "-Wextra", "-Werror", "-I", str(INCLUDES), "-c"]
    subprocess.run([*words, "-o", str(tmp_path / "it.o"), str(source)], check=True)

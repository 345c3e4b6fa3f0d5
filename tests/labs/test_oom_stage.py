"""oom's numbers: for every draw it is clear who dies, and whether a promise fits."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.labfile.draw import environment, parameters
from labkit.labfile.load import load
from labkit.labfile.submission import load_submission
from labkit.labfile.tomltext import parse_toml
from labkit.labfile.wrongs import wrongs

FOLDER = Path(__file__).resolve().parents[2] / "labs" / "oom"
LAB = load(FOLDER)
STAGE = sys.modules[LAB.answers.__module__]
DRAWS = {draw.name: draw.values for draw in LAB.draws}
# MemTotal in MiB: 131.2 on 6.12, 136.3 on 6.1; wider, for a kernel of the user's own.
TOTALS_MIB = (129, 131.2, 136.3, 139)
# A process has up to 1 MiB of program beside its memory; counters drift by a quarter of one.
APART_MIB = 3
FREE_ON_NODE_0_MIB = 65  # in the booted guest
SPARE_MIB = 10
SOURCES = sorted(FOLDER.rglob("*.c"))
FLAGS = ["-O1", "-Wall", "-Wextra", "-Werror", "-I", str(FOLDER.parents[1] / "images" / "include")]


def drawn(**some: object) -> dict[str, object]:
    return {**parameters(LAB, "s"), **some}


@pytest.mark.parametrize("sizes", DRAWS["sizes"])
def test_any_two_on_stage_are_apart_and_all_fit_on_node_0(sizes: str) -> None:
    mib = sorted(actor.mib for actor in STAGE.actors(drawn(sizes=sizes)))
    assert all(high - low >= APART_MIB for low, high in itertools.pairwise(mib))
    assert sum(mib) <= FREE_ON_NODE_0_MIB - SPARE_MIB


@pytest.mark.parametrize("sizes", DRAWS["sizes"])
def test_the_biggest_is_wrong_for_two_kinds_and_three_of_them_die_in_all(sizes: str) -> None:
    cast = STAGE.actors(drawn(sizes=sizes))
    victims = STAGE.first_victims(cast)
    biggest = max(cast, key=lambda actor: actor.mib).name
    assert victims["global"] == biggest
    assert sum(name != biggest for name in victims.values()) >= 2
    assert len(set(victims.values())) >= 3


def test_the_limit_of_the_cgroup_holds_its_members_and_leaves_the_hog_room() -> None:
    for sizes in DRAWS["sizes"]:
        assert sum(actor.mib for actor in STAGE.actors(drawn(sizes=sizes)) if actor.mate) <= 24


@pytest.mark.parametrize("commit", DRAWS["commit"])
@pytest.mark.parametrize("total", TOTALS_MIB)
def test_what_is_asked_for_fits_or_does_not_by_ten_mib(commit: str, total: float) -> None:
    ratio, ask = map(int, commit.split())
    room = total * ratio / 100 - STAGE.COMMITTED_MIB
    assert abs(room - ask) >= SPARE_MIB
    assert (ask < room) == STAGE.key(drawn(commit=commit))["ask_fits"]
    assert ask < total - SPARE_MIB  # or mode 0 would refuse it
    assert room >= max(range(8, 25)) + SPARE_MIB  # the window of reserve.c


@pytest.mark.parametrize("pieces", DRAWS["pieces"])
def test_each_piece_is_less_than_the_memory_and_all_are_more(pieces: str) -> None:
    count, mib = map(int, pieces.split())
    assert mib < min(TOTALS_MIB) - SPARE_MIB
    assert count * mib > max(TOTALS_MIB) * 1.3


@given(seed=st.text(alphabet="abc123", max_size=8))
@settings(max_examples=5, deadline=None)
def test_the_guest_s_stage_is_the_one_the_checks_expect(
    seed: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    numbers, work = parameters(LAB, seed), tmp_path_factory.mktemp("lab")
    for name in ("cast", "hog"):
        (work / name).write_text(f'#!/bin/sh\n[ {name} = hog ] || printf "%s\\n" "$@"\n')
        (work / name).chmod(0o755)
    done = subprocess.run(
        ["sh", str(FOLDER / "src" / "event.sh"), "global"],
        cwd=work,
        env={**os.environ, **environment(numbers)},
        capture_output=True,
        text=True,
        check=False,  # there is no such cgroup to empty here
    )
    groups = {(True, False): "near", (False, False): "plain", (False, True): "mates"}
    assert done.stdout.split() == [
        f"{actor.name}:{actor.mib}:/sys/fs/cgroup/stage/{groups[actor.caged, actor.mate]}:"
        + ("0" if actor.bound else "-")
        for actor in STAGE.actors(numbers)
    ]


@given(seed=st.text())
@settings(max_examples=30, deadline=None)
def test_solution_and_wrong_submissions_are_whole_for_any_seed(seed: str) -> None:
    numbers = parameters(LAB, seed)
    right = load_submission(LAB, FOLDER / "solution", numbers)
    assert set(parse_toml(right["predictions.toml"])) == set(
        parse_toml((FOLDER / "starter" / "predictions.toml").read_text(encoding="utf-8"))
    )
    for wrong in wrongs(LAB):
        assert load_submission(LAB, wrong.folder, numbers) != right


def test_every_named_check_of_the_handout_exists_with_its_points() -> None:
    handout = (FOLDER / "README.md.j2").read_text(encoding="utf-8")
    for check in LAB.checks:
        if check.points:
            assert re.search(rf"\| `{check.id}` \| {check.points} \|", handout), check.id


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
@pytest.mark.parametrize("source", SOURCES, ids=lambda path: "-".join(path.parts[-3:]))
def test_it_compiles_without_a_warning(source: Path, tmp_path: Path) -> None:
    subprocess.run(["gcc", *FLAGS, "-c", "-o", str(tmp_path / "it.o"), str(source)], check=True)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
def test_the_survey_tells_of_every_process_that_runs_a_program(tmp_path: Path) -> None:
    survey, sleeper = tmp_path / "survey", tmp_path / "sleeper"
    subprocess.run(["gcc", *FLAGS, "-o", str(survey), str(FOLDER / "src" / "survey.c")], check=True)
    shutil.copy("/bin/sleep", sleeper)
    with subprocess.Popen([sleeper, "60"]) as process:
        told = subprocess.run([survey, str(sleeper)], check=True, capture_output=True, text=True).stdout
        process.kill()
    pid, uid, space, anon = map(int, told.split())
    assert (pid, uid) == (process.pid, os.getuid())
    assert space > anon > 0

"""lab2's numbers: for every draw the kernel's choice is clear, biggest-first is wrong, and a plan exists."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from readings import task

from labkit.labfile.draw import environment, parameters
from labkit.labfile.load import load
from labkit.labfile.submission import load_submission
from labkit.labfile.tomltext import parse_toml
from labkit.labfile.wrongs import wrongs
from labkit.model.units import Size
from labkit.model.witness import Totals

FOLDER = Path(__file__).resolve().parents[2] / "labs" / "lab2"
SOURCES = FOLDER / "src"
LAB = load(FOLDER)
HERD = sys.modules[LAB.answers.__module__]
CHOICE = sys.modules[next(check for check in LAB.checks if check.id == "order").judge.__module__]
CASTS = next(draw.values for draw in LAB.draws if draw.name == "cast")
NAMES = next(draw.values for draw in LAB.draws if draw.name == "names")
# MemTotal of the 256 MiB guest, in MiB: 195.2 on 6.12, 200.3 on 6.1; wider, for a kernel of the user's own.
TOTALS_MIB = (187, 195, 200, 208)
# A twentieth of all memory: page counters drift by a hundred pages, a program has a MiB of its own.
APART = 50
PLANS = (  # what a student may write, valid TOML all of it
    "[adj]\n{a} = 120\n{b} = -130\n",
    "# mine\n\n  [adj] # why\n\t{a}=+120 # first\n{b}   =   -0 # second",
    '[adj]\n"{a}" = 120\n{b} = -130\n',
    "[adj]\r\n{a} = 120\r\n{b} = -130\r\n",
    "adj.{a} = 120\nadj.{b} = -130\n",
    "adj = {{ {a} = 120, {b} = -130 }}\n",
    "[ adj ]\n{a} = 0x78\n{b} = 1_0\n",
    "[adj]\n{a} = 1000\n{b} = -1001\n",
    "[adj]\n{a} = 99999999999999999999\n{b} = 12.0\n",
    "[adj]\n{a} = true\n{b} = '-130'\n",
    '[adj]\nnote = """\n{a} = 7\n"""\n{b} = -130\n',
    '"#" = 1\n[adj]\n{b} = 5\n[other]\n{a} = 7\n',
    "{a} = 7\n[adj]\n{b} = 5\n",
    "[[adj]]\n{a} = 7\n",
    "adj = 7\n",
    "[adj]\nstranger = 5\n",
    "[adj]\n",
    "",
)


def with_cast(cast: object) -> dict[str, object]:
    return {**parameters(LAB, "s"), "cast": cast, "names": NAMES}


def permille(member: object, total: int) -> float:
    return member.mib * 1000 / total + member.adj


@pytest.mark.parametrize("cast", CASTS)
@pytest.mark.parametrize("total", TOTALS_MIB)
def test_any_two_that_can_die_are_a_twentieth_of_the_memory_apart(cast: str, total: int) -> None:
    killable = [member for member in HERD.herd(with_cast(cast)) if member.adj != -1000]
    twins, others = [m for m in killable if m.adj == -400], [m for m in killable if m.adj != -400]
    ranks = sorted(permille(member, total) for member in (*others, twins[0]))
    assert all(high - low >= APART for low, high in itertools.pairwise(ranks))
    assert max(permille(m, total) for m in twins) == ranks[0]


@pytest.mark.parametrize("cast", CASTS)
def test_the_order_is_neither_by_size_nor_by_adjustment_alone(cast: str) -> None:
    four = HERD.candidates(with_cast(cast))
    order = HERD.key(with_cast(cast))["order"]
    assert order != [m.name for m in sorted(four, key=lambda m: m.mib, reverse=True)]
    assert order != [m.name for m in sorted(four, key=lambda m: m.adj, reverse=True)]


@pytest.mark.parametrize("cast", CASTS)
def test_the_protected_one_is_the_biggest(cast: str) -> None:
    herd = HERD.herd(with_cast(cast))
    biggest = max(herd, key=lambda member: member.mib)
    assert biggest.adj == -1000
    assert all(biggest.mib - m.mib >= 8 for m in herd if m is not biggest)


@pytest.mark.parametrize("cast", CASTS)
def test_the_herd_leaves_room_for_the_guest(cast: str) -> None:
    """161 MiB are free in the booted guest: with a tenth left nobody dies before the presser begins."""
    assert sum(member.mib for member in HERD.herd(with_cast(cast))) <= 145


@pytest.mark.parametrize("cast", CASTS)
@pytest.mark.parametrize("total", TOTALS_MIB)
def test_the_solution_s_plan_works_by_the_kernel_s_arithmetic(cast: str, total: int) -> None:
    drawn = with_cast(cast)
    plan = parse_toml(load_submission(LAB, FOLDER / "solution", drawn)["plan.toml"])["adj"]
    ranks = {m.name: m.mib * 1000 / total + plan.get(m.name, 0) for m in HERD.candidates(drawn)}
    by_rank = sorted(ranks, key=ranks.__getitem__)
    facts = HERD.key(drawn)
    assert (by_rank[-1], by_rank[0]) == (facts["plan_first"], facts["plan_lives"])
    lowest, low, high, highest = (ranks[name] for name in by_rank)  # the two between may die in any order
    assert low - lowest >= 45
    assert highest - high >= 45
    assert all(abs(value) <= HERD.PLAN_BOUND for value in plan.values())


@pytest.mark.parametrize("cast", CASTS)
@pytest.mark.parametrize("total", TOTALS_MIB)
def test_a_plan_on_the_scale_of_oom_score_fails_both_ways(cast: str, total: int) -> None:
    drawn = with_cast(cast)
    plan = parse_toml(load_submission(LAB, FOLDER / "wrong" / "score-scale-plan", drawn)["plan.toml"])["adj"]
    ranks = {m.name: m.mib * 1000 / total + plan.get(m.name, 0) for m in HERD.candidates(drawn)}
    facts = HERD.key(drawn)
    died = sorted(ranks, key=ranks.__getitem__, reverse=True)[: CHOICE.PLAN_KILLS]
    assert ranks[died[0]] - ranks[facts["plan_first"]] >= 30
    assert facts["plan_lives"] in died


def on_stage(act: str, drawn: Mapping[str, object], folder: Path) -> list[str]:
    """What the guest's own script says of an act, with the plan.toml of the folder."""
    told = subprocess.run(
        ["sh", str(SOURCES / "acts.sh"), act],
        cwd=folder,
        env={**os.environ, **environment(drawn)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert not told.stderr
    return told.stdout.split()


@given(seed=st.text(alphabet="abc123", max_size=8))
@settings(max_examples=5, deadline=None)
def test_the_guest_s_first_herd_is_the_one_the_checks_expect(
    seed: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    drawn = parameters(LAB, seed)
    expected = [f"{m.name}:{m.mib}:{m.adj}:{m.uid}" for m in HERD.herd(drawn)]
    assert on_stage("first", drawn, tmp_path_factory.mktemp("lab")) == expected


@pytest.mark.parametrize("plan", PLANS)
def test_the_guest_follows_a_plan_however_it_is_written(plan: str, tmp_path: Path) -> None:
    drawn = parameters(LAB, "s")
    text = plan.format(a=HERD.key(drawn)["plan_first"], b=HERD.key(drawn)["plan_lives"])
    (tmp_path / "plan.toml").write_text(text, newline="")
    shutil.copy(SOURCES / "plan.py", tmp_path)
    table = parse_toml(text).get("adj")
    said = table if isinstance(table, dict) else {}
    adj = {name: value for name, value in said.items() if type(value) is int and abs(value) <= 1000}
    four = [f"{m.name}:{m.mib}:{adj.get(m.name, 0)}:{m.uid}" for m in HERD.candidates(drawn)]
    assert on_stage("second", drawn, tmp_path) == four


@given(seed=st.text(alphabet="abc123", max_size=8))
@settings(max_examples=5, deadline=None)
def test_the_plain_plan_of_the_solution_takes_no_python(
    seed: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    drawn = parameters(LAB, seed)
    work = tmp_path_factory.mktemp("lab")  # no plan.py lies here
    plan = load_submission(LAB, FOLDER / "solution", drawn)["plan.toml"]
    (work / "plan.toml").write_text(plan)
    adj = parse_toml(plan)["adj"]
    expected = [f"{m.name}:{m.mib}:{adj.get(m.name, 0)}:{m.uid}" for m in HERD.candidates(drawn)]
    assert on_stage("second", drawn, work) == expected


@given(seed=st.text())
@settings(max_examples=30, deadline=None)
def test_solution_and_wrong_submissions_are_whole_for_any_seed(seed: str) -> None:
    drawn = parameters(LAB, seed)
    right = load_submission(LAB, FOLDER / "solution", drawn)
    for wrong in wrongs(LAB):
        assert load_submission(LAB, wrong.folder, drawn) != right


@given(seed=st.text())
@settings(max_examples=30, deadline=None)
def test_any_three_workers_exceed_the_group_and_one_fits(seed: str) -> None:
    drawn = parameters(LAB, seed)
    assert drawn["workers"] * drawn["worker_mib"] >= 1.3 * drawn["group_mib"]
    assert drawn["worker_mib"] <= 0.8 * drawn["group_mib"]
    assert drawn["hog_mib"] >= 1.5 * drawn["limit_mib"]


@pytest.mark.parametrize(
    ("adj", "rss", "tables", "total", "shown"),
    [
        (-400, 16900, 68, 592212, 419),
        (400, 33268, 100, 592212, 970),
        (0, 56, 28, 592212, 666),
        (-1000, 131476, 292, 592212, 0),
    ],
)
def test_the_score_of_some_known_processes(adj: int, rss: int, tables: int, total: int, shown: int) -> None:
    """Read in real guests, in KiB."""
    process = task(oom_score_adj=adj, rss_anon=Size.kib(rss), rss_file=Size(0), page_tables=Size.kib(tables))
    assert CHOICE.oom_score(process, Totals(ram=Size.kib(total), swap=Size(0))) == shown


def test_every_named_check_of_the_handout_exists_with_its_points() -> None:
    handout = (FOLDER / "README.md.j2").read_text(encoding="utf-8")
    for check in LAB.checks:
        if check.points:
            assert re.search(rf"`{check.id}`.*\| .*{check.points}", handout), check.id


def test_the_starter_is_not_the_solution() -> None:
    for path in (FOLDER / "starter").iterdir():
        solution = FOLDER / "solution" / path.name
        assert not solution.exists() or solution.read_text() != path.read_text()

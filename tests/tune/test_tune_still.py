"""Deterministic guests: the same bytes, instructions that follow the work, and a proof that can fail."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from experiments import HEAD, METRICS, write_experiment

from labkit.model.errors import LabFileError, UsageError
from labkit.model.events import silent
from labkit.model.trial import End
from labkit.store.trials import Trials
from labkit.tune.ask import TuneAsk
from labkit.tune.results import load_study
from labkit.tune.run import run

pytestmark = pytest.mark.guest

FACTORS = """
[[factor]]
name = "kernel"
machine = "kernel"
levels = ["6.1", "6.12"]
[[factor]]
name = "fate"
parameter = "fate"
levels = ["once", "thrice", "panic", "slow", "hog"]
[[setting]]
sysctl = "vm.swappiness"
value = 10
"""
WORKLOAD = """
[workload]
programs = ["count"]
run = '''
case $fate in
once) ./count 1;;
thrice) ./count 3;;
panic) echo c >/proc/sysrq-trigger;;
slow) sleep 1000;;
hog) head -c 8 /dev/urandom | od -x; echo 16M >/sys/fs/cgroup/experiment/memory.max; ./count 0;;
esac
'''
seconds = 10
"""
COUNT = """// SPDX-License-Identifier: GPL-2.0
#include "lab.h"

int main(int count, char **words)
{
	long turns = parse_number(words[count - 1]);
	char *region = map_anonymous(32 * LAB_MIB);

	if (turns == 0)
		memset(region, 1, 32 * LAB_MIB);
	for (long left = turns * 20000000; left; left -= 1000)
		asm volatile("mov $1000, %%ecx\\n1: dec %%ecx\\njnz 1b" : : : "ecx", "cc");
	printf("steps=%ld\\n", turns);
	return 0;
}
"""
INSTRUCTIONS = """
[[metric]]
name = "instructions"
kind = "instructions"
counter = "instructions"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every fate once, on both kernels, in OUT; and the experiment beside it."""
    there = tmp_path_factory.mktemp("still")
    write_experiment(
        there / "x",
        head=HEAD.replace("repeats = 2", "repeats = 1"),
        factors=FACTORS,
        workload=WORKLOAD,
        metrics=METRICS + INSTRUCTIONS,
        sources={"count.c": COUNT},
    )
    made = run(TuneAsk(experiment=str(there / "x"), out=there / "out", deterministic=True), silent)
    assert (made.fresh, made.broken) == (10, ())
    assert [proof.same for proof in made.proofs] == [True, True]
    assert made.is_sound
    return there


def test_every_fate_is_told_without_a_connection(folder: Path) -> None:
    found = {(row.trial.kernel, row.trial.levels["fate"]): row.end for row in load_study(folder / "out").rows}
    assert found == {
        (kernel, fate): end
        for kernel in ("6.1", "6.12")
        for fate, end in {
            "once": End.COMPLETED,
            "thrice": End.COMPLETED,
            "panic": End.PANICKED,
            "slow": End.TIMED_OUT,
            "hog": End.OUT_OF_MEMORY,
        }.items()
    }


def test_instructions_follow_the_work(folder: Path) -> None:
    """A turn of the loop is some instructions; what is around it is the same for both."""
    rows = load_study(folder / "out").rows
    for kernel in ("6.1", "6.12"):
        once, thrice = (
            next(
                row.values["instructions"]
                for row in rows
                if (row.trial.kernel, row.trial.levels["fate"]) == (kernel, fate)
            )
            for fate in ("once", "thrice")
        )
        assert once is not None
        assert thrice is not None
        # Twice 20 million turns of two instructions; and of the timer's ticks, 250 a second of 10⁹ each.
        assert 80e6 <= thrice - once <= 1.1 * 80e6


def test_another_run_says_the_same_bytes_urandom_too(folder: Path, tmp_path: Path) -> None:
    ask = TuneAsk(experiment=str(folder / "x"), out=tmp_path, deterministic=True, only={"fate": ("hog",)})
    run(ask, silent)
    first = {trial.key: trial for trial in Trials(folder=folder / "out").all()}
    for trial in Trials(folder=tmp_path).all():
        assert trial.transcript == first[trial.key].transcript
        assert trial.after == first[trial.key].after
        assert trial.stdout == first[trial.key].stdout != ""


def test_a_trial_that_does_not_repeat_is_found_out(folder: Path, tmp_path: Path) -> None:
    ask = TuneAsk(
        experiment=str(folder / "x"),
        out=tmp_path,
        deterministic=True,
        only={"fate": ("once",), "kernel": ("6.1",)},
    )
    run(ask, silent)
    trials = Trials(folder=tmp_path)
    (trial,) = trials.all()
    trials.put(replace(trial, transcript="0" * 64))
    made = run(replace(ask, only={"fate": ("once",)}), silent)
    assert sorted(proof.same for proof in made.proofs) == [False, True]
    assert not made.is_sound


def test_what_no_such_guest_can_do_is_refused(tmp_path: Path) -> None:
    machine = '[machine]\nnode = [{cpus = 1, memory = "256MiB"}]\nswap = "64MiB"\n'
    swapping = write_experiment(tmp_path / "x", machine=machine)
    ask = TuneAsk(experiment=str(swapping), out=tmp_path / "out")
    with pytest.raises(LabFileError, match="a guest with a disk; leave swap and disks out"):
        run(replace(ask, deterministic=True), silent)
    counting = write_experiment(tmp_path / "y", metrics=INSTRUCTIONS)
    with pytest.raises(UsageError, match="only a deterministic guest counts"):
        run(replace(ask, experiment=str(counting)), silent)

"""Experiments in real guests: knobs proven, deaths as results, a kill that loses only what was in flight."""

from __future__ import annotations

import csv
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from clusters import cluster
from experiments import FACTORS, HEAD, METRICS, write_experiment
from processes import mark_environment, marked_processes

from labkit.model.errors import ExitCode, HostError, UsageError
from labkit.model.events import silent
from labkit.model.trial import End, Row
from labkit.store.trials import Trials
from labkit.tune.ask import TuneAsk
from labkit.tune.check import SKIP, holds, read_formula
from labkit.tune.results import load_study, report
from labkit.tune.run import outlook, run

pytestmark = pytest.mark.guest
LABKIT = Path(sys.executable).with_name("labkit")
GONE_SECONDS = 20.0
Started = tuple[subprocess.Popen[bytes], Mapping[str, str], Path]

FATES = """
[[factor]]
name = "kernel"
machine = "kernel"
levels = ["6.12", "6.1"]
[[factor]]
name = "swappiness"
sysctl = "vm.swappiness"
levels = [10, 201]
[[factor]]
name = "pool"
sysctl = "vm.nr_hugepages"
levels = [3, 400]
[[factor]]
name = "limit"
cgroup = "memory.max"
levels = ["max", "24MiB", 70000000]
[[factor]]
name = "word"
cmdline = "labkit_word={}"
levels = ["a", "b"]
[[factor]]
name = "fate"
parameter = "fate"
levels = ["well", "panic", "hog", "enomem", "fail", "slow", "idle"]
[[setting]]
file = "/sys/kernel/mm/transparent_hugepage/enabled"
value = "madvise"
"""
FATES_WORKLOAD = """
[workload]
prepare = "touch prepared"
run = '''
test -f prepared || exit 9
case $fate in
panic) echo c >/proc/sysrq-trigger;;
hog) echo 24M >/sys/fs/cgroup/experiment/memory.max; tail /dev/zero;;
enomem) exit 12;;
fail) echo oh dear >&2; exit 3;;
slow) sleep 600;;
idle) echo steps=0; exit 0;;
esac
echo steps=5
cat /proc/cmdline
'''
seconds = 15
"""
FATES_METRICS = (
    METRICS
    + """
[[metric]]
name = "faults"
kind = "count"
counter = "vmstat pgfault"
[[metric]]
name = "peak"
kind = "bytes"
gauge = "memory.peak"
[[metric]]
name = "free"
kind = "bytes"
gauge = "meminfo MemFree"
[[invariant]]
holds = "steps > 0"
says = "it did nothing"
[design]
kind = "one-at-a-time"
"""
)


@pytest.fixture(scope="module")
def fates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of each fate once."""
    there = tmp_path_factory.mktemp("fates")
    head = HEAD.replace("repeats = 2", "repeats = 1")
    write_experiment(there / "x", head=head, factors=FATES, workload=FATES_WORKLOAD, metrics=FATES_METRICS)
    made = run(TuneAsk(experiment=str(there / "x"), out=there / "out"), silent)
    assert (made.fresh, made.before, made.broken) == (13, 0, ())
    return there / "out"


@pytest.fixture
def by_cell(fates: Path) -> Mapping[str, tuple[End, str]]:
    """How the trial of each cell ended, by what was moved from the baseline."""
    base = {"kernel": "6.12", "swappiness": 10, "pool": 3, "limit": "max", "word": "a", "fate": "well"}
    found = {}
    for row in load_study(fates).rows:
        moved = [f"{name}={level}" for name, level in row.trial.levels.items() if level != base[name]]
        found[" ".join(moved)] = (row.end, row.why)
    return found


def test_every_fate_is_a_result(by_cell: Mapping[str, tuple[End, str]]) -> None:
    assert {name: end for name, (end, _) in by_cell.items()} == {
        "": End.COMPLETED,
        "kernel=6.1": End.COMPLETED,
        "swappiness=201": End.INVALID,
        "pool=400": End.COMPLETED,
        "limit=24MiB": End.COMPLETED,
        "limit=70000000": End.COMPLETED,
        "word=b": End.COMPLETED,
        "fate=panic": End.PANICKED,
        "fate=hog": End.OUT_OF_MEMORY,
        "fate=enomem": End.ENOMEM,
        "fate=fail": End.FAILED,
        "fate=slow": End.TIMED_OUT,
        "fate=idle": End.INVALID,
    }
    assert "the kernel refuses it: Invalid argument" in by_cell["swappiness=201"][1]
    assert "sysrq triggered crash" in by_cell["fate=panic"][1]
    assert by_cell["fate=fail"][1] == "the workload ended with 3: oh dear"
    assert by_cell["fate=idle"][1] == "it did nothing: steps > 0 does not hold"


def test_what_was_asked_and_what_was_found_both_stand_in_the_table(fates: Path) -> None:
    report(fates)
    with (fates / "results.csv").open(encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    pool = next(row for row in rows if row["pool"] == "400")
    assert 10 < int(pool["effective_pool"]) < 128  # 256 MiB hold fewer than 128 of them
    limit = next(row for row in rows if row["limit"] == "70000000")
    assert limit["effective_limit"] == str(70000000 // 4096 * 4096)
    assert {row["effective_/sys/kernel/mm/transparent_hugepage/enabled"] for row in rows} <= {"madvise", ""}
    assert {row["release"].split(".")[1] for row in rows if row["kernel"] == "6.1"} == {"1"}


def test_parquet_holds_the_same_table(fates: Path) -> None:
    from pyarrow import parquet

    study, page = report(fates)
    table = parquet.read_table(fates / "results.parquet").to_pylist()
    assert len(table) == len(study.rows) == 13
    assert {row["end"] for row in table} == {row.end.value for row in study.rows}
    assert page.read_text(encoding="utf-8").count("<svg") >= 2  # a plot, and how trials ended


def test_the_word_was_on_the_guest_s_command_line(fates: Path) -> None:
    for row in load_study(fates).rows:
        if row.end is End.COMPLETED:
            assert f"labkit_word={row.trial.levels['word']}" in row.trial.stdout.split()


def test_bisect_is_told_good_bad_or_neither(fates: Path) -> None:
    study = load_study(fates)
    kept = [row for row in study.rows if row.end is End.COMPLETED]

    def said(text: str, rows: Iterable[Row]) -> int:
        return holds(study, read_formula(text), {row.trial.key for row in rows})

    assert said("steps == 5 and faults > 0", kept) == ExitCode.PASSED
    assert said("end == 'completed' and steps == 5", study.rows) == ExitCode.NOT_ALL_PASSED
    assert said("faults < 0", kept) == ExitCode.NOT_ALL_PASSED
    invalid = [row for row in study.rows if row.end is End.INVALID]
    assert said("steps == 5", [*kept, *invalid]) == SKIP
    assert said("steps == 5", []) == SKIP
    with pytest.raises(UsageError, match="no metric 'fawlts'"):
        said("fawlts > 1", kept)


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    """A run of twelve trials under way, as a process, and what marks all it starts."""
    write_experiment(
        tmp_path / "x",
        head=HEAD.replace("repeats = 2", "repeats = 6"),
        workload='[workload]\nrun = "sleep 1; echo steps=5"\n',
    )
    mark = mark_environment()
    words: list[str | Path] = [LABKIT, "tune", "run", tmp_path / "x", "--out", tmp_path / "out", "--quiet"]
    process = subprocess.Popen(words, env=mark, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        yield process, mark, tmp_path
    finally:
        process.kill()
        process.communicate()


def wait_for(many: int, folder: Path) -> None:
    until = time.monotonic() + 200
    while len(list(folder.glob("trials/*.json"))) < many:
        assert time.monotonic() < until, "no trial was kept"
        time.sleep(0.1)


def test_a_kill_loses_what_was_in_flight_and_the_same_line_goes_on(started: Started) -> None:
    process, mark, folder = started
    wait_for(2, folder / "out")
    process.send_signal(signal.SIGKILL)
    process.wait()
    until = time.monotonic() + GONE_SECONDS
    while marked_processes(mark) and time.monotonic() < until:
        time.sleep(0.1)
    assert marked_processes(mark) == []
    trials = Trials(folder=folder / "out")
    before = {trial.key: trial for trial in trials.all()}
    assert 2 <= len(before) < 12
    made = run(TuneAsk(experiment=str(folder / "x"), out=folder / "out"), silent)
    assert (made.before, made.fresh) == (len(before), 12 - len(before))
    after = {trial.key: trial for trial in trials.all()}
    assert len(after) == 12
    assert {key: after[key] for key in before} == before


def test_an_interrupt_ends_it_and_every_guest(started: Started) -> None:
    process, mark, folder = started
    wait_for(1, folder / "out")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=GONE_SECONDS)
    assert process.returncode == 130, said
    assert marked_processes(mark) == []


def test_parts_fill_one_folder_and_only_makes_fewer(tmp_path: Path) -> None:
    there = write_experiment(tmp_path / "x")
    ask = TuneAsk(experiment=str(there), out=tmp_path / "out", repeats=1)
    assert run(replace(ask, only={"swappiness": ("60",)}), silent).fresh == 1
    fresh = [run(replace(ask, shard=(part, 2)), silent).fresh for part in (1, 2)]
    assert sum(fresh) == 1
    assert len(load_study(tmp_path / "out").rows) == 2


def test_a_cluster_s_worker_finds_what_this_machine_finds(tmp_path: Path) -> None:
    there = write_experiment(tmp_path / "x")
    ask = TuneAsk(experiment=str(there), out=tmp_path / "here", repeats=1)
    run(ask, silent)
    with cluster(tmp_path / "cluster", "CPU=6,MEM=2000") as workers:
        far = replace(ask, out=tmp_path / "far", pool=workers.pool)
        assert run(far, silent).fresh == 2
        assert run(far, silent).fresh == 0
    rows = {out: load_study(tmp_path / out).rows for out in ("here", "far")}
    assert [(it.trial.key, it.end, it.values) for it in rows["far"]] == [
        (it.trial.key, it.end, it.values) for it in rows["here"]
    ]


def test_a_time_is_refused_under_tcg_unless_it_is_allowed(tmp_path: Path) -> None:
    timed = METRICS.replace('"count"', '"time"')
    there = write_experiment(tmp_path / "x", metrics=timed)
    ask = TuneAsk(experiment=str(there), out=tmp_path / "out", accel="tcg", repeats=1)
    with pytest.raises(UsageError, match="a time, and guests run under TCG"):
        run(ask, silent)
    assert run(replace(ask, allow_tcg_time=True), silent).fresh == 2


def test_the_plan_says_what_it_takes_and_refuses_a_machine_that_cannot_be(tmp_path: Path) -> None:
    found = outlook(str(write_experiment(tmp_path / "x")), {}, None)
    assert (found.cells, found.trials, found.guests) == (2, 4, 1)
    factors = '[[factor]]\nname = "nodes"\nmachine = "nodes"\nlevels = ["256M", "16M"]\n'
    with pytest.raises(Exception, match=r"experiment small: .*16MiB"):
        outlook(str(write_experiment(tmp_path / "y", factors=factors)), {}, None)
    with pytest.raises(UsageError, match="no such level; it has: 10, 60"):
        outlook(str(tmp_path / "x"), {"swappiness": ("61",)}, None)


def test_a_metric_may_be_added_without_a_new_guest(tmp_path: Path) -> None:
    there = write_experiment(tmp_path / "x", factors=FACTORS)
    run(TuneAsk(experiment=str(there), out=tmp_path / "out", repeats=1), silent)
    kept = tmp_path / "out" / "experiment" / "experiment.toml"
    extra = '[[metric]]\nname = "twice"\nkind = "count"\nformula = "steps * 2"\n'
    kept.write_text(kept.read_text() + extra)
    study = load_study(tmp_path / "out")
    assert [row.values["twice"] for row in study.rows] == [10.0, 10.0]


def test_what_analyses_is_asked_for_before_any_guest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    ask = TuneAsk(experiment=str(write_experiment(tmp_path / "x")), out=tmp_path / "out")
    with pytest.raises(HostError, match=r"pyarrow not installed; .*pip install -e '\.\[tune\]'"):
        run(ask, silent)
    assert not (tmp_path / "out").exists()


def test_an_experiment_s_file_may_have_any_name_and_only_its_kernels_are_needed(tmp_path: Path) -> None:
    factors = '[[factor]]\nname = "kernel"\nmachine = "kernel"\nlevels = ["6.12", "of-nobody"]\n'
    there = write_experiment(tmp_path / "x", factors=factors)
    (there / "experiment.toml").rename(there / "mine.toml")
    ask = TuneAsk(experiment=str(there / "mine.toml"), out=tmp_path / "out", repeats=1)
    assert run(replace(ask, only={"kernel": ("6.12",)}), silent).fresh == 1
    assert load_study(tmp_path / "out").rows[0].end is End.COMPLETED
    with pytest.raises(UsageError, match="of-nobody"):
        run(ask, silent)

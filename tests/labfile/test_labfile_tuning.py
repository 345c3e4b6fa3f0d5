"""experiment.toml: what it becomes, and that every slip is named with its key."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from experiments import FACTORS, METRICS, WORKLOAD, write_experiment

from labkit.labfile.tomltext import load_toml
from labkit.labfile.tuning import experiment_schema, load_experiment
from labkit.model.errors import LabFileError
from labkit.model.experiment import DesignKind, Kind, Place, Takes


def test_a_file_becomes_an_experiment(tmp_path: Path) -> None:
    factors = """
[[factor]]
name = "kernel"
machine = "kernel"
levels = ["6.1", "6.12"]
[[factor]]
name = "pool"
sysctl = "vm.nr_hugepages"
levels = [0, 8]
[[factor]]
name = "limit"
cgroup = "memory.max"
levels = ["max", "64MiB"]
[[setting]]
file = "/sys/kernel/mm/lru_gen/enabled"
value = "y"
reads = {y = "0x0007"}
"""
    metrics = """
[[metric]]
name = "faults"
kind = "count"
counter = "vmstat pgfault"
[[metric]]
name = "anon"
kind = "bytes"
gauge = "memory.stat anon"
[[metric]]
name = "share"
kind = "ratio"
formula = "anon / (1 + faults) * pool"
"""
    found = load_experiment(write_experiment(tmp_path, factors=factors, metrics=metrics))
    assert [factor.kind for factor in found.factors] == [Kind.MACHINE, Kind.SYSCTL, Kind.CGROUP]
    assert [knob.path for knob in found.knobs] == [
        "/sys/kernel/mm/lru_gen/enabled",
        "/proc/sys/vm/nr_hugepages",
        "/sys/fs/cgroup/experiment/memory.max",
    ]
    assert [knob.takes for knob in found.knobs] == [Takes.EXACT, Takes.PARTLY, Takes.ROUNDED]
    assert found.places == (
        Place(path="/proc/vmstat", key="pgfault"),
        Place(path="/sys/fs/cgroup/experiment/memory.stat", key="anon"),
    )
    assert found.design.kind is DesignKind.FULL


@pytest.mark.parametrize(
    ("factors", "metrics", "rest", "says"),
    [
        (FACTORS + FACTORS, METRICS, "", "factor[1].name"),
        (FACTORS.replace("sysctl", "sysctls"), METRICS, "", "did you mean 'sysctl'?"),
        (FACTORS.replace("[10, 60]", "[10, 10]"), METRICS, "", "factor[0].levels: a level stands twice"),
        (
            FACTORS.replace('sysctl = "vm.swappiness"', ""),
            METRICS,
            "",
            "factor[0]: found no place; give one of machine",
        ),
        (
            FACTORS.replace('sysctl = "', 'parameter = "x"\nsysctl = "'),
            METRICS,
            "",
            "factor[0]: found sysctl and parameter",
        ),
        (FACTORS + 'reads = {70 = "x"}\n', METRICS, "", "factor[0].reads.70: no such level"),
        (
            FACTORS.replace('sysctl = "vm.swappiness"', 'parameter = "x"\ntakes = "partly"'),
            METRICS,
            "",
            "factor[0].takes: a parameter is not read back",
        ),
        (
            FACTORS + '[[setting]]\nsysctl = "vm.swappiness"\nvalue = 3\n',
            METRICS,
            "",
            "sysctl 'vm.swappiness': it is set twice",
        ),
        (
            FACTORS + '[[setting]]\nparameter = "x"\nvalue = 3\n',
            METRICS,
            "",
            "setting[0]: found parameter, which no guest writes",
        ),
        (FACTORS, METRICS.replace('output = "steps"', ""), "", "metric[0]: found none of its sources"),
        (FACTORS, METRICS.replace("output", "counter"), "", "metric[0].counter: found 'steps'"),
        (
            FACTORS,
            METRICS.replace('output = "steps"', 'formula = "stepz / 2"'),
            "",
            "'stepz' is no factor and no metric above it",
        ),
        (
            FACTORS,
            METRICS.replace('output = "steps"', 'formula = "open(1)"'),
            "",
            "metric[0].formula: found 'open(1)'",
        ),
        (
            FACTORS,
            METRICS.replace('"steps"\nkind', '"swappiness"\nkind'),
            "",
            "'swappiness' is a factor, too",
        ),
        (
            FACTORS,
            METRICS,
            '[[invariant]]\nholds = "stepz > 1"\nsays = "x"\n',
            "invariant[0].holds: 'stepz' is no factor and no metric above it; did you mean 'steps'?",
        ),
        (
            FACTORS,
            METRICS,
            '[[plot]]\nmetric = "steps"\nover = "swapiness"\n',
            "plot[0].over: no factor 'swapiness'; did you mean 'swappiness'?",
        ),
        (
            FACTORS,
            METRICS,
            '[design]\nkind = "paired"\npair = "swapiness"\n',
            "design.pair: found 'swapiness'; did you mean 'swappiness'?",
        ),
        (FACTORS, METRICS, '[design]\nkind = "random"\n', "design.sample: not given"),
        (FACTORS, METRICS, "[design]\nsample = 3\n", "design.sample: a full design has none"),
        (
            FACTORS,
            METRICS,
            '[design]\nkind = "one-at-a-time"\nbaseline = {swappiness = 5}\n',
            "design.baseline.swappiness: 5 is none of its levels",
        ),
    ],
)
def test_a_slip_is_named_with_its_key(
    tmp_path: Path, factors: str, metrics: str, rest: str, says: str
) -> None:
    with pytest.raises(LabFileError) as caught:
        load_experiment(write_experiment(tmp_path, factors=factors, metrics=metrics, rest=rest))
    assert says in str(caught.value)
    assert "experiment.toml" in caught.value.where


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    workload = WORKLOAD + 'programs = ["mix"]\n'
    with pytest.raises(LabFileError, match=r"workload.programs\[0\]: no src/mix.c"):
        load_experiment(write_experiment(tmp_path, workload=workload))


def test_the_digest_is_of_what_shapes_evidence_alone(tmp_path: Path) -> None:
    workload = WORKLOAD + 'programs = ["mix"]\n'
    sources = {"mix.c": "int main(void) { return 0; }\n"}

    def digest(where: str, **parts: str) -> str:
        made = write_experiment(tmp_path / where, **{"workload": workload, **parts}, sources=sources)
        return load_experiment(made).digest

    usual = digest("a")
    plot = '[[plot]]\nmetric = "steps"\nover = "swappiness"\n'
    assert digest("b", rest=plot) == usual
    assert digest("c", metrics=METRICS.replace('name = "steps"', 'name = "n"')) == usual
    assert digest("d", metrics=METRICS.replace('output = "steps"', 'counter = "vmstat pgfault"')) != usual
    assert digest("e", factors=FACTORS.replace("60", "70")) != usual
    sources["mix.c"] += "\n"
    assert digest("f") != usual


def test_the_schema_accepts_what_the_loader_accepts(tmp_path: Path) -> None:
    folder = write_experiment(tmp_path)
    jsonschema.validate(load_toml(folder / "experiment.toml"), json.loads(experiment_schema()))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"id": "x"}, json.loads(experiment_schema()))

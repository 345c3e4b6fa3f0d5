"""The shape of experiment.toml: one pydantic model a table. What they accept is also the JSON Schema."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from labkit.labfile.document import FileName, Identifier, MachineTable, Name, Scalar, Sentence, Table

LevelList = Annotated[list[Scalar], Field(min_length=1)]
GuestPath = Annotated[str, Field(pattern=r"^/[^\x00-\x20]*[^/\x00-\x20]$")]
TakesWord = Literal["exact", "at-least", "partly", "rounded"]
MachineKey = Literal["nodes", "kernel", "cpu_model", "thp", "swap"]


class KnobTable(Table):
    """What is set: one of the keys `machine` to `parameter` says where.

    `reads` are texts that a level reads back as where that is another spelling.
    """

    machine: MachineKey | None = None
    cmdline: Annotated[str, Field(pattern=r"^[^\s]*\{\}[^\s]*$")] | None = None
    sysctl: Annotated[str, Field(pattern=r"^[a-z0-9_-]+(\.[a-zA-Z0-9_-]+)+$")] | None = None
    file: GuestPath | None = None
    cgroup: Annotated[str, Field(pattern=r"^[a-z]+\.[a-z._]+$")] | None = None
    parameter: Identifier | None = None
    takes: TakesWord | None = None
    reads: dict[str, str] = Field(default_factory=dict)


class FactorTable(KnobTable):
    """[[factor]]: a knob that is varied."""

    name: Identifier
    levels: LevelList


class SettingTable(KnobTable):
    """[[setting]]: a knob with one value in every cell."""

    value: Scalar


class DesignTable(Table):
    """[design]: every cell; one factor at a time from a baseline; the two levels of one factor side by side
    in blocks of all others; or a sample of all cells."""

    kind: Literal["full", "one-at-a-time", "paired", "random"] = "full"
    baseline: dict[str, Scalar] = Field(default_factory=dict)
    pair: Identifier | None = None
    sample: Annotated[int, Field(ge=1)] | None = None


class WorkloadTable(Table):
    """[workload]: `prepare` runs before the counters are read, `run` between the readings.

    Programs are src/NAME.c beside the file or of labkit's own; files lie in src/ and come along as they are.
    """

    run: Sentence
    prepare: str = ""
    seconds: Annotated[float, Field(gt=0, strict=False)] = 60.0
    programs: list[Name] = Field(default_factory=list)
    files: list[FileName] = Field(default_factory=list)
    kmod: bool = False


class MetricTable(Table):
    """[[metric]]: `counter` is by how much a number grew, `gauge` what it was at the end ('vmstat pgfault',
    'memory.stat anon', '/sys/… key', '/proc/sys/…'); `output` what the workload printed as NAME=VALUE.
    `better` lets a comparison say which way is worse."""

    name: Identifier
    kind: Literal["count", "bytes", "ratio", "time", "instructions"]
    says: str = ""
    counter: Sentence | None = None
    gauge: Sentence | None = None
    output: Identifier | None = None
    formula: Sentence | None = None
    better: Literal["less", "more"] | None = None


class InvariantTable(Table):
    """[[invariant]]: what must hold for a trial to mean anything."""

    holds: Sentence
    says: Sentence


class PlotTable(Table):
    """[[plot]]: a metric over the levels of a factor, a line or bar for each level of `by`."""

    metric: Identifier
    over: Identifier
    by: Identifier | None = None


class ExperimentDocument(Table):
    """experiment.toml."""

    id: Name
    title: Sentence
    question: Sentence
    expected: Sentence
    repeats: Annotated[int, Field(ge=1)] = 3
    seed: Sentence = "labkit"
    about_seconds: Annotated[float, Field(gt=0, strict=False)] = 3.0
    machine: MachineTable
    design: DesignTable = DesignTable()
    factor: Annotated[list[FactorTable], Field(min_length=1)]
    setting: list[SettingTable] = Field(default_factory=list)
    workload: WorkloadTable
    metric: Annotated[list[MetricTable], Field(min_length=1)]
    invariant: list[InvariantTable] = Field(default_factory=list)
    plot: list[PlotTable] = Field(default_factory=list)

"""An experiment as a value: what is varied, over which levels, by which workload, and what is read.

A *factor* is one thing that is varied, a *level* one of its values, a *cell* one level of every factor, a
*trial* one repeat of a cell in a guest of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from labkit.model.formula import Formula
from labkit.model.machine import MachineSpec

Level = int | str
Levels = Mapping[str, Level]  # a level of every factor, by the factor's name

CGROUP = "/sys/fs/cgroup/experiment"  # what a workload runs in


class Kind(Enum):
    """Where a level goes. The machine's and the command line's need a boot, which a template saves."""

    MACHINE = "machine"
    CMDLINE = "cmdline"
    SYSCTL = "sysctl"
    FILE = "file"
    CGROUP = "cgroup"
    PARAMETER = "parameter"

    @property
    def needs_boot(self) -> bool:
        return self in (Kind.MACHINE, Kind.CMDLINE)

    @property
    def is_written(self) -> bool:
        """Whether it is a file of the running guest, which is read back."""
        return self in (Kind.SYSCTL, Kind.FILE, Kind.CGROUP)


class Takes(Enum):
    """When a knob counts as set, by what it reads back."""

    EXACT = "exact"  # the same number, or the chosen one of 'a [b] c'
    AT_LEAST = "at-least"  # the kernel may give more: min_free_kbytes under khugepaged
    PARTLY = "partly"  # the kernel gives what it can: nr_hugepages
    ROUNDED = "rounded"  # down to whole pages: memory.max


class DesignKind(Enum):
    """Which cells of all are tried."""

    FULL = "full"
    ONE_AT_A_TIME = "one-at-a-time"
    PAIRED = "paired"
    RANDOM = "random"


class MetricKind(Enum):
    """What a number is; under TCG a time says nothing of the kernel."""

    COUNT = "count"
    BYTES = "bytes"
    RATIO = "ratio"
    TIME = "time"
    INSTRUCTIONS = "instructions"  # of the guest, which only a deterministic one counts


class Source(Enum):
    """Where a metric comes from."""

    COUNTER = "counter"  # what a number of a file grew by
    GAUGE = "gauge"  # what it was at the end
    OUTPUT = "output"  # what the workload printed as NAME=VALUE
    FORMULA = "formula"


class Better(Enum):
    """Which way a metric is better, if either."""

    LESS = "less"
    MORE = "more"


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """`target` is what `kind` sets: a key of the machine, a word of the command line with {} for the level, a
    sysctl's name, a path, a file of the cgroup, a variable of the workload's environment.

    `reads` are texts that stand for a level when a knob is read back: lru_gen's 'y' reads 0x0007.
    """

    name: str
    kind: Kind
    target: str
    levels: tuple[Level, ...]
    takes: Takes = Takes.EXACT
    reads: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The file of a knob that is written."""
        if self.kind is Kind.SYSCTL:
            return "/proc/sys/" + self.target.replace(".", "/")
        return f"{CGROUP}/{self.target}" if self.kind is Kind.CGROUP else self.target

    @property
    def is_numeric(self) -> bool:
        """Whether its levels lie on an axis."""
        return all(isinstance(level, int) for level in self.levels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A number in the guest: of `key` in the file at `path`, or all that it holds where `key` is empty.

    It is multiplied by `scale`.
    """

    path: str
    key: str = ""
    scale: int = 1


# In a deterministic guest a nanosecond is an instruction, and the scheduler counts what a cgroup's tasks ran
# (kernel/sched/cputime.c: sum_exec_runtime), in microseconds; the clock itself leaps over idle time.
INSTRUCTIONS = Place(path=f"{CGROUP}/cpu.stat", key="usage_usec", scale=1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A number of every trial. `place` is a counter's or gauge's; `word` what the workload prints it as."""

    name: str
    kind: MetricKind
    source: Source
    says: str = ""
    place: Place | None = None
    word: str = ""
    formula: Formula | None = None
    better: Better | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """What must hold in a trial for its numbers to mean anything."""

    holds: Formula
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """`prepare` runs before the counters are first read, `run` between the readings; both in /lab, in the
    cgroup, with every parameter in the environment. `seconds` is the deadline of each."""

    run: str
    prepare: str = ""
    seconds: float = 60.0
    programs: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    kmod: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """`baseline` is the cell that one factor at a time is moved from; `pair` the factor whose two levels are
    compared within a block; `sample` how many cells are drawn."""

    kind: DesignKind = DesignKind.FULL
    baseline: Levels = field(default_factory=dict)
    pair: str = ""
    sample: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A picture: `metric` over the levels of `over`, a line or a bar for each of `by`'s."""

    metric: str
    over: str
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """`settings` are knobs with one level, set in every cell. `about_seconds` is what a trial takes under TCG
    on an idle core. `digest` is of all that shapes a trial's evidence, not of what is made of it."""

    id: str
    title: str
    question: str
    expected: str
    file: Path
    digest: str
    machine: MachineSpec
    factors: tuple[Factor, ...]
    settings: tuple[Factor, ...]
    design: Design
    repeats: int
    seed: str
    about_seconds: float
    workload: Workload
    metrics: tuple[Metric, ...]
    invariants: tuple[Invariant, ...]
    plots: tuple[Plot, ...]

    @property
    def folder(self) -> Path:
        """Where its src/ is."""
        return self.file.parent

    @property
    def knobs(self) -> tuple[Factor, ...]:
        """All that is written in a running guest, in the order of the file."""
        return tuple(each for each in (*self.settings, *self.factors) if each.kind.is_written)

    @property
    def places(self) -> tuple[Place, ...]:
        """The numbers of the guest that its metrics are made of."""
        return tuple(metric.place for metric in self.metrics if metric.place is not None)

    def metric(self, name: str) -> Metric:
        return next(metric for metric in self.metrics if metric.name == name)

    def factor(self, name: str) -> Factor:
        return next(factor for factor in self.factors if factor.name == name)

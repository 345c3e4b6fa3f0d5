"""Samples of the same thing, done again and again."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from labkit.places import places

Sample = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What was measured, in the order of measuring; `unit` is s or MiB."""

    name: str
    samples: tuple[float, ...]
    unit: str = "s"

    @property
    def median(self) -> float:
        return statistics.median(self.samples)

    @property
    def row(self) -> tuple[str, ...]:
        numbers = (self.median, min(self.samples), max(self.samples))
        return (self.name, self.unit, str(len(self.samples)), *(f"{number:.3g}" for number in numbers))


def measure(name: str, count: int, sample: Sample) -> Measure:
    return in_turn({name: sample}, count)[0]


def in_turn(samples: Mapping[str, Sample], count: int) -> tuple[Measure, ...]:
    """`count` samples of each, one of each at a time: what disturbs the host disturbs all alike."""
    taken: dict[str, list[float]] = {name: [] for name in samples}
    print(f"{', '.join(samples)} …", flush=True)
    for _ in range(count):
        for name, sample in samples.items():
            taken[name].append(round(sample(), 4))
    return tuple(Measure(name=name, samples=tuple(numbers)) for name, numbers in taken.items())


def command(*words: str | Path, says: str = "", env: Mapping[str, str] | None = None) -> Sample:
    """Seconds of a whole process that must succeed and, where `says` is given, print just that."""

    def sample() -> float:
        began = time.monotonic()
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=env or usual(), check=True, text=True
        )
        took = time.monotonic() - began
        if says and done.stdout.strip() != says:
            raise ValueError(f"{words[0]} printed {done.stdout!r}, not {says!r}")
        return took

    return sample


def usual() -> dict[str, str]:
    """The environment, with Python's bytecode kept as it is by default, but not in the checkout."""
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**plain, "PYTHONPYCACHEPREFIX": str(places().cache / "bench" / "bytecode")}

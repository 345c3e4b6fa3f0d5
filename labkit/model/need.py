"""What a task takes of a host while it runs, and what a host has to give."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.model.units import Size

NOTHING = Size(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Cores that a task keeps busy, memory that it may come to use, and whether it executes under KVM."""

    cpus: int = 1
    memory: Size = NOTHING
    kvm: bool = False

    def __post_init__(self) -> None:
        if self.cpus < 0 or self.memory < 0:
            raise ValueError(f"a task cannot need {self.cpus} cores and {self.memory}")

    def __str__(self) -> str:
        return _spelled(self.cpus, self.memory, self.kvm)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What all tasks that run at once may take together."""

    cpus: int
    memory: Size = NOTHING
    kvm: bool = False

    def __post_init__(self) -> None:
        if self.cpus < 1 or self.memory < 0:
            raise ValueError(f"nothing runs on {self.cpus} cores and {self.memory}")

    def fitting(self, need: Need) -> int:
        """How many such tasks fit at once; one that fits only alone counts."""
        by_cpus = self.cpus // max(1, min(need.cpus, self.cpus))
        by_memory = self.memory // need.memory if need.memory else by_cpus
        return min(by_cpus, by_memory)

    def __str__(self) -> str:
        return _spelled(self.cpus, self.memory, self.kvm)


def _spelled(cpus: int, memory: Size, kvm: bool) -> str:
    words = [f"{cpus} core" if cpus == 1 else f"{cpus} cores", f"{memory >> 20} MiB"]
    return ", ".join([*words, "KVM"] if kvm else words)

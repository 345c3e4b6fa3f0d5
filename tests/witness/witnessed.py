"""Guests with a witness beside them, for the tests and the soak."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from drgn import Program
from guests import raise_guest

from labkit.build.cache import Cache
from labkit.build.pack import pack
from labkit.guest.capture import capture
from labkit.model.events import silent
from labkit.model.machine import MachineSpec, Node
from labkit.model.physical import ram_ranges
from labkit.model.units import Deadline, Size
from labkit.model.witness import Probe, Reading
from labkit.places import places
from labkit.stage import Stage
from labkit.witness.attach import Witness, attach

KERNELS = ("6.1", "6.12")
EVERYTHING = tuple(Probe)
_TRIES = 20


def two_nodes(kernel: str) -> MachineSpec:
    node = Node(cpus=1, memory=Size.mib(256))
    return MachineSpec(nodes=(node, node), kernel=kernel, swap=Size.mib(64))


def symbols(kernel: str) -> Path:
    """The kernel's symbols, built on first use."""
    here = places()
    found = pack(Cache(here.cache), kernel, here.images, silent, symbols=True).symbols
    assert found is not None
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A guest and its witness."""

    stage: Stage
    witness: Witness
    prog: Program

    def run(self, command: str) -> str:
        """What a command in the guest prints; it must succeed."""
        deadline = Deadline.after(60, command)
        return self.stage.guest.ask(command, deadline=deadline).decode()

    def file(self, path: str) -> str:
        """A guest file, read without starting a process."""
        (found,) = capture(self.stage.guest, [path], Deadline.after(30, path)).files
        assert found.data is not None
        return found.data.decode()

    def read(self, *probes: Probe, pids: tuple[int, ...] = ()) -> Reading:
        return self.witness.read(probes, Deadline.after(30, "witness"), pids=pids)


def quietly(pair: Pair, path: str, *probes: Probe) -> tuple[str, Reading]:
    """What a guest file says both before and after a reading: then it also held at the reading."""
    for _ in range(_TRIES):
        before = pair.file(path)
        reading = pair.read(*probes)
        if pair.file(path) == before:
            return before, reading
    raise AssertionError(f"{path} said something else every time")


@contextmanager
def witnessed(machine: MachineSpec, record: Path, *, cold: bool = False) -> Iterator[Pair]:
    """A guest as by raise_guest, with a witness attached."""
    file = symbols(machine.kernel)
    with (
        raise_guest(machine, record, cold=cold) as stage,
        attached(stage, machine, file) as witness,
        witness.memory(Deadline.after(30, "witness")) as memory,
    ):
        yield Pair(stage=stage, witness=witness, prog=memory.prog)


def attached(stage: Stage, machine: MachineSpec, file: Path) -> AbstractContextManager[Witness]:
    """A witness of a guest, with the symbols in `file`."""
    return attach(
        stage.vm.plan.witness_socket,
        file,
        pid=stage.vm.pid,
        ranges=ram_ranges(tuple(node.memory for node in machine.nodes), machine.max_ram_below_4g),
        deadline=Deadline.after(30, "witness"),
    )

"""What is in a process' pages: whoever only reserved memory has none, whoever never wrote has only zeroes."""

from __future__ import annotations

import numpy as np
from drgn import FaultError
from numpy.typing import NDArray

from labkit.model.mapped import Contents
from labkit.model.units import Size
from labkit.model.witness import PAGE
from labkit.witness.memory import Memory, NonsenseError, TooMuchError
from labkit.witness.ram import Ram, read_heads
from labkit.witness.tables import MAX_PROCESSES, Leaves, walk
from labkit.witness.tasks import mm_of, process_addresses

MAX_PAGES = Size.gib(1) // PAGE  # of one process
_WORDS = PAGE // 8
_HEAD = 8  # words: most pages with data show it there
_AT_ONCE = 4096  # pages read whole together


def read_contents(memory: Memory, ram: Ram, comms: tuple[str, ...]) -> tuple[Contents, ...]:
    """The contents of every process that has one of these names, the first MAX_PROCESSES of them.

    One that has more page tables than are looked through counts as empty: a program can have them without
    any memory of its own, and that is no reason not to judge it. Raises NonsenseError.
    """
    found: list[Contents] = []
    for address in process_addresses(memory):
        if len(found) == MAX_PROCESSES:
            break
        task = memory.at("struct task_struct", address)
        comm = task.comm.string_().decode("utf-8", "replace")
        mm = mm_of(memory, task) if comm in comms else None
        if mm is not None:
            pid = task.pid.value_()
            try:
                leaves = walk(memory, pid, mm.pgd.value_()).leaves
                frames = _frames(memory, pid, leaves)
            except TooMuchError:
                leaves, frames = (), np.zeros(0, dtype=np.int64)
            mapped, filled = Size(PAGE * len(frames)), Size(PAGE * _filled(ram, frames))
            zero = Size(sum(each.size * int(each.zero(memory).sum()) for each in leaves))
            found.append(Contents(pid=pid, comm=comm, mapped=mapped, filled=filled, zero=zero))
    return tuple(found)


def _frames(memory: Memory, pid: int, walked: tuple[Leaves, ...]) -> NDArray[np.int64]:
    """The frames that a process maps, ascending, each once."""
    found = np.zeros(0, dtype=np.int64)
    for leaves in walked:
        first = leaves.frames()[~leaves.special() & ~leaves.zero(memory)].astype(np.int64)
        first = np.unique(first)  # one frame may be mapped as often as one likes
        if not len(first):  # one leaf of the top level would be 134 million pages
            continue
        if len(found) + len(first) * (leaves.size // PAGE) > MAX_PAGES:
            raise TooMuchError(f"process {pid} maps more than {MAX_PAGES} frames")
        found = np.union1d(found, (first[:, None] + np.arange(leaves.size // PAGE)).ravel())
    return found


def _filled(ram: Ram, frames: NDArray[np.int64]) -> int:
    """How many of these hold something. Raises NonsenseError."""
    try:
        addresses = ram.addresses(frames)
    except FaultError as error:
        raise NonsenseError(f"a page table names a frame where no memory is ({error})") from error
    seen = read_heads(ram.pid, addresses, _HEAD).any(axis=1)
    filled, doubtful = int(seen.sum()), addresses[~seen]
    for at in range(0, len(doubtful), _AT_ONCE):
        whole = read_heads(ram.pid, doubtful[at : at + _AT_ONCE], _WORDS)
        filled += int(whole.any(axis=1).sum())
    return filled

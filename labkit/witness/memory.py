"""A guest kernel's memory, read with a bound on everything: a hostile one ends in an error, not in a loop."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from drgn import FaultError, Object, OutOfBoundsError, Program, Type, offsetof

MAX_NODES = 128
MAX_CPUS = 256
MAX_TEXT = 256
MAX_STEPS = 1 << 21  # along all lists of one reading: a few seconds at worst
_KERNEL_HALF = 1 << 63


class NonsenseError(Exception):
    """The guest's memory does not hold what a kernel would hold there."""


class TooMuchError(NonsenseError):
    """More than is looked through: a kernel may hold it, and whoever made it so may have wanted that."""


# What a guest whose memory is nonsense makes of reading it.
NONSENSE = (NonsenseError, FaultError, OutOfBoundsError, OverflowError, ValueError, IndexError)


class Memory:
    """One guest's kernel: its symbols and types through drgn, its lists followed no further than allowed."""

    def __init__(self, prog: Program) -> None:
        self.prog = prog
        self.steps_left = MAX_STEPS
        self._constants: dict[str, int] = {}
        self._known: dict[str, bool] = {}
        self._types: dict[str, Type] = {}
        self._offsets: dict[tuple[str, str], int] = {}

    def number(self, name: str) -> int:
        """The value of a kernel's variable, read now, or of a constant."""
        if name in self._constants:
            return self._constants[name]
        found = self.prog[name]
        value = int(found.value_())
        if found.address_ is None:
            self._constants[name] = value
        return value

    def constant(self, name: str, otherwise: int) -> int:
        """The value of an enumerator; `otherwise` in a kernel that has none of this name."""
        try:
            return self.number(name)
        except LookupError:
            return otherwise

    def has(self, name: str) -> bool:
        if name not in self._known:
            try:
                self.prog[name]
            except LookupError:
                self._known[name] = False
            else:
                self._known[name] = True
        return self._known[name]

    def type(self, name: str) -> Type:
        if name not in self._types:
            self._types[name] = self.prog.type(name)
        return self._types[name]

    def offset(self, name: str, member: str) -> int:
        """Where a member stands in its structure, in bytes."""
        key = (name, member)
        if key not in self._offsets:
            self._offsets[key] = int(offsetof(self.type(name), member))
        return self._offsets[key]

    def at(self, name: str, address: int) -> Object:
        """A whole structure, copied now."""
        return Object(self.prog, self.type(name), address=address).read_()

    def word(self, address: int) -> int:
        return int(self.prog.read_u64(address))

    def read(self, address: int, size: int) -> bytes:
        return bytes(self.prog.read(address, size))

    def spend(self, steps: int) -> None:
        """Take so many steps along a list. Raises NonsenseError when all together are too many."""
        self.steps_left -= steps
        if self.steps_left < 0:
            raise NonsenseError(f"its lists have more than {MAX_STEPS} entries in all")

    def string(self, address: int) -> str:
        return bytes(self.prog.read_c_string(address, max_size=MAX_TEXT)).decode("utf-8", "replace")

    def follow(self, head: int, limit: int, what: str) -> Iterator[int]:
        """The addresses of a circular list's entries (of their list_head), the head left out.

        Raises NonsenseError beyond `limit` entries, or for a link that leads out of the kernel.
        """
        entry = self.word(head)
        for _ in range(limit):
            if entry == head:
                return
            if entry < _KERNEL_HALF:
                raise NonsenseError(f"{what}: a link leads to {entry:#x}")
            self.spend(1)
            yield entry
            entry = self.word(entry)
        if entry != head:
            raise NonsenseError(f"{what}: no end after {limit} entries")

    def entries(self, head: int, name: str, member: str, limit: int) -> Iterator[int]:
        """The addresses of the structures on a list."""
        offset = self.offset(name, member)
        for entry in self.follow(head, limit, f"list of {name}"):
            yield entry - offset

    @functools.cached_property
    def nodes(self) -> tuple[int, ...]:
        """Nodes that are online, never more than a machine may have."""
        return self._set_bits(self.prog["node_states"][self.prog["N_ONLINE"]].bits.address_, MAX_NODES)

    @functools.cached_property
    def cpus(self) -> tuple[int, ...]:
        return self._set_bits(self.prog["__cpu_online_mask"].address_, MAX_CPUS)

    def per_cpu(self, address: int) -> tuple[tuple[int, int], ...]:
        """Each CPU and where it keeps its own copy of what is at a per-CPU address."""
        base = self.prog["__per_cpu_offset"]
        return tuple((cpu, (address + base[cpu].value_()) & (2**64 - 1)) for cpu in self.cpus)

    def per_cpu_sum(self, address: int, size: int) -> int:
        """The sum of a signed per-CPU counter of `size` bytes."""
        return sum(
            int.from_bytes(self.read(place, size), "little", signed=True)
            for _, place in self.per_cpu(address)
        )

    def _set_bits(self, address: int | None, count: int) -> tuple[int, ...]:
        if address is None:
            raise NonsenseError("a mask without an address")
        mask = int.from_bytes(self.read(address, count // 8), "little")
        return tuple(bit for bit in range(count) if mask >> bit & 1)

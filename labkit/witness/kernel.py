"""A kernel's symbols, loaded once for all of its guests: what differs between these is their memory alone.

labkit boots its guests with `nokaslr`, so what a kernel notes of itself in vmcoreinfo (Linux
Documentation/admin-guide/kdump/vmcoreinfo.rst) is the same text in every guest of one kernel and CPU model,
and tells two that are not alike apart.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from drgn import Architecture, FaultError, ModuleFileStatus, Platform, Program

from labkit.model.errors import Broken, DeadlineExpired
from labkit.model.units import Deadline
from labkit.model.witness import Probe
from labkit.witness.ram import Ram

logging.getLogger("drgn").addHandler(logging.NullHandler())  # it would warn on stderr; load_kernel() raises

_PHYSICAL = 1 << 52  # bytes: Intel SDM vol. 1, 3.3.1, the most that a processor may address
_loading = threading.Lock()
_loaded: dict[tuple[Path, bytes], Kernel] = {}


@contextmanager
def held(lock: threading.Lock | threading.RLock, deadline: Deadline) -> Iterator[None]:
    """A lock, had by the deadline. Raises DeadlineExpired."""
    if not lock.acquire(timeout=deadline.remaining):
        raise DeadlineExpired(
            phase=deadline.phase,
            seconds=deadline.seconds,
            where="the witness",
            fix="other guests of this kernel are read for too long: is the host overloaded?",
        )
    try:
        yield
    finally:
        lock.release()


class Kernel:
    """Symbols and types of one kernel, held against the memory of one guest at a time."""

    def __init__(self, vmcoreinfo: bytes, symbols: Path) -> None:
        self._ram: Ram | None = None
        self._turn = threading.RLock()
        self.rehearsed: set[Probe] = set()  # what was read once: drgn has looked its types up
        self.prog = Program(Platform(Architecture.X86_64))
        self.prog.set_linux_kernel_custom(vmcoreinfo, True)
        self.prog.add_memory_segment(0, _PHYSICAL, self._read, True)
        self.prog.load_debug_info([symbols])
        # A file with another build ID is passed over in silence.
        if self.prog.main_module().debug_file_status is not ModuleFileStatus.HAVE:
            raise Broken(
                where=str(symbols),
                found="these are not the symbols of the guest's kernel",
                fix="remove them (`labkit image rm NAME`) and have them built again",
            )

    @contextmanager
    def of(self, ram: Ram, deadline: Deadline) -> Iterator[Program]:
        """The program whose memory is this guest's within; other threads wait for their turn.

        Raises DeadlineExpired when it does not come.
        """
        with held(self._turn, deadline):
            before, self._ram = self._ram, ram
            try:
                # What drgn or we have looked up by names that belong to one guest.
                self.prog.cache.pop("labkit_cgroup_paths", None)
                yield self.prog
            finally:
                self._ram = before

    def _read(self, address: int, count: int, _offset: int, _physical: bool) -> bytes:
        if self._ram is None:
            raise FaultError("no guest is looked at", address)
        return self._ram.read(address, count)


def load_kernel(vmcoreinfo: bytes, symbols: Path, deadline: Deadline) -> Kernel:
    """The kernel that says this of itself; `symbols` is a vmlinux with its DWARF. Loaded once a process.

    Raises Broken when the symbols are another kernel's, DeadlineExpired when others load theirs for too long.
    """
    key = (symbols, vmcoreinfo)
    with held(_loading, deadline):
        if key not in _loaded:
            _loaded[key] = Kernel(vmcoreinfo, symbols)
        return _loaded[key]

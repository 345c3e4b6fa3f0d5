"""A witness of one guest: attached past the guest's own words, read while the guest stands still."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from drgn import Program, ProgramFlags

from labkit.model.errors import Broken, HostError
from labkit.model.mapped import Contents, PageTables
from labkit.model.physical import Range
from labkit.model.ram_map import RamMap
from labkit.model.tags import Tags
from labkit.model.units import Deadline
from labkit.model.witness import Incoherent, Look, Probe, Reading
from labkit.witness.cgroups import read_memcgs
from labkit.witness.contents import read_contents
from labkit.witness.counters import read_hugepages, read_thp, read_totals, read_vmstat
from labkit.witness.frames import Frames, draw_ram, load_frames
from labkit.witness.kernel import Kernel, load_kernel
from labkit.witness.log import read_dmesg
from labkit.witness.memory import NONSENSE, Memory
from labkit.witness.modules import read_modules
from labkit.witness.monitor import Monitor, dialled
from labkit.witness.page_map import draw_map
from labkit.witness.ram import Ram, find_pieces, opened_ram
from labkit.witness.slabs import read_slabs
from labkit.witness.tables import read_page_tables
from labkit.witness.tags import scan
from labkit.witness.tasks import read_tasks
from labkit.witness.text import read_text
from labkit.witness.zones import any_locked, read_zones

_WHERE = "the witness"
_CALM_STOPS = 20
_OF_ZONES = (Probe.ZONES, Probe.MAP)
_BETWEEN_STOPS = 0.001  # seconds that the guest may go on when it was stopped in the middle of a change


@dataclass(frozen=True, slots=True, kw_only=True)
class TagsOf:
    """Which tagged pages are looked for: those of a nonce, in RAM and in the image of the swap disk."""

    nonce: int
    swap: Path | None


@dataclass(slots=True, kw_only=True)
class _Instant:
    """What several probes of one stop share."""

    memory: Memory
    ram: Ram
    loaded: Frames | None = None
    drawn: RamMap | None = None

    def frames(self) -> Frames:
        if self.loaded is None:
            self.loaded = load_frames(self.memory)
        return self.loaded

    def ram_map(self) -> RamMap:
        if self.drawn is None:
            self.drawn = draw_ram(self.memory, self.frames())
        return self.drawn


_Work = tuple[Probe, str, Callable[[_Instant], Any]]  # its field of Reading, and how it is read

_PROBES: dict[Probe, tuple[str, Callable[[_Instant], Any]]] = {
    Probe.ZONES: ("zones", lambda now: read_zones(now.memory, now.frames())),
    Probe.TASKS: ("tasks", lambda now: read_tasks(now.memory)),
    Probe.MEMCGS: ("memcgs", lambda now: read_memcgs(now.memory)),
    Probe.SLABS: ("slabs", lambda now: read_slabs(now.memory)),
    Probe.HUGEPAGES: ("hugepages", lambda now: read_hugepages(now.memory)),
    Probe.VMSTAT: ("vmstat", lambda now: read_vmstat(now.memory)),
    Probe.TOTALS: ("totals", lambda now: read_totals(now.memory)),
    Probe.THP: ("thp", lambda now: read_thp(now.memory)),
    Probe.MODULES: ("modules", lambda now: read_modules(now.memory)),
    Probe.DMESG: ("dmesg", lambda now: read_dmesg(now.memory)),
    Probe.RAM: ("ram", lambda now: now.ram_map()),
    Probe.MAP: ("map", lambda now: draw_map(now.memory, now.frames(), now.ram_map(), now.ram.pieces)),
    Probe.TEXT: ("text", lambda now: read_text(now.memory)),
}


class Witness:
    """Reads one guest's memory from the host. Not for two threads at once."""

    def __init__(self, monitor: Monitor, kernel: Kernel, ram: Ram) -> None:
        self._monitor = monitor
        self._kernel = kernel
        self._ram = ram

    def look(self, look: Look, deadline: Deadline, tags: TagsOf | None = None) -> Reading:
        """What `look` asks for, as `read` does; `tags` says which ones, where it asks for tagged pages."""
        return self.read(
            look.probes,
            deadline,
            contents_of=look.contents_of,
            tables_of=look.tables_of,
            tags=tags if look.tags else None,
        )

    def read(
        self,
        probes: tuple[Probe, ...],
        deadline: Deadline,
        *,
        pids: tuple[int, ...] = (),
        contents_of: tuple[str, ...] = (),
        tables_of: tuple[str, ...] = (),
        tags: TagsOf | None = None,
    ) -> Reading:
        """Stop the guest, read all of `probes`, the page tables of `pids` and of the processes called
        `tables_of`, what is in the pages of those called `contents_of`, where pages with `tags` lie, and let
        it go on.

        If zones or the map are asked for, the guest is stopped when nobody is changing a zone; that takes up
        to 20 short stops. What makes no sense is told in `incoherent`: a hostile kernel can write anything.
        Raises Broken when QEMU is gone or the symbols are not this kernel's, DeadlineExpired.
        """
        with self._kernel.of(self._ram, deadline) as prog:
            self._rehearse(prog, probes)
            wanted = [(probe, *_PROBES[probe]) for probe in probes]
            if pids or tables_of:
                wanted.append((Probe.TASKS, "page_tables", partial(_page_tables, pids, tables_of)))
            if contents_of:
                wanted.append((Probe.TASKS, "contents", partial(_contents, contents_of)))
            if tags is not None:
                wanted.append((Probe.TAGS, "tags", partial(_tags, tags)))
            return self._stopped(prog, tuple(wanted), deadline)

    @contextmanager
    def memory(self, deadline: Deadline) -> Iterator[Memory]:
        """The guest's memory itself, for whoever stops the guest otherwise."""
        with self._kernel.of(self._ram, deadline) as prog:
            yield Memory(prog)

    def _stopped(self, prog: Program, wanted: tuple[_Work, ...], deadline: Deadline) -> Reading:
        paused = 0.0
        for stops in range(1, _CALM_STOPS + 1):
            began, taken_at = time.monotonic(), time.time()
            with self._monitor.paused(deadline):
                # Names of cgroups may change while the guest runs.
                prog.cache.pop("labkit_cgroup_paths", None)
                now = _Instant(memory=Memory(prog), ram=self._ram)
                calm = stops == _CALM_STOPS or not _busy(now.memory, wanted)
                if calm:
                    found, incoherent = _gather(now, wanted)
            paused += time.monotonic() - began
            if calm:
                break
            time.sleep(_BETWEEN_STOPS)
        return Reading(
            taken_at=taken_at, paused_seconds=paused, stops=stops, incoherent=tuple(incoherent), **found
        )

    def _rehearse(self, prog: Program, probes: tuple[Probe, ...]) -> None:
        """Read once while the guest runs, for nothing: drgn looks a type up at its first use.

        That takes up to 30 ms, for which the guest need not stand still.
        """
        new = [probe for probe in probes if probe not in self._kernel.rehearsed]
        if new:
            _gather(
                _Instant(memory=Memory(prog), ram=self._ram), tuple((probe, *_PROBES[probe]) for probe in new)
            )
            self._kernel.rehearsed.update(new)


def _busy(memory: Memory, wanted: tuple[_Work, ...]) -> bool:
    """Whether somebody is in the middle of changing what is asked for."""
    if all(probe not in _OF_ZONES for probe, *_ in wanted):
        return False
    try:
        return any_locked(memory)
    except NONSENSE:
        return False  # the probe itself will say so


def _gather(now: _Instant, wanted: tuple[_Work, ...]) -> tuple[dict[str, Any], list[Incoherent]]:
    found: dict[str, Any] = {}
    incoherent: list[Incoherent] = []
    for probe, name, work in wanted:
        try:
            found[name] = work(now)
        except NONSENSE as error:
            incoherent.append(Incoherent(probe=probe, found=str(error)))
        except (LookupError, AttributeError) as error:
            raise unlike(error) from error
        except OSError as error:
            raise Broken(
                where=_WHERE, found=f"QEMU's memory cannot be read: {error.strerror}", fix="see qemu.log"
            ) from error
    return found, incoherent


def _page_tables(pids: tuple[int, ...], comms: tuple[str, ...], now: _Instant) -> tuple[PageTables, ...]:
    return read_page_tables(now.memory, now.ram_map(), pids=pids, comms=comms)


def _contents(comms: tuple[str, ...], now: _Instant) -> tuple[Contents, ...]:
    return read_contents(now.memory, now.ram, comms)


def _tags(wanted: TagsOf, now: _Instant) -> Tags:
    return scan(now.ram.pid, now.ram.pieces, wanted.nonce, wanted.swap)


@contextmanager
def attach(
    socket: Path, symbols: Path, *, pid: int, ranges: Sequence[Sequence[Range]], deadline: Deadline
) -> Iterator[Witness]:
    """A witness over the monitor at `socket` of QEMU, which is process `pid`.

    `symbols` is a vmlinux with DWARF of the guest's kernel, `ranges` each node's memory as model.physical has
    it. Raises Broken when QEMU does not answer or the guest has told nothing about its kernel, HostError when
    this user may not read QEMU's memory.
    """
    with dialled(socket) as monitor:
        kernel = load_kernel(_vmcoreinfo(monitor), symbols, deadline)
        pieces = find_pieces(ranges, lambda line: monitor.hmp(line, deadline))
        with opened_ram(pid, pieces) as ram:
            yield Witness(monitor, kernel, ram)


@contextmanager
def peek(
    socket: Path, symbols: Path, *, pid: int, ranges: Sequence[Sequence[Range]], deadline: Deadline
) -> Iterator[Memory]:
    """The memory of a guest that runs on and is never stopped. Raises what `attach` does.

    QEMU's monitor is hung up before the first look: whoever else wants to stop the guest may.
    """
    with dialled(socket) as monitor:
        kernel = load_kernel(_vmcoreinfo(monitor), symbols, deadline)
        pieces = find_pieces(ranges, lambda line: monitor.hmp(line, deadline))
    with opened_ram(pid, pieces) as ram, kernel.of(ram, deadline) as prog:
        yield Memory(prog)


def _vmcoreinfo(monitor: Monitor) -> bytes:
    """What the guest's kernel notes of itself, which drgn finds over QEMU's monitor."""
    prog = Program()
    try:
        prog.set_qemu_qmp(monitor.descriptor())
    except PermissionError as error:
        raise HostError(
            where=_WHERE,
            found=f"QEMU's memory cannot be read: {error}",
            fix="allow ptrace of own children (sysctl kernel.yama.ptrace_scope=1)",
        ) from error
    if not prog.flags & ProgramFlags.IS_LINUX_KERNEL:
        raise Broken(
            where=_WHERE,
            found="the guest wrote no vmcoreinfo",
            fix="load qemu_fw_cfg in it, as images/init.sh.j2 does",
        )
    return bytes(prog["VMCOREINFO"].string_())


def unlike(error: Exception) -> Broken:
    """What there is to say of a kernel without the types or names that are read."""
    return Broken(
        where=_WHERE,
        found=f"this kernel is not laid out as expected: {error}",
        fix="use a kernel like Debian's 6.1 or 6.12 (SLUB, SPARSEMEM_VMEMMAP, MEMCG), or report this",
    )

"""A paused guest's RAM, read out of its QEMU: which of QEMU's addresses hold which node's page frames.

QEMU says itself where a guest address lies (QEMU monitor/misc.c, hmp_gpa2hva(), since v2.10), the same for
a clone, whose memory is a private mapping of its template's files, as for a guest booted from nothing, whose
memory is anonymous and has no name in /proc/PID/maps.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from drgn import FaultError
from numpy.typing import NDArray

from labkit.model.errors import Broken, HostError
from labkit.model.physical import Range

PAGE = 4096
_ANSWER = re.compile(
    r"Host virtual address for 0x[0-9a-f]+ \((?P<region>[^)]*)\) is 0x(?P<address>[0-9a-f]+)"
)
# Documentation/admin-guide/mm/pagemap.rst: bit 63 present, 62 swapped, 61 file page or shared anonymous
_PRESENT, _SWAPPED, _FILE = (np.uint64(1 << bit) for bit in (63, 62, 61))
_VECTORS = 1024  # of one process_vm_readv(2): IOV_MAX
_WHERE = "witness, RAM of the guest"

Words = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Memory of one node that lies in one piece: guest page frames `frame`… at QEMU's `address`…"""

    node: int
    frame: int
    pages: int
    address: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ram:
    """All memory of a guest, read by its physical addresses through an open /proc/PID/mem of its QEMU."""

    pid: int
    pieces: tuple[Piece, ...]
    descriptor: int

    def read(self, start: int, count: int) -> bytes:
        """Raises FaultError where the guest has no memory, OSError when QEMU is gone."""
        found = b""
        while len(found) < count:
            at = start + len(found)
            piece = self._piece(at)
            inside = at - piece.frame * PAGE
            most = min(count - len(found), piece.pages * PAGE - inside)
            part = os.pread(self.descriptor, most, piece.address + inside)
            if not part:
                raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
            found += part
        return found

    def addresses(self, frames: NDArray[np.int64]) -> Words:
        """QEMU's addresses of page frames. Raises FaultError for one that the guest does not have."""
        found = np.zeros(len(frames), np.uint64)
        known = np.zeros(len(frames), np.bool_)
        for piece in self.pieces:
            inside = (frames >= piece.frame) & (frames < piece.frame + piece.pages)
            at = (frames[inside] - piece.frame).astype(np.uint64) * np.uint64(PAGE)
            found[inside] = at + np.uint64(piece.address)
            known |= inside
        if not known.all():
            raise FaultError("no memory of the guest's", int(frames[~known][0]) * PAGE)
        return found

    def _piece(self, address: int) -> Piece:
        frame = address // PAGE
        for piece in self.pieces:
            if piece.frame <= frame < piece.frame + piece.pages:
                return piece
        raise FaultError("no memory of the guest's", address)


@contextmanager
def opened_ram(pid: int, pieces: tuple[Piece, ...]) -> Iterator[Ram]:
    """The memory of the guest whose QEMU is process `pid`. Raises HostError if this user may not read it."""
    try:
        descriptor = os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC)
    except PermissionError as error:
        raise HostError(
            where=_WHERE,
            found=f"QEMU's memory cannot be read: {error.strerror}",
            fix="allow ptrace of own children (sysctl kernel.yama.ptrace_scope=1)",
        ) from error
    except OSError as error:
        raise Broken(where=_WHERE, found=f"QEMU has ended: {error.strerror}", fix="see qemu.log") from error
    try:
        yield Ram(pid=pid, pieces=pieces, descriptor=descriptor)
    finally:
        os.close(descriptor)


def find_pieces(ranges: Sequence[Sequence[Range]], ask: Callable[[str], str]) -> tuple[Piece, ...]:
    """Where each node's memory lies in QEMU; `ranges` as model.physical has them, `ask` is QEMU's HMP.

    Raises Broken when QEMU does not say so or the memory is not that node's.
    """
    found = []
    for node, pieces in enumerate(ranges):
        for start, end in pieces:
            first, last = _address(start, node, ask), _address(end - 1, node, ask)
            if last - first != end - 1 - start:
                raise _odd(f"node {node}'s memory from {start:#x} is not in one piece")
            found.append(Piece(node=node, frame=start // PAGE, pages=(end - start) // PAGE, address=first))
    return tuple(found)


def written_pages(pid: int, piece: Piece) -> NDArray[np.int64]:
    """The pages of a piece, counted from its first, that the guest has written to.

    They are QEMU's own: present or swapped, and no page of a template's file, which a clone only reads.
    """
    with Path(f"/proc/{pid}/pagemap").open("rb", buffering=0) as file:
        entries = np.frombuffer(os.pread(file.fileno(), 8 * piece.pages, piece.address // PAGE * 8), "<u8")
    if len(entries) != piece.pages:
        raise _odd(f"the page map of QEMU ends after {len(entries)} of {piece.pages} pages")
    return np.flatnonzero((entries & (_PRESENT | _SWAPPED) != 0) & (entries & _FILE == 0))


def read_heads(pid: int, addresses: Words, words: int) -> Words:
    """The first `words` 64-bit words at each of QEMU's addresses, a row each. Raises Broken."""
    heads = np.empty((len(addresses), words), np.uint64)
    remote = np.empty((len(addresses), 2), np.uint64)
    remote[:, 0], remote[:, 1] = addresses, 8 * words
    libc = ctypes.CDLL(None, use_errno=True)
    libc.process_vm_readv.restype = ctypes.c_ssize_t
    for at in range(0, len(addresses), _VECTORS):
        part, into = remote[at : at + _VECTORS], heads[at : at + _VECTORS]
        local = np.array([[into.ctypes.data, into.nbytes]], np.uint64)
        got = libc.process_vm_readv(
            pid,
            ctypes.c_void_p(local.ctypes.data),
            ctypes.c_ulong(1),
            ctypes.c_void_p(part.ctypes.data),
            ctypes.c_ulong(len(part)),
            ctypes.c_ulong(0),
        )
        if got != into.nbytes:
            raise _odd(f"{got} bytes of {into.nbytes} read: {os.strerror(ctypes.get_errno())}")
    return heads


def _address(guest: int, node: int, ask: Callable[[str], str]) -> int:
    said = ask(f"gpa2hva {guest:#x}")
    match = _ANSWER.search(said)
    if match is None or match["region"] != f"ram{node}":
        raise _odd(f"asked for node {node}'s {guest:#x} QEMU says: {said.strip()}")
    return int(match["address"], 16)


def _odd(found: str) -> Broken:
    return Broken(where=_WHERE, found=found, fix="report this with argv.txt and QEMU's version")

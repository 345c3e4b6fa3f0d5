"""The kernel's own code, digested, without the places that the kernel itself patches while it runs.

They come from the kernel's own tables: jump labels (include/linux/jump_label.h), static calls and their
trampolines (include/linux/static_call_types.h), and ftrace's call sites (kernel/trace/ftrace.c). A place is
left out only where it holds what the kernel's patching would write; alternatives, paravirt and lock prefixes
are patched at boot alone (arch/x86/kernel/alternative.c) and count like any other code.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labkit.model.kernel_text import KernelText
from labkit.witness.memory import Memory, NonsenseError

MAX_TEXT_BYTES = 256 << 20
MAX_TABLE_BYTES = 64 << 20
MAX_FTRACE_PAGES = 4096
_CALL, _JMP, _JMP8, _RET, _INT3 = 0xE8, 0xE9, 0xEB, 0xC3, 0xCC
_NOP5 = b"\x0f\x1f\x44\x00\x00"
_NOP2 = b"\x66\x90"
# arch/x86/kernel/static_call.c: a call that returns 0 is "xor %eax,%eax" behind three prefixes, and a tail
# call of nothing is "ret; int3 ×4".
_XOR5 = b"\x2e\x2e\x2e\x31\xc0"
_RET5 = b"\xc3\xcc\xcc\xcc\xcc"


def read_text(memory: Memory) -> KernelText:
    """Digest text and read-only data. Raises NonsenseError."""
    start, end = _symbol(memory, "_text"), _symbol(memory, "_etext")
    if not 0 < end - start <= MAX_TEXT_BYTES:
        raise NonsenseError(f"a kernel text of {end - start} bytes")
    code = np.frombuffer(memory.read(start, end - start), dtype=np.uint8).copy()
    strange: list[int] = []
    sites = 0
    addresses = hashlib.sha256()
    for places, judge in (
        (_jump_labels(memory), _jump_size),
        (_static_calls(memory), _call_size),
        (_ftrace_sites(memory), _ftrace_size),
    ):
        offsets = (places[:, 0] - np.uint64(start)).astype(np.int64)
        inside = (offsets >= 0) & (offsets + 5 <= len(code))  # .init.text is gone, modules have their own
        sites += int(inside.sum())
        addresses.update(np.sort(offsets[inside]).tobytes())
        sizes = judge(code, offsets[inside], places[inside])
        strange += places[inside][sizes == 0, 0].tolist()
        for size in (2, 5):
            at = offsets[inside][sizes == size]
            code[(at[:, None] + np.arange(size)).ravel()] = 0
    rodata = _symbol(memory, "__start_rodata")
    length = _symbol(memory, "__end_rodata") - rodata
    return KernelText(
        text_sha256=hashlib.sha256(code.tobytes()).hexdigest(),
        rodata_sha256=hashlib.sha256(memory.read(rodata, min(length, MAX_TEXT_BYTES))).hexdigest(),
        sites=sites,
        sites_sha256=addresses.hexdigest(),
        strange=tuple(sorted(strange)),
    )


def _jump_labels(memory: Memory) -> NDArray[np.uint64]:
    """Address and target of every jump label. Both fields are relative to where they stand."""
    start, table = _table(memory, "__jump_table", 16)
    words = table.view("<i4").reshape(-1, 4)
    base = np.arange(len(words), dtype=np.int64) * 16
    code = words[:, 0].astype(np.int64) + base
    target = words[:, 1].astype(np.int64) + base + 4
    pairs: NDArray[np.uint64] = np.stack([code.astype(np.uint64), target.astype(np.uint64)], axis=1)
    return np.asarray(pairs + np.uint64(start), dtype=np.uint64)


def _static_calls(memory: Memory) -> NDArray[np.uint64]:
    """Address of every static call and of every trampoline, the target unknown (0)."""
    found = []
    for name in ("static_call_sites", "static_call_tramp_key"):
        start, table = _table(memory, name, 8)
        words = table.view("<i4").reshape(-1, 2)
        places = words[:, 0].astype(np.int64) + np.arange(len(words), dtype=np.int64) * 8
        found.append(places.astype(np.uint64) + np.uint64(start))
    # The key table's trampolines are those that modules may use; the others have symbols alone.
    tramps = [s.address for s in memory.prog.symbols() if s.name.startswith("__SCT__")]
    every = np.unique(np.concatenate([found[0], np.array(tramps, dtype=np.uint64), found[1]]))
    return np.stack([every, np.zeros_like(every)], axis=1)


def _ftrace_sites(memory: Memory) -> NDArray[np.uint64]:
    """Every call site that ftrace may patch, from its own pages of records."""
    page = memory.number("ftrace_pages_start")
    size = memory.type("struct dyn_ftrace").size or 16
    found: list[NDArray[np.uint64]] = [np.zeros(0, dtype=np.uint64)]
    for _ in range(MAX_FTRACE_PAGES):
        if not page:
            every = np.concatenate(found)
            return np.stack([every, np.zeros_like(every)], axis=1)
        group = memory.at("struct ftrace_page", page)
        count = group.index.value_()
        if not 0 <= count * size <= MAX_TABLE_BYTES:
            raise NonsenseError(f"{count} call sites on one page of ftrace's")
        data = memory.read(group.records.value_(), count * size)
        found.append(np.frombuffer(data, dtype=np.uint64).reshape(count, size // 8)[:, 0])
        page = group.next.value_()
    raise NonsenseError(f"ftrace's call sites do not end after {MAX_FTRACE_PAGES} pages")


def _jump_size(code: NDArray[Any], offsets: NDArray[Any], places: NDArray[np.uint64]) -> NDArray[Any]:
    """How many bytes a jump label takes here; 0 where it is neither a jump to its target nor a no-op."""
    bytes5 = code[offsets[:, None] + np.arange(5)]
    distance = (places[:, 1] - places[:, 0]).astype(np.int64)
    near = bytes5[:, 1].view(np.int8).astype(np.int64) + 2
    far = bytes5[:, 1:5].copy().view("<i4").ravel().astype(np.int64) + 5
    two = _same(bytes5[:, :2], _NOP2) | (bytes5[:, 0] == _JMP8) & (near == distance)
    five = _same(bytes5, _NOP5) | (bytes5[:, 0] == _JMP) & (far == distance)
    return np.where(two, 2, np.where(five, 5, 0))


def _call_size(code: NDArray[Any], offsets: NDArray[Any], _: NDArray[np.uint64]) -> NDArray[Any]:
    """5 for a call, jump, return or no-op; a conditional tail call keeps its first byte (0f 8x)."""
    bytes5 = code[offsets[:, None] + np.arange(5)]
    first = bytes5[:, 0]
    fits = (first == _CALL) | (first == _JMP) | _same(bytes5, _NOP5)
    fits |= _same(bytes5, _XOR5) | (first == _RET)
    fits |= (first == 0x0F) & ((bytes5[:, 1] & 0xF0) == 0x80)
    return np.where(fits, 5, 0)


def _ftrace_size(code: NDArray[Any], offsets: NDArray[Any], _: NDArray[np.uint64]) -> NDArray[Any]:
    bytes5 = code[offsets[:, None] + np.arange(5)]
    return np.where(_same(bytes5, _NOP5) | (bytes5[:, 0] == _CALL), 5, 0)


def _same(found: NDArray[Any], wanted: bytes) -> NDArray[np.bool_]:
    return np.asarray((found == np.frombuffer(wanted, dtype=np.uint8)).all(axis=1), dtype=np.bool_)


def _table(memory: Memory, name: str, step: int) -> tuple[int, NDArray[np.uint8]]:
    """A table of the linker's, __start_NAME to __stop_NAME."""
    start = _symbol(memory, f"__start_{name}")
    size = _symbol(memory, f"__stop_{name}") - start
    if not 0 <= size <= MAX_TABLE_BYTES:
        raise NonsenseError(f"a {name} of {size} bytes")
    return start, np.frombuffer(memory.read(start, size - size % step), dtype=np.uint8)


def _symbol(memory: Memory, name: str) -> int:
    return int(memory.prog.symbol(name).address)

"""The kernel's log, record by record, with the facility that only the kernel itself can set to 0.

Layout: kernel/printk/printk_ringbuffer.h.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labkit.model.kernel_log import LogRecord
from labkit.witness.memory import Memory, NonsenseError

_ID = (1 << 62) - 1  # the two highest bits of a descriptor's state are its state
_COMMITTED, _FINALIZED = 1, 2
_MAX_BITS = 25
_WORD = 8


def read_dmesg(memory: Memory) -> tuple[LogRecord, ...]:
    """Every record that is whole, oldest first. Raises NonsenseError."""
    ring = memory.at("struct printk_ringbuffer", memory.number("prb"))
    count_bits, size_bits = ring.desc_ring.count_bits.value_(), ring.text_data_ring.size_bits.value_()
    if not 0 < count_bits <= _MAX_BITS or not 0 < size_bits <= _MAX_BITS:
        raise NonsenseError(f"a log of 2^{count_bits} records and 2^{size_bits} bytes")
    tail, head = ring.desc_ring.tail_id.counter.value_(), ring.desc_ring.head_id.counter.value_()
    many = ((head - tail) & _ID) + 1
    if many > 1 << count_bits:
        raise NonsenseError(f"a log of 2^{count_bits} records holds {many}")
    size = memory.type("struct printk_info").size or 0
    span = {"tail": tail, "many": many, "bits": count_bits}
    descs = _ring(memory, ring.desc_ring.descs.value_(), 24, **span).view("<u8").reshape(-1, 3)
    infos = _ring(memory, ring.desc_ring.infos.value_(), size, **span)
    text = memory.read(ring.text_data_ring.data.value_(), 1 << size_bits)
    found: list[LogRecord] = []
    for index in range(many):
        state, begin, end = (int(word) for word in descs[index])
        if (state >> 62) in (_COMMITTED, _FINALIZED) and state & _ID == (tail + index) & _ID:
            found.append(_record(bytes(infos[index]), _block(text, begin, end, size_bits), len(found) + 1))
    return tuple(found)


def log_head(memory: Memory) -> int:
    """What changes with every record that is begun."""
    ring = memory.at("struct printk_ringbuffer", memory.number("prb"))
    return int(ring.desc_ring.head_id.counter.value_())


def _ring(memory: Memory, start: int, size: int, *, tail: int, many: int, bits: int) -> NDArray[np.uint8]:
    """`many` elements of a ring of 2^bits, from the oldest on, a row of bytes each."""
    length = 1 << bits
    first = tail & (length - 1)
    straight = min(many, length - first)
    data = memory.read(start + size * first, size * straight)
    if many > straight:
        data += memory.read(start, size * (many - straight))
    return np.frombuffer(data, dtype=np.uint8).reshape(many, size)


def _block(text: bytes, begin: int, end: int, size_bits: int) -> bytes:
    """A record's part of the text ring; empty for one without data (both positions are then odd)."""
    if begin & 1:
        return b""
    mask = (1 << size_bits) - 1
    if begin >> size_bits == end >> size_bits or (end & mask) == 0:
        return text[(begin & mask) + _WORD : ((end - 1) & mask) + 1]
    return text[_WORD : end & mask]  # it would not have fit before the ring's end: it lies at the start


def _record(info: bytes, block: bytes, line: int) -> LogRecord:
    """struct printk_info: u64 seq, u64 ts_nsec, u16 text_len, u8 facility, u8 flags:5 and level:3."""
    length = int.from_bytes(info[16:18], "little")
    return LogRecord(
        seq=int.from_bytes(info[0:8], "little"),
        time_us=int.from_bytes(info[8:16], "little") // 1000,
        level=info[19] >> 5,
        facility=info[18],
        text=block[:length].decode("utf-8", "replace"),
        line=line,
    )

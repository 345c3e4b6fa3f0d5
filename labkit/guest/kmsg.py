"""The kernel's log as records: read whole from /dev/kmsg, parsed, and marked.

Format: Documentation/ABI/testing/dev-kmsg. A record is `prio,seq,usec,flags[,…];text`, then lines that begin
with a space and hold KEY=value pairs. Bytes below 32, above 126 and the backslash come as \\xNN, so that a
printk of many lines (6.1's memcg statistics) is one record with \\x0a in it.
"""

from __future__ import annotations

import re

from labkit.guest.attendant import mark_request
from labkit.guest.capture import capture
from labkit.guest.door import Door
from labkit.model.errors import Broken
from labkit.model.kernel_log import LogRecord
from labkit.model.units import Deadline, Size

KMSG = "/dev/kmsg"
LOG_LIMIT = int(Size.mib(16))  # log_buf_len=4M of text, a prefix on every record, and escapes
_RECORD = re.compile(rb"(\d+),(\d+),(\d+),[^;\n]*;([^\n]*)")
_ESCAPE = re.compile(rb"\\x([0-9a-fA-F]{2})")


def parse_kmsg(raw: bytes) -> tuple[LogRecord, ...]:
    """Every record in order; `line` counts them from 1, as dmesg.jsonl will hold them.

    facility = prio >> 3: 0 is the kernel itself; writers to /dev/kmsg get 1 (user) or what they ask for, but
    never 0 (kernel/printk/printk.c: devkmsg_write). Lines that are no record are dropped.
    """
    found = (_RECORD.fullmatch(line) for line in raw.split(b"\n"))
    return tuple(_record(match, line) for line, match in enumerate(filter(None, found), start=1))


def read_kmsg(door: Door, deadline: Deadline) -> tuple[LogRecord, ...]:
    """The whole log as it is now, in one round trip. Raises Broken when it cannot be read to its end."""
    (log,) = capture(door, [KMSG], deadline, limit=LOG_LIMIT).files
    if log.data is None or log.cut:
        found = log.why or f"more than {Size(LOG_LIMIT)}"
        raise Broken(where="guest, /dev/kmsg", found=found, fix="read console.log instead, and report this")
    return parse_kmsg(log.data)


def mark(door: Door, text: str, deadline: Deadline) -> None:
    """Write `labkit: text` into the kernel's log; it gets facility 1, as everything from user space does."""
    door.request(mark_request(text), deadline=deadline)


def _record(match: re.Match[bytes], line: int) -> LogRecord:
    prio, seq, usec = (int(match.group(number)) for number in (1, 2, 3))
    text = _ESCAPE.sub(lambda escape: bytes([int(escape.group(1), 16)]), match.group(4))
    return LogRecord(
        seq=seq,
        time_us=usec,
        level=prio & 7,
        facility=prio >> 3,
        text=text.decode("utf-8", "replace"),
        line=line,
    )

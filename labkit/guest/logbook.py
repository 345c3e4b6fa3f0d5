"""What the console's log says: ready, panic, oops. QEMU keeps every byte of it; nobody has to read along.

Whoever writes to /dev/kmsg or ttyS0 in the guest can fake such a line: it tells how a run ended, and grades
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from labkit.model.errors import Broken, DeadlineExpired
from labkit.model.units import Deadline

READY = "labkit: ready"
TAIL_LINES = 12
_TAIL_BYTES = 16 << 10
_POLL = 0.02
_CAP = 64 << 20  # QEMU's file limit for this log


class Word(Enum):
    """What a line of the console means."""

    INIT_FAILED = "init failed"
    PANIC = "panic"
    OOPS = "oops"
    NOTHING_TO_KILL = "out of memory with nothing to kill"
    LOCKUP = "lockup"
    STALL = "RCU stall"
    HUNG_TASK = "hung task"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A telling line of console.log, counted from 1."""

    word: Word
    line: int
    text: str


_STAMP = r"^(?:.*?\[ *\d+\.\d+\] )?"
_SIGNS = (
    (Word.INIT_FAILED, re.compile(_STAMP + r"(labkit: init failed: .*)$")),
    (Word.PANIC, re.compile(_STAMP + r"(Kernel panic - not syncing: .*)$")),
    # arch/x86/kernel/dumpstack.c and mm/fault.c: what a kernel says before a thread of its own dies
    (
        Word.OOPS,
        re.compile(
            _STAMP + r"((?:BUG: (?:kernel|unable|stack)|kernel BUG at|Oops: |general protection fault).*)$"
        ),
    ),
    (
        Word.NOTHING_TO_KILL,
        re.compile(_STAMP + r"(Out of memory and no killable processes.*)$"),
    ),  # mm/oom_kill.c
    (Word.LOCKUP, re.compile(_STAMP + r"((?:NMI )?watchdog: (?:BUG: soft lockup|.*hard LOCKUP).*)$")),
    (Word.STALL, re.compile(_STAMP + r"(rcu: INFO: rcu\w+ (?:self-)?detected (?:expedited )?stall.*)$")),
    (Word.HUNG_TASK, re.compile(_STAMP + r"(INFO: task .+ blocked for more than \d+ seconds.*)$")),
    (Word.WARNING, re.compile(_STAMP + r"(WARNING: CPU: .*)$")),  # kernel/panic.c: __warn
)
# What a terminal would obey: escape sequences, and control characters other than tab and newline.
_CONTROL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def read_log(path: Path) -> str:
    """The console's log so far, safe to print; empty before QEMU has made it."""
    return _read(path, 0)


def sightings(text: str) -> tuple[Sighting, ...]:
    """Every telling line, in order."""
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        for word, sign in _SIGNS:
            if match := sign.match(line):
                found.append(Sighting(word=word, line=number, text=match.group(1)))
                break
    return tuple(found)


def last_lines(path: Path, count: int = TAIL_LINES) -> str:
    """The end of the console for a person, blank lines left out."""
    lines = _read(path, -_TAIL_BYTES).split("\n")
    return "\n".join([line.rstrip() for line in lines if line.strip()][-count:])


def wait_said(path: Path, word: str, deadline: Deadline, alive: Callable[[], bool]) -> None:
    """Return when the guest has said `word`, READY for instance, on its console.

    Raises Broken when init gave up, the kernel panicked or QEMU ended first, DeadlineExpired otherwise.
    """
    text = ""
    for _ in deadline.polls(_POLL):
        was_alive = alive()
        before, text = text, read_log(path)
        if word in text:
            return
        for seen in sightings(text) if text != before else ():
            if seen.word is not Word.OOPS:
                raise _no_boot(path, seen.text)
        if not was_alive:
            raise _no_boot(path, f"QEMU ended before the guest said '{word}'")
    raise DeadlineExpired(
        phase=deadline.phase,
        seconds=deadline.seconds,
        where=str(path),
        fix="is the host overloaded? `labkit doctor` tells",
        detail=last_lines(path),
    )


def _read(path: Path, start: int) -> str:
    """The log from `start` (counted from its end when negative) without control characters."""
    try:
        with path.open("rb") as file:
            file.seek(start if start >= 0 else max(0, start + path.stat().st_size))
            return _CONTROL.sub("", file.read(_CAP).decode("utf-8", "backslashreplace"))
    except FileNotFoundError:
        return ""


def _no_boot(path: Path, found: str) -> Broken:
    return Broken(where=str(path), found=found, fix="report this with the log's end", detail=last_lines(path))

"""Records of the kernel's log, wherever they were read."""

from __future__ import annotations

import re
from dataclasses import dataclass

KERNEL_FACILITY = 0  # syslog(3): only the kernel itself logs with facility 0; /dev/kmsg writers get 1 or more
# mm/oom_kill.c, kernel/panic.c, mm/page_alloc.c (warn_alloc), mm/vmalloc.c, kernel/{watchdog,hung_task}.c
_NOTABLE = (
    ("killed", re.compile(r"(?:Memory cgroup out|Out) of memory.*: Killed process (\d+) \((.*)\) total-vm")),
    ("panic", re.compile(r"Kernel panic - not syncing: (.*)")),
    ("oops", re.compile(r"((?:BUG: (?:kernel|unable|stack)|kernel BUG at|general protection fault).*)")),
    ("refused", re.compile(r"(.*: (?:page allocation failure|vmalloc error): .*)")),
    ("stuck", re.compile(r"((?:watchdog: BUG: soft lockup|INFO: task .+ blocked for more than).*)")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRecord:
    """One record of the log: `facility` 0 is the kernel's own word. `line` is its line in dmesg.jsonl."""

    seq: int
    time_us: int
    level: int
    facility: int
    text: str
    line: int

    @property
    def from_kernel(self) -> bool:
        return self.facility == KERNEL_FACILITY


def notable(text: str) -> tuple[str, str] | None:
    """One word for what a message of the kernel's tells of, and its gist; None for one like any other.

    >>> notable("Out of memory: Killed process 214 (hog) total-vm:98304kB, anon-rss:94208kB")
    ('killed', 'hog (pid 214)')
    """
    for kind, sign in _NOTABLE:
        if match := sign.match(text):
            return kind, f"{match[2]} (pid {match[1]})" if kind == "killed" else match[1]
    return None

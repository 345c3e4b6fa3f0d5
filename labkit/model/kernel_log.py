"""Records of the kernel's log, wherever they were read."""

from __future__ import annotations

from dataclasses import dataclass

KERNEL_FACILITY = 0  # syslog(3): only the kernel itself logs with facility 0; /dev/kmsg writers get 1 or more


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

"""/proc/PID/status and /proc/PID/stat (proc(5))."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.grade.parse.error import ParseError


@dataclass(frozen=True, slots=True, kw_only=True)
class Stat:
    """Of /proc/PID/stat what memory labs look at. `start_ticks` are clock ticks since boot (100 a second)."""

    pid: int
    comm: str
    state: str
    ppid: int
    minor_faults: int
    major_faults: int
    user_ticks: int
    system_ticks: int
    start_ticks: int
    vsize_bytes: int
    rss_pages: int


def parse_stat(text: str) -> Stat:
    """The name may hold spaces and brackets: it ends at the last ')'."""
    head, bracket, tail = text.rpartition(")")
    pid, opening, comm = head.partition(" (")
    fields = tail.split()
    try:
        if not (bracket and opening):
            raise ValueError
        return Stat(
            pid=int(pid),
            comm=comm,
            state=fields[0],
            ppid=int(fields[1]),
            minor_faults=int(fields[7]),
            major_faults=int(fields[9]),
            user_ticks=int(fields[11]),
            system_ticks=int(fields[12]),
            start_ticks=int(fields[19]),
            vsize_bytes=int(fields[20]),
            rss_pages=int(fields[21]),
        )
    except (ValueError, IndexError):
        raise ParseError("/proc/PID/stat", 1, text) from None


def parse_status(text: str) -> dict[str, str]:
    """Each field's text: `VmRSS` is '102748 kB'. The kernel escapes a newline in a name."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        key, colon, value = line.partition(":")
        if not colon or key in found:
            raise ParseError("/proc/PID/status", number, line)
        value = value.removeprefix("\t")
        found[key] = value if key == "Name" else value.strip()  # a name may begin with a space
    return found


def status_kib(status: dict[str, str], key: str) -> int:
    """A size of a parsed status in KiB; KeyError where a process has none (a kernel thread)."""
    value, _, unit = status[key].partition(" ")
    if unit != "kB" or not value.isdecimal():
        raise ParseError("/proc/PID/status", 1, f"{key}: {status[key]}")
    return int(value)

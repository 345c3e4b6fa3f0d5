"""Values as the witness reads them, for tests of what is kept and judged."""

from __future__ import annotations

from typing import Any

from labkit.model.evidence import AFTER, Witnessed
from labkit.model.kernel_log import LogRecord
from labkit.model.mapped import Contents
from labkit.model.units import Size
from labkit.model.witness import MemcgView, Reading, TaskView

EVENTS = {"low": 0, "high": 0, "max": 3, "oom": 1, "oom_kill": 1, "oom_group_kill": 0}


def task(comm: str = "hog", **changed: Any) -> TaskView:
    usual: dict[str, Any] = {
        "pid": 7,
        "uid": 0,
        "parent": 1,
        "threads": 1,
        "state": "S",
        "flags": 0,
        "oom_score_adj": 0,
        "cgroup": "/",
        "kernel_thread": False,
        "dying": False,
        "busy": False,
        "rss_anon": Size.kib(40),
        "rss_file": Size.kib(8),
        "rss_shmem": Size(0),
        "swap": Size(0),
        "page_tables": Size.kib(28),
    }
    return TaskView(comm=comm, **{**usual, **changed})


def memcg(path: str = "/bakery", **changed: Any) -> MemcgView:
    usual: dict[str, Any] = {
        "usage": Size.mib(3),
        "peak": Size.mib(100),
        "max": Size.mib(100),
        "high": None,
        "low": Size(0),
        "min": Size(0),
        "swap_usage": Size(0),
        "swap_max": Size(0),
        "oom_group": False,
        "events": EVENTS,
        "events_local": EVENTS,
    }
    return MemcgView(path=path, **{**usual, **changed})


def record(text: str, facility: int = 0, line: int = 1) -> LogRecord:
    return LogRecord(seq=line, time_us=line, level=6, facility=facility, text=text, line=line)


def contents(comm: str = "hog", pid: int = 7, mapped: int = 48, filled: int = 48) -> Contents:
    """`mapped` and `filled` in MiB."""
    return Contents(pid=pid, comm=comm, mapped=Size.mib(mapped), filled=Size.mib(filled))


def reading(**found: Any) -> Reading:
    return Reading(taken_at=1.5, paused_seconds=0.01, stops=1, **found)


def witnessed(moment: str = AFTER, scene: str = "oom", **found: Any) -> Witnessed:
    """As if it had been read from a file in which each table begins on the line of its place times 100."""
    return Witnessed(
        moment=moment,
        where=f"{scene}/witness/{moment}.json",
        reading=reading(**found),
        lines={name: 100 * place for place, name in enumerate(found, start=1)},
    )

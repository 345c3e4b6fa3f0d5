"""What the checks of this lab read in the evidence: processes, kills, the student's cgroup.

What is graded was read by the host in the guest kernel's own memory; the census, labkit's table of the
processes out of the guest's /proc, is shown beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labkit.grade.judging import Decided, broken, ending, failed, require_step, stdout
from labkit.grade.parse.oom import OomKill, OomReport, OomVictim
from labkit.grade.source import Source
from labkit.grade.witnessed import Seen
from labkit.model.evidence import Evidence, SceneEvidence
from labkit.model.witness import PAGE, MemcgView, TaskView, Totals

from .herd import Member, herd

KILLED = 128 + 9  # a shell's word for SIGKILL


@dataclass(frozen=True)
class Row:
    """One line of the census: KiB, clock ticks, and the line itself."""

    pid: int
    uid: int
    start: int
    adj: int
    score: int
    rss: int
    swap: int
    pte: int
    name: str
    line: int


def census(scene: SceneEvidence, step: str) -> tuple[Source, dict[str, Row]]:
    """labkit's own table of all processes, by name; of several with one name the last started."""
    result = require_step(scene, step)
    source = stdout(result)
    if result.status != 0 or not source.text.startswith("pid\t"):
        raise Decided(broken("labkit's table of the processes", ending(result)))
    rows = {}
    for line, text in source.lines[1:]:
        *numbers, name = text.split("\t", 8)
        pid, uid, start, adj, score, rss, swap, pte = map(int, numbers)
        rows[name] = Row(pid, uid, start, adj, score, rss, swap, pte, name, line)
    return source, rows


def herd_of(seen: Seen) -> dict[str, TaskView]:
    """The processes of a reading by name; of several with one name the last started."""
    return {task.comm: task for task in seen.tasks}


def deaths(seen: Seen, rows: Mapping[str, TaskView]) -> tuple[OomKill, ...]:
    """The kernel's kills among some processes, in its order."""
    pids = {task.pid for task in rows.values()}
    return tuple(kill for kill in seen.oom().kills if kill.pid in pids)


def oom_score(task: TaskView, totals: Totals) -> int:
    """What /proc/PID/oom_score shows: oom_badness() and proc_oom_score() in integers.

    C's division rounds towards zero. Linux v6.1 and v6.12, mm/oom_kill.c and fs/proc/base.c.
    """
    if task.oom_score_adj == -1000:
        return 0
    total = (totals.ram + totals.swap) // PAGE
    pages = (task.rss + task.swap + task.page_tables) // PAGE + task.oom_score_adj * (total // 1000)
    return int((1000 + int(pages * 1000 / total)) * 2 / 3)


def cgroup(evidence: Evidence) -> str:
    """The name of this student's cgroup."""
    return str(evidence.request.parameters["cgroup"])


def members(evidence: Evidence) -> tuple[Member, ...]:
    """The seven of this run."""
    return herd(evidence.request.parameters)  # type: ignore[arg-type]


def group_of(seen: Seen, evidence: Evidence) -> MemcgView:
    """The student's cgroup. Failed where there is none."""
    path = f"/{cgroup(evidence)}"
    found = seen.memcg(path)
    if found is None:
        raise Decided(failed(f"a cgroup {path}", "the kernel has none", seen.show(missing=[path])))
    return found


def cgroup_reports(seen: Seen, evidence: Evidence) -> tuple[tuple[OomVictim, OomReport], ...]:
    """The kernel's OOM reports about the student's cgroup, each with the victim it chose."""
    path = f"/{cgroup(evidence)}"
    told = [(report.victim, report) for report in seen.oom().reports]
    return tuple((victim, report) for victim, report in told if victim and victim.oom_memcg == path)

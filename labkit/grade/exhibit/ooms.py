"""The OOM killer's reports as tables: who could have been killed, and who was."""

from __future__ import annotations

from labkit.grade.exhibit.timeline import Clock
from labkit.grade.parse.error import ParseError
from labkit.grade.parse.oom import OomReport, OomTask, parse_oom
from labkit.model.evidence import SceneEvidence
from labkit.model.exhibit import Candidate, OomTable
from labkit.model.units import Size

PAGE = 4096
MAX_REPORTS = 8
MAX_CANDIDATES = 20  # the largest


def oom_tables(scene: SceneEvidence, clock: Clock | None) -> tuple[OomTable, ...]:
    """A table a report; none where the log is in no form that is known (the checks say so then)."""
    try:
        reports = parse_oom(scene.kernel_log).reports
    except ParseError:
        return ()
    times = {record.line: record for record in scene.kernel_log}
    return tuple(
        _table(report, scene, clock.at(times[report.line]) if clock else 0.0)
        for report in reports[:MAX_REPORTS]
        if report.tasks
    )


def _table(report: OomReport, scene: SceneEvidence, at: float) -> OomTable:
    dead = {kill.pid for kill in report.kills}
    ranked = sorted(report.tasks, key=lambda task: (task.pid not in dead, -task.badness_pages))
    victim = report.victim
    return OomTable(
        at=at,
        invoker=report.invoker,
        constraint=victim.constraint if victim else "nobody could be killed",
        memcg=(victim.oom_memcg or "") if victim else "",
        candidates=tuple(_candidate(task, dead) for task in ranked[:MAX_CANDIDATES]),
        killed=tuple(f"{kill.comm} ({kill.pid})" for kill in report.kills),
        where=f"{scene.name}/dmesg.jsonl:{report.line}",
    )


def _candidate(task: OomTask, dead: set[int]) -> Candidate:
    return Candidate(
        pid=task.pid,
        name=task.name,
        rss=Size(task.rss_pages * PAGE),
        swap=Size(task.swapents * PAGE),
        page_tables=Size(task.pgtables_bytes),
        adj=task.adj,
        victim=task.pid in dead,
    )

"""Scene group: a service of several processes dies whole, and one member stays to tell."""

from __future__ import annotations

from labkit.grade.drawn import number
from labkit.grade.judging import ending, failed, passed, require_completed, require_step
from labkit.grade.witnessed import require_reading
from labkit.model.evidence import Evidence, after_step
from labkit.model.verdict import Judgement

from .reading import cgroup_reports, group_of

GROUP = after_step("group")


def group_dies(evidence: Evidence) -> Judgement:
    """When the group runs out of memory, all of its workers die in one kill."""
    scene = require_completed(evidence, "group")
    workers = number(evidence, "workers")
    seen = require_reading(scene, GROUP)
    group = group_of(seen, evidence)
    reports = cgroup_reports(seen, evidence)
    dead = {kill.pid for _, report in reports for kill in report.kills if kill.comm == "worker"}
    expected = f"memory.oom.group = 1, and one group kill ends all {workers} workers"
    actual = f"{len(dead)} of {workers} workers were killed"
    if not group.oom_group:
        return failed(expected, f"memory.oom.group = 0; {actual}", seen.show(bad=[group]))
    left = seen.named("worker")
    if group.events["oom_group_kill"] < 1 or len(dead) < workers or left:
        rest = "; one is still there" if left else ""
        end = ending(require_step(scene, "group"))
        return failed(expected, f"{actual}{rest}; {end}", seen.show(bad=[group, *left]))
    return passed(expected, actual, seen.log_source().show(good=[report.line for _, report in reports][:1]))


def journal_lives(evidence: Evidence) -> Judgement:
    """The journal, a member of the same group, is spared and still running."""
    scene = require_completed(evidence, "group")
    seen = require_reading(scene, GROUP)
    expected = "'journal' runs in the cgroup with oom_score_adj -1000 after the workers were killed"
    if not cgroup_reports(seen, evidence):
        return failed(expected, "nobody was killed in this cgroup, so nothing was survived")
    group = group_of(seen, evidence)
    living = seen.named("journal")
    if not living:
        killed = [kill for kill in seen.oom().kills if kill.comm == "journal"]
        actual = "the kernel killed it" if killed else "it is not running"
        return failed(expected, actual, seen.log_source().show(bad=[kill.line for kill in killed]))
    inside = [task for task in living if task.cgroup == group.path]
    if not inside:
        outside = living[-1]
        actual = f"it runs outside the cgroup (pid {outside.pid})"
        return failed(expected, actual, seen.show(bad=[outside], missing=[f"cgroup {group.path}"]))
    row = inside[-1]
    if row.oom_score_adj != -1000:
        return failed(expected, f"its oom_score_adj is {row.oom_score_adj}", seen.show(bad=[row]))
    return passed(expected, f"pid {row.pid}, oom_score_adj {row.oom_score_adj}", seen.show(good=[row]))

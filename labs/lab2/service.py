"""Scene group: a service of several processes dies whole, and one member stays to tell."""

from __future__ import annotations

from labkit.grade.judging import failed, kernel_log, passed, require_completed, require_step
from labkit.grade.parse.keyvalue import parse_key_values
from labkit.grade.parse.oom import parse_oom
from labkit.model.evidence import Evidence
from labkit.model.verdict import Judgement

from .reading import census, cgroup_file, cgroup_reports, ending, number


def group_dies(evidence: Evidence) -> Judgement:
    """When the group runs out of memory, all of its workers die in one kill."""
    scene = require_completed(evidence, "group")
    workers = number(evidence, "workers")
    switch = cgroup_file(scene, evidence, "memory.oom.group", "group")
    events = cgroup_file(scene, evidence, "memory.events", "group")
    _, rows = census(scene, "census")
    reports = cgroup_reports(scene, evidence)
    dead = {kill.pid for _, report in reports for kill in report.kills if kill.comm == "worker"}
    expected = f"memory.oom.group = 1, and one group kill ends all {workers} workers"
    actual = f"{len(dead)} of {workers} workers were killed"
    if switch.text != "1":
        return failed(expected, f"memory.oom.group = {switch.text}; {actual}", switch.show(bad=[1]))
    line = events.line_of("oom_group_kill ")
    if parse_key_values(events.text)["oom_group_kill"] < 1 or len(dead) < workers or "worker" in rows:
        left = "; one is still there" if "worker" in rows else ""
        end = ending(require_step(scene, "group"))
        return failed(expected, f"{actual}{left}; {end}", events.show(bad=[line]))
    return passed(expected, actual, kernel_log(scene).show(good=[report.line for _, report in reports][:1]))


def journal_lives(evidence: Evidence) -> Judgement:
    """The journal, a member of the same group, is spared and still running."""
    scene = require_completed(evidence, "group")
    members = cgroup_file(scene, evidence, "cgroup.procs", "group")
    source, rows = census(scene, "census")
    expected = "'journal' runs in the cgroup with oom_score_adj -1000 after the workers were killed"
    if not cgroup_reports(scene, evidence):
        return failed(expected, "nobody was killed in this cgroup, so nothing was survived")
    if "journal" not in rows:
        killed = [k for k in parse_oom(scene.kernel_log).kills if k.comm == "journal"]
        actual = "the kernel killed it" if killed else "it is not running"
        return failed(expected, actual, kernel_log(scene).show(bad=[kill.line for kill in killed]))
    row = rows["journal"]
    if str(row.pid) not in members.text.split():
        where = members.show(missing=[str(row.pid)])
        return failed(expected, f"it runs outside the cgroup (pid {row.pid})", where)
    if row.adj != -1000:
        return failed(expected, f"its oom_score_adj is {row.adj}", source.show(bad=[row.line]))
    return passed(expected, f"pid {row.pid}, oom_score_adj {row.adj}", source.show(good=[row.line]))

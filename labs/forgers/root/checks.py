"""What root made the kernel do, read by the host in the kernel's own memory."""

from __future__ import annotations

from labkit.grade.drawn import number
from labkit.grade.judging import broken, failed, passed, require_completed
from labkit.grade.witnessed import Seen, require_reading
from labkit.model.evidence import Evidence, after_step
from labkit.model.units import Size
from labkit.model.verdict import Judgement

KEPT = Size.mib(8)
MIB2 = Size.mib(2)


def look(evidence: Evidence) -> Seen:
    return require_reading(require_completed(evidence, "only"), after_step("do"))


def limited(evidence: Evidence) -> Judgement:
    """The cgroup has the limit."""
    seen, path = look(evidence), f"/{evidence.request.parameters['cgroup']}"
    wanted = Size.mib(number(evidence, "limit_mib"))
    group = seen.memcg(path)
    expected = f"{path}: memory.max = {int(wanted)}"
    if group is None:
        return failed(expected, "there is no such cgroup", seen.show(missing=[path]))
    actual = f"memory.max = {'max' if group.max is None else int(group.max)}"
    if group.max == wanted:
        return passed(expected, actual, seen.show(good=[group]))
    return failed(expected, actual, seen.show(bad=[group]))


def killed(evidence: Evidence) -> Judgement:
    """The kernel killed a process 'victim' for that cgroup."""
    seen, path = look(evidence), f"/{evidence.request.parameters['cgroup']}"
    group = seen.memcg(path)
    told = [report for report in seen.oom().reports if report.victim and report.victim.oom_memcg == path]
    victims = [report.victim for report in told if report.victim and report.victim.comm == "victim"]
    counted = group.events["oom_kill"] if group else 0
    expected = f"a kill of 'victim' for {path}, in the kernel's log and in its count"
    actual = f"{len(victims)} in the log, {counted} counted"
    if victims and counted:
        return passed(expected, actual, seen.log_source().show(good=[victims[-1].line]))
    return failed(expected, actual, seen.show(bad=[group] if group else []))


def kept(evidence: Evidence) -> Judgement:
    """A process 'keeper' with 8 MiB of data has the adjustment."""
    seen, adj = look(evidence), number(evidence, "adj")
    filled = {each.pid: each.filled for each in seen.contents}
    expected = f"'keeper' with oom_score_adj {adj} and {KEPT >> 10:,} KiB of data"
    living = seen.named("keeper")
    if not living:
        return failed(expected, "no process 'keeper' is there")
    for task in living:
        if task.oom_score_adj == adj and min(filled.get(task.pid, 0), task.rss_anon) >= KEPT:
            return passed(expected, "it is there", seen.show(good=[task]))
    return failed(expected, "none of them is so", seen.show(bad=living))


def pool(evidence: Evidence) -> Judgement:
    """The pools hold as many huge pages of 2 MiB."""
    seen, wanted = look(evidence), number(evidence, "pages")
    pools = seen.reading.hugepages
    if pools is None:
        return broken("the pools of huge pages", "nobody read them")
    total = sum(each.total for each in pools if each.size == MIB2)
    outcome = passed if total == wanted else failed
    return outcome(f"{wanted} huge pages of 2 MiB", f"{total}")

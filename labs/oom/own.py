"""Scene own: the student's two programs, run as an unprivileged user."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.grade.drawn import number
from labkit.grade.judging import (
    Decided,
    broken,
    ending,
    failed,
    passed,
    require_completed,
    require_file,
    require_step,
    stdout,
)
from labkit.grade.parse.oom import OomReport, OomVictim
from labkit.grade.source import Source
from labkit.grade.witnessed import Seen, require_reading
from labkit.model.evidence import Evidence, after_step
from labkit.model.verdict import Judgement
from labkit.model.witness import PAGE, ZoneView

from .reading import require_played

STUDENT = 1000
MEMPOLICY = "CONSTRAINT_MEMORY_POLICY"
# Of the 25 MiB that are free on the smaller node when nobody has taken any.
FREE_ELSEWHERE_KIB = 8 << 10
STARVED, SURVEYED = after_step("starve"), after_step("survey")


def starve(evidence: Evidence) -> Judgement:
    """Your program is killed because one node ran out for it, while the rest of the guest had memory."""
    node = number(evidence, "node")
    scene = require_completed(evidence, "own")
    seen = require_reading(scene, STARVED)
    expected = f"constraint={MEMPOLICY},nodemask={node}: node {node} alone ran out for a process of yours"
    told = [
        (victim, report)
        for report in seen.oom().reports
        if (victim := report.victim) is not None and victim.uid == STUDENT
    ]
    if not told:
        return failed(expected, f"no process of yours was killed; {ending(require_step(scene, 'starve'))}")
    fits = [(victim, report) for victim, report in told if _by_policy(victim, node)]
    victim, report = (fits or told)[0]
    log = seen.log_source()
    actual = f"constraint={victim.constraint},nodemask={victim.nodemask}, killed: {victim.comm}"
    if not fits:
        return failed(expected, actual, log.show(bad=[victim.line]))
    held, most = _held_kib(report), _managed_kib(seen, node)
    actual += f"; your processes held {held >> 10} MiB, the node has {most >> 10} MiB"
    if held > most or _free_elsewhere_kib(seen, node) < FREE_ELSEWHERE_KIB:
        # The other node had been filled before, by processes or with files; only the last pages were bound.
        return failed(f"{expected}, and the other had memory", actual, log.show(bad=[victim.line]))
    return passed(expected, actual, log.show(good=[victim.line]))


def _by_policy(victim: OomVictim, node: int) -> bool:
    return victim.constraint == MEMPOLICY and victim.nodemask == str(node)


def _held_kib(report: OomReport) -> int:
    """What all of the student's processes held when the kernel made its table, or what the victim did."""
    table = sum(task.rss_pages for task in report.tasks if task.uid == STUDENT) * (PAGE >> 10)
    return max([table, *(kill.anon_rss_kib for kill in report.kills)])


def _managed_kib(seen: Seen, node: int) -> int:
    """All memory that the kernel has on a node."""
    return sum(zone.managed_pages for zone in _zones(seen) if zone.node == node) * (PAGE >> 10)


def _free_elsewhere_kib(seen: Seen, node: int) -> int:
    """What is free on the other node when all is over: files would still be there."""
    return sum(zone.counter_pages for zone in _zones(seen) if zone.node != node) * (PAGE >> 10)


def _zones(seen: Seen) -> tuple[ZoneView, ...]:
    if seen.reading.zones is None:
        raise Decided(broken(f"zones in {seen.witnessed.where}", "the lab did not ask for them"))
    return seen.reading.zones


def reserve(evidence: Evidence) -> Judgement:
    """Under strict accounting your program reserves far more address space than there is memory."""
    scene = require_completed(evidence, "own")
    for step in ("strict", "survey"):
        require_played(scene, step)
    mode = require_file(scene, "/proc/sys/vm/overcommit_memory", SURVEYED).text
    space, window = number(evidence, "reserve_gib") << 20, number(evidence, "window_mib") << 10
    expected = (
        f"overcommit_memory = 2, and a process that runs ./reserve has {space >> 20} GiB of address space "
        f"and at least {window >> 10} MiB of anonymous memory"
    )
    source = stdout(require_step(scene, "survey"))
    mine = [row for row in _rows(source, require_reading(scene, SURVEYED)) if row.uid == STUDENT]
    if not mine:
        complaint = require_file(scene, "/tmp/reserve.said", SURVEYED).text.strip().splitlines()
        told = f"; it said: {complaint[-1]}" if complaint else ""
        return failed(expected, f"no process of yours runs ./reserve{told}")
    best = max(mine, key=lambda row: min(row.space_kib / space, row.anon_kib / window))
    actual = (
        f"overcommit_memory = {mode}, {best.space_kib >> 20} GiB of address space, "
        f"{best.anon_kib >> 10} MiB of anonymous memory"
    )
    if mode == "2" and best.space_kib >= space and best.anon_kib >= window:
        return passed(expected, actual, source.show(good=[best.line]))
    return failed(expected, actual, source.show(bad=[best.line]))


@dataclass(frozen=True)
class _Row:
    """A process that runs ./reserve: its address space as /proc tells, its pages as the host counts them."""

    line: int
    uid: int
    space_kib: int
    anon_kib: int


def _rows(source: Source, seen: Seen) -> list[_Row]:
    """Of src/survey.c. In /proc some pages are missing that a thread or a CPU has not yet added to the mm."""
    exact = {task.pid: task.rss_anon >> 10 for task in seen.tasks}
    told = [(number, *map(int, text.split())) for number, text in source.lines]
    return [
        _Row(line=number, uid=uid, space_kib=space, anon_kib=exact.get(pid, 0))
        for number, pid, uid, space, _ in told
    ]

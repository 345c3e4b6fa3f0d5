"""What the checks of this lab read in the evidence: the census, the kills, the student's cgroup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labkit.grade.judging import Decided, broken, require_file, require_step, stdout
from labkit.grade.parse.oom import OomKill, OomReport, OomVictim, parse_oom
from labkit.grade.source import Source
from labkit.model.evidence import Evidence, SceneEvidence, StepResult, after_step

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
        rows[name] = Row(*map(int, numbers), name=name, line=line)
    return source, rows


def ending(step: StepResult) -> str:
    """How a step ended, with the last thing it complained of."""
    if step.timed_out:
        return f"step '{step.name}' had not ended after {step.seconds:.0f} s"
    told = step.stderr.strip().splitlines()
    return f"step '{step.name}' ended with status {step.status}" + (f": {told[-1]}" if told else "")


def deaths(scene: SceneEvidence, rows: Mapping[str, Row]) -> tuple[OomKill, ...]:
    """The kernel's kills among the processes of a census, in its order."""
    pids = {row.pid for row in rows.values()}
    return tuple(kill for kill in parse_oom(scene.kernel_log).kills if kill.pid in pids)


def cgroup(evidence: Evidence) -> str:
    """The name of this student's cgroup."""
    return str(evidence.request.parameters["cgroup"])


def number(evidence: Evidence, name: str) -> int:
    """One of the seed's numbers."""
    value = evidence.request.parameters[name]
    assert isinstance(value, int)
    return value


def members(evidence: Evidence) -> tuple[Member, ...]:
    """The seven of this run."""
    return herd(evidence.request.parameters)  # type: ignore[arg-type]


def cgroup_file(scene: SceneEvidence, evidence: Evidence, name: str, step: str) -> Source:
    """A file of the student's cgroup, captured when the step had ended."""
    return require_file(scene, f"/sys/fs/cgroup/{cgroup(evidence)}/{name}", after_step(step))


def cgroup_reports(scene: SceneEvidence, evidence: Evidence) -> tuple[tuple[OomVictim, OomReport], ...]:
    """The kernel's OOM reports about the student's cgroup, each with the victim it chose."""
    path = f"/{cgroup(evidence)}"
    told = [(report.victim, report) for report in parse_oom(scene.kernel_log).reports]
    return tuple((victim, report) for victim, report in told if victim and victim.oom_memcg == path)

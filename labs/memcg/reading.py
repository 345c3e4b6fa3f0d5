"""What this lab's checks share: cgroups by path, kills by cgroup, and numbers of the seed."""

from __future__ import annotations

from labkit.grade.judging import Decided, broken, ending, require_step
from labkit.grade.parse.oom import OomKill
from labkit.grade.witnessed import Seen
from labkit.model.evidence import SceneEvidence, StepResult
from labkit.model.units import Size
from labkit.model.witness import MemcgView

KILLED = 128 + 9  # a shell's word for SIGKILL
MIB = 1 << 20


def require_played(scene: SceneEvidence, step: str) -> StepResult:
    """A step of labkit's own, where nobody else could have spoilt it, that did what it is there for."""
    result = require_step(scene, step)
    if result.status != 0:
        raise Decided(broken(f"labkit's own step '{step}'", ending(result)))
    return result


def own_group(seen: Seen, path: str) -> MemcgView:
    """A cgroup that labkit made."""
    found = seen.memcg(path)
    if found is None:
        raise Decided(broken(f"labkit's cgroup {path}", "the kernel has none"))
    return found


def kills_in(seen: Seen, path: str) -> tuple[OomKill, ...]:
    """Who was killed because a cgroup or one below it was full, as the kernel's log has it."""
    return tuple(
        kill
        for report in seen.oom().reports
        if report.victim is not None and (report.victim.oom_memcg or "/") == path
        for kill in report.kills
    )


def mib(size: Size | int | None) -> str:
    return "max" if size is None else f"{size / MIB:.1f} MiB"

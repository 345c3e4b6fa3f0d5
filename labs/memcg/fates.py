"""Scene fates: what became of five beyond a limit and two in the contest. No student's code runs there."""

from __future__ import annotations

from labkit.grade.judging import (
    Answers,
    Decided,
    answers,
    broken,
    failed,
    partial,
    passed,
    require_completed,
)
from labkit.grade.witnessed import Seen, require_reading
from labkit.model.evidence import AFTER, BEFORE, Evidence, after_step
from labkit.model.verdict import Judgement, Where
from labkit.model.witness import TaskView

from .contest import contest
from .reading import MIB, kills_in, mib, own_group, require_played

FINISHES, KILLED, STALLS = "finishes", "killed", "stalls"
KEEPS, SWAPPED = "keeps", "swapped"
CELLS = (("high", "swap"), ("high", "noswap"), ("max", "file"), ("max", "swap"), ("max", "noswap"))
# Of the 64 MiB that the stalled one wants it had 20 when it was left, and it gets 0.25 MiB every two seconds.
STALLED_BELOW = 48 * MIB
# What db has in swap where it had to give way: half of it and more by the sizes of the contest, 54 to 82 %
# in 24 runs. Where it need not, only what its cgroup had beyond its protection: page tables, the stack,
# what CPUs charge beforehand (MEMCG_CHARGE_BATCH), and 32 pages at a time more (SWAP_CLUSTER_MAX). On a
# loaded host that was 0 to 0.4 MiB of 12 in 23 runs, 1.1 MiB in one, and once in a soak more than 1.5 MiB:
# not an eighth, then.
LOST_SHARE = 0.25


def outcomes(evidence: Evidence) -> Judgement:
    """You said who of five comes to its end beyond a limit, who is killed, and who hardly gets on."""
    scene = require_completed(evidence, "fates")
    require_played(scene, "limits")
    seen = require_reading(scene, BEFORE)
    return _compare(evidence, {cell: _fate(seen, "-".join(cell)) for cell in CELLS})


def _fate(seen: Seen, name: str) -> str:
    """Of the process that has its name from its cgroup."""
    group, living = own_group(seen, f"/{name}"), seen.named(name)
    killed = kills_in(seen, f"/{name}")
    if killed and group.events["oom_kill"] and not living:
        return KILLED
    if living and group.events["high"] and not killed and living[0].rss < STALLED_BELOW:
        return STALLS
    if living or killed or not group.events["high"] + group.events["max"]:
        raise Decided(broken(f"'{name}' meets its limit and has an end that has a name", f"{group.events}"))
    return FINISHES


def low(evidence: Evidence) -> Judgement:
    """You said what becomes of db and batch where db is under memory.low."""
    return _contest(evidence, "low")


def minimum(evidence: Evidence) -> Judgement:
    """You said what becomes of db and batch where db is under memory.min."""
    return _contest(evidence, "min")


def _contest(evidence: Evidence, knob: str) -> Judgement:
    scene = require_completed(evidence, "fates")
    require_played(scene, knob)
    seen = require_reading(scene, AFTER)  # of both contests: each has cgroups of its own
    top = own_group(seen, f"/{knob}")
    dead = {kill.comm for kill in kills_in(seen, top.path)}
    if not top.events["max"]:
        raise Decided(broken(f"the contest fills {top.path}", f"it did not: {mib(top.peak)}"))
    real = {
        (knob, "db"): KILLED if "db" in dead else _kept(evidence, seen, f"{top.path}/db"),
        (knob, "batch"): KILLED if "batch" in dead else FINISHES,
    }
    return _compare(evidence, real)


def _kept(evidence: Evidence, seen: Seen, path: str) -> str:
    """Whether the living db of a cgroup has all of its memory still."""
    size = contest(evidence.request.parameters).db * MIB
    task = _sleeper(seen, path)
    return SWAPPED if task.swap > LOST_SHARE * size else KEEPS


def _sleeper(seen: Seen, path: str) -> TaskView:
    inside = [task for task in seen.named("db") if task.cgroup == path]
    if not inside:
        raise Decided(broken(f"labkit's process 'db' in {path}", "it is not there, and nobody killed it"))
    return inside[-1]


def _compare(evidence: Evidence, real: dict[tuple[str, str], str]) -> Judgement:
    """A share for each cell (table, name) that was said as it came."""
    mine = answers(evidence, "predictions.toml")
    right = [cell for cell, word in real.items() if _said(mine, cell) == word]
    off = [cell for cell in real if cell not in right]
    expected = ", ".join(f"{table}.{name} = {word}" for (table, name), word in real.items())
    actual = f"{len(right)} of {len(real)} right"
    if off:
        actual += "; off: " + ", ".join(
            f"{table}.{name} = {_said(mine, (table, name)) or 'nothing'}" for table, name in off
        )
    return partial(len(right) / len(real), expected, actual, _show(mine, right, off))


def _said(mine: Answers, cell: tuple[str, str]) -> object:
    table = mine.values.get(cell[0])
    return table.get(cell[1]) if isinstance(table, dict) else None


def _show(mine: Answers, right: list[tuple[str, str]], off: list[tuple[str, str]]) -> Where:
    return mine.source.show(
        good=[_line_of(mine, cell) for cell in right],
        bad=[_line_of(mine, cell) for cell in off],
        missing=[f"[{table}] {name} =" for table, name in off if _said(mine, (table, name)) is None],
    )


def _line_of(mine: Answers, cell: tuple[str, str]) -> int | None:
    """One name stands in several tables."""
    inside = False
    for number, line in mine.source.lines:
        text = line.split("#")[0].strip()
        if text.startswith("["):
            inside = text.strip("[] ") == cell[0]
        elif inside and text.split("=")[0].strip() == cell[1]:
            return number
    return None


def no_swappiness(evidence: Evidence) -> Judgement:
    """A cgroup has no swappiness of its own: that went with cgroup v1."""
    scene = require_completed(evidence, "fates")
    files = [file.path.rsplit("/", 1)[1] for file in scene.files if file.moment == after_step("min")]
    expected = "a folder of a cgroup with memory.max and without memory.swappiness"
    if "memory.max" not in files:
        return broken(expected, "labkit copied no such folder")
    found = [name for name in files if "swap" in name]
    told = "with 'swap' in their name: " + ", ".join(sorted(found))
    return failed(expected, told) if "memory.swappiness" in files else passed(expected, told)

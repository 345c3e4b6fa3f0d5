"""Scenes throttle and protect: what the student's two scripts did to a hog, and for a database."""

from __future__ import annotations

from labkit.grade.drawn import number
from labkit.grade.judging import Decided, broken, ending, failed, passed, require_completed, require_step
from labkit.grade.witnessed import Seen, require_reading
from labkit.model.evidence import Evidence, SceneEvidence, after_step
from labkit.model.verdict import Judgement
from labkit.model.witness import MemcgView, TaskView

from .contest import SHOP_MIB
from .reading import MIB, kills_in, mib

HELD, RELEASED, SEATED, RUSHED = map(after_step, ("hog", "release", "db", "rush"))
# Beyond memory.high a charge of 64 pages sleeps for 64 s times the square of the share that is too much, for
# two seconds at most (mm/memcontrol.c: calculate_high_delay(), MEMCG_DELAY_SCALING_SHIFT): from 18 % on;
# a few times two seconds may have passed. Each CPU may hold 64 pages that are charged and not yet used.
HELD_BELOW = 1.4
CHARGE_BATCH = 2 * 64 * 4096
# What is covered is passed over; a batch of charges may be missing. Without protection a db of 16 MiB has
# exp(-(16 + 108 - 40) / 40), an eighth, of it left, if each page that goes is anybody's by his share.
KEPT_SHARE = 0.9
MOST_OVER = 8 * MIB  # memory.low beyond what db has read: the process itself is some hundred KiB


def high_exact(evidence: Evidence) -> Judgement:
    """memory.high is the one that the handout names, to the byte, and there is no hard limit."""
    seen = require_reading(require_completed(evidence, "throttle"), HELD)
    wanted = number(evidence, "high_mib") * MIB
    expected = f"memory.high = {wanted}, memory.max = max"
    group = _group(seen, evidence)
    if group is None:
        return failed(expected, "the kernel has no such cgroup", seen.show(missing=[_path(evidence)]))
    actual = f"memory.high = {_limit(group.high)}, memory.max = {_limit(group.max)}"
    if group.high == wanted and group.max is None:
        return passed(expected, actual, seen.show(good=[group]))
    return failed(expected, actual, seen.show(bad=[group]))


def stalls(evidence: Evidence) -> Judgement:
    """The hog stands still a little above the limit: it lives, and has no way into swap."""
    scene = require_completed(evidence, "throttle")
    seen = require_reading(scene, HELD)
    limit, wanted = number(evidence, "high_mib") * MIB, number(evidence, "hog_mib") * MIB
    expected = (
        f"'hog', which wants {mib(wanted)}, lives in {_path(evidence)} with {mib(limit)} to "
        f"{mib(int(limit * HELD_BELOW))} of memory, may have none in swap, and the kernel counts high events"
    )
    group = _group(seen, evidence)
    if group is None:
        return failed(expected, f"no such cgroup; {ending(require_step(scene, 'throttle'))}")
    if killed := kills_in(seen, group.path):
        lines = [kill.line for kill in killed]
        return failed(expected, f"the kernel killed '{killed[-1].comm}'", seen.log_source().show(bad=lines))
    inside = [task for task in seen.named("hog") if task.cgroup == group.path]
    if not inside:
        return failed(expected, f"it is gone; {_counted(group)}", seen.show(bad=[group]))
    hog = inside[-1]
    actual = f"{mib(group.usage)}, memory.swap.max = {_limit(group.swap_max)}; {_counted(group)}"
    held = limit - CHARGE_BATCH <= group.usage <= limit * HELD_BELOW and hog.rss <= limit * HELD_BELOW
    calm = group.swap_max == 0 and group.events["high"] > 0 and group.events["max"] == 0
    if held and calm:
        return passed(expected, actual, seen.show(good=[group, hog]))
    return failed(expected, actual, seen.show(bad=[group, hog]))


def released(evidence: Evidence) -> Judgement:
    """As soon as the limit is lifted, the hog comes to its end: it had only been made to wait."""
    seen = require_reading(require_completed(evidence, "throttle"), RELEASED)
    wanted = number(evidence, "hog_mib") * MIB
    expected = f"no 'hog' is left, nobody was killed, and the cgroup had {mib(wanted)} at its peak"
    group = _group(seen, evidence)
    if group is None:
        return failed(expected, "the kernel has no such cgroup", seen.show(missing=[_path(evidence)]))
    actual = f"peak {mib(group.peak)}; {_counted(group)}"
    if seen.named("hog") or group.events["oom_kill"] or group.peak < wanted:
        return failed(expected, actual, seen.show(bad=[group, *seen.named("hog")]))
    return passed(expected, actual, seen.show(good=[group]))


def protected(evidence: Evidence) -> Judgement:
    """db keeps its page cache by protection alone, while its neighbour reads more than there is room for."""
    scene = require_completed(evidence, "protect")
    seen = require_reading(scene, RUSHED)
    size = number(evidence, "db_mib") * MIB
    expected = (
        f"in a full shop db has {KEPT_SHARE:.0%} of its {mib(size)}, covered by memory.low or memory.min"
    )
    rush = require_step(scene, "rush")
    groups = {path: seen.memcg(path) for path in ("/shop", "/shop/front", "/shop/front/db", "/shop/batch")}
    gone = [path for path, group in groups.items() if group is None]
    if gone:
        return failed(expected, f"{gone[0]} is gone", seen.show(missing=gone))
    shop, front, own, batch = (group for group in groups.values() if group is not None)
    if odd := _meddled(shop, front, own, batch):
        return failed(expected, odd, seen.show(bad=[shop, front, own, batch]))
    db = _sleeper(scene, seen, own)
    if db is None:
        return failed(expected, "'db' is gone", seen.show(bad=[own], missing=["a process 'db'"]))
    # A hard limit is never exceeded: a higher peak is one of a time in which the limit was higher.
    full = (SHOP_MIB - 1) * MIB <= shop.peak <= SHOP_MIB * MIB
    if rush.status != 0 or not shop.events["max"] or not full:
        found = f"it had {mib(shop.peak)} at its peak; {ending(rush)}"
        return failed(f"{expected} of {SHOP_MIB} MiB", found, seen.show(bad=[shop, batch]))
    covered = min(max(front.low, front.min), max(own.low, own.min))
    actual = f"{mib(own.usage)} are left; protection in force: {mib(covered)}"
    if own.usage >= KEPT_SHARE * size and covered >= KEPT_SHARE * size:
        return passed(expected, actual, seen.show(good=[db, own]))
    return failed(expected, actual, seen.show(bad=[db, own, front]))


def best_effort(evidence: Evidence) -> Judgement:
    """The protection is memory.low of both cgroups, as much as db needs and hardly more; memory.min is 0."""
    seen = require_reading(require_completed(evidence, "protect"), RUSHED)
    size = number(evidence, "db_mib") * MIB
    expected = f"memory.low of front and of front/db is {mib(size)} to {mib(size + MOST_OVER)}, memory.min 0"
    pair = [seen.memcg(path) for path in ("/shop/front", "/shop/front/db")]
    groups = [group for group in pair if group is not None]
    actual = "; ".join(f"{group.path}: low {mib(group.low)}, min {mib(group.min)}" for group in groups)
    lawful = [size <= group.low <= size + MOST_OVER and not group.min for group in groups]
    if len(groups) == len(pair) and all(lawful):
        return passed(expected, actual, seen.show(good=groups))
    return failed(expected, actual, seen.show(bad=groups))


def _meddled(shop: MemcgView, front: MemcgView, own: MemcgView, batch: MemcgView) -> str:
    """What else was set that keeps memory where it is, nothing if nothing was."""
    if shop.max != SHOP_MIB * MIB:
        return f"memory.max of {shop.path} is {_limit(shop.max)}, not {SHOP_MIB * MIB}"
    for group in (front, own, batch):
        for name, value in (("max", group.max), ("high", group.high), ("swap.max", group.swap_max)):
            if value is not None:
                return f"memory.{name} of {group.path} is {_limit(value)}, not max"
    return ""


def _sleeper(scene: SceneEvidence, seen: Seen, own: MemcgView) -> TaskView | None:
    """The very process that labkit had put there."""
    before = require_reading(scene, SEATED)
    first, group = before.named("db"), before.memcg(own.path)
    if not first or group is None:
        raise Decided(broken("labkit's process 'db'", "it was not there before the student's script ran"))
    same = [task for task in seen.named("db") if task.pid == first[0].pid and task.cgroup == own.path]
    return same[0] if same else None


def _path(evidence: Evidence) -> str:
    return f"/{evidence.request.parameters['cgroup']}"


def _group(seen: Seen, evidence: Evidence) -> MemcgView | None:
    return seen.memcg(_path(evidence))


def _counted(group: MemcgView) -> str:
    told = ", ".join(f"{name} {count}" for name, count in group.events.items() if count)
    return f"events: {told or 'none'}"


def _limit(size: int | None) -> str:
    return "max" if size is None else str(int(size))

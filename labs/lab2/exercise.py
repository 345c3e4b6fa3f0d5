"""Scenes exercise and swap: a hog in a cgroup that is too small for it, and what swap changes."""

from __future__ import annotations

import re

from labkit.grade.drawn import number
from labkit.grade.judging import answers, broken, ending, failed, passed, require_completed, require_step
from labkit.grade.witnessed import Seen, require_reading
from labkit.model.evidence import BEFORE, Evidence, SceneEvidence, StepResult, after_step
from labkit.model.units import Size
from labkit.model.verdict import Judgement

from .reading import KILLED, cgroup_reports, group_of, herd_of, oom_score

LIMIT = after_step("limit")
COURSE_GROUP = "/test_oom"
OWN_PAGES = 1024  # of its program and libraries: the inspector looks at memory without a file alone
LOOK = Size.mib(24)  # what the step `look` asks of the hog
# An idle process owns a few dozen pages: less than 1 point; 3 leave room for a reader who rounds.
IDLE_TOLERANCE = 3


def hog_touches(evidence: Evidence) -> Judgement:
    """`hog` really holds the memory it was asked for, and every page of it has data in it."""
    scene = require_completed(evidence, "exercise")
    step = require_step(scene, "look")
    if step.status != 0:
        return failed("hog sleeps on its memory until its seconds are over", ending(step))
    seen = require_reading(scene, after_step("look"))
    anonymous = {task.pid: task.rss_anon for task in seen.named("hog")}
    expected = f"at least {LOOK >> 12:,} pages with data in `hog 24` ({LOOK >> 12:,} × 4 KiB = 24 MiB)"
    hogs = [each for each in seen.contents if each.comm == "hog" and each.pid in anonymous]
    if not hogs:
        return failed(expected, "no process called hog is there")
    hog = max(hogs, key=lambda each: each.filled)
    empty = hog.mapped - hog.filled
    actual = f"{hog.mapped >> 12:,} pages are there, {empty >> 12:,} of them hold only zeroes"
    # Its program and libraries are pages with data too, of files: they are not what was asked for.
    actual += _inspected(step, hog.filled >> 12)
    if hog.filled >= LOOK and anonymous[hog.pid] >= LOOK:
        return passed(expected, actual, seen.show(good=[hog]))
    return failed(expected, actual, seen.show(bad=[hog]))


def _inspected(step: StepResult, filled: int) -> str:
    """What the guest's own inspector says, where that is another thing: root may have it say anything."""
    told = re.search(r"^there (\d{1,9})\nzero (\d{1,9})$", step.stdout, re.MULTILINE)
    said = int(told[1]) - int(told[2]) if told else 0
    if abs(said - filled) <= OWN_PAGES:
        return ""
    return f"; the inspector in the guest says {said:,} with data, the host believes the memory"


def limit_exact(evidence: Evidence) -> Judgement:
    """The hard limit is the one the handout names, to the byte."""
    seen = require_reading(require_completed(evidence, "exercise"), LIMIT)
    group = group_of(seen, evidence)
    wanted = number(evidence, "limit_mib") << 20
    actual = f"memory.max = {'max' if group.max is None else int(group.max)}"
    if group.max == wanted:
        return passed(f"memory.max = {wanted}", actual, seen.show(good=[group]))
    return failed(f"memory.max = {wanted}", actual, seen.show(bad=[group]))


def memcg_kill(evidence: Evidence) -> Judgement:
    """The kernel kills the hog because its cgroup is full, while the machine has memory left."""
    scene = require_completed(evidence, "exercise")
    return _killed_in_cgroup(evidence, scene, require_reading(scene, LIMIT))


def swap_predicted(evidence: Evidence) -> Judgement:
    """You said whether the course's own script ends in a kill where there is swap."""
    scene = require_completed(evidence, "swap")
    step = require_step(scene, "course")
    seen = require_reading(scene, BEFORE)  # before any code of a student's ran, and after the course's
    group = seen.memcg(COURSE_GROUP)
    if step.status not in (0, KILLED) or group is None:
        return broken("the course's script runs", ending(step))
    said = answers(evidence, "predictions.toml")
    word = said.values.get("swap_kills")
    if not isinstance(word, bool):
        return failed(
            "swap_kills = true or false", f"swap_kills is {word!r}", said.show("swap_kills", right=False)
        )
    killed = group.events["oom_kill"] > 0
    end = "was killed" if killed else "ran to its end"
    out = (seen.reading.vmstat or {}).get("pswpout", 0) >> 8  # pages; swap was off before
    actual = f"it {end} (status {step.status}, oom_kill {group.events['oom_kill']}); {out} MiB went to swap"
    expected = f"swap_kills = {'true' if killed else 'false'}"
    if word == killed:
        return passed(expected, actual, said.show("swap_kills", right=True))
    return failed(expected, actual, said.show("swap_kills", right=False))


def swap_fenced(evidence: Evidence) -> Judgement:
    """Your script ends in a kill even where there is swap to flee to."""
    scene = require_completed(evidence, "swap")
    seen = require_reading(scene, LIMIT)
    group = group_of(seen, evidence)
    if group.swap_max is None or group.swap_max > 0:
        fence = "max" if group.swap_max is None else int(group.swap_max)
        return failed("memory.swap.max = 0", f"memory.swap.max = {fence}", seen.show(bad=[group]))
    return _killed_in_cgroup(evidence, scene, seen)


def _killed_in_cgroup(evidence: Evidence, scene: SceneEvidence, seen: Seen) -> Judgement:
    """The hog died by the cgroup's limit, says the kernel's log, and limit.sh ended as the hog did."""
    group, step = group_of(seen, evidence), require_step(scene, "limit")
    expected = f"the kernel kills 'hog' for cgroup {group.path}, and limit.sh ends with its status, {KILLED}"
    victims = [pair for pair in cgroup_reports(seen, evidence) if pair[0].comm == "hog"]
    # The counter and the log are two books: nobody writes a line of the kernel's by having it counted.
    if not victims or group.events["oom_kill"] < 1:
        return failed(expected, f"no such kill; {ending(step)}", seen.show(bad=[group]))
    where = seen.log_source().show(good=[kill.line for _, report in victims for kill in report.kills])
    if step.status != KILLED:
        return failed(expected, f"the hog was killed, but {ending(step)}", where)
    victim, _ = victims[-1]
    return passed(expected, f"{victim.constraint}, process {victim.pid} (hog)", where)


def idle_score(evidence: Evidence) -> Judgement:
    """You said what oom_score an idle process with oom_score_adj 0 shows."""
    seen = require_reading(require_completed(evidence, "exercise"), after_step("idle"))
    idler = herd_of(seen).get("idler")
    if idler is None:
        return broken("labkit's own idle process", "it is not there")
    said = answers(evidence, "predictions.toml")
    predicted, real = said.integer("idle_score"), oom_score(idler, seen.totals)
    expected = f"{real} ± {IDLE_TOLERANCE}: what 'idler' ({idler.rss >> 10} KiB) shows"
    if abs(predicted - real) <= IDLE_TOLERANCE:
        return passed(expected, f"idle_score = {predicted}", seen.show(good=[idler]))
    return failed(expected, f"idle_score = {predicted}", said.show("idle_score", right=False))

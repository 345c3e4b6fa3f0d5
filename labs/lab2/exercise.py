"""Scenes exercise and swap: a hog in a cgroup that is too small for it, and what swap changes."""

from __future__ import annotations

from labkit.grade.judging import (
    answers,
    broken,
    failed,
    kernel_log,
    passed,
    require_completed,
    require_file,
    require_step,
    stdout,
)
from labkit.grade.parse.keyvalue import parse_key_values
from labkit.model.evidence import Evidence, SceneEvidence, after_step
from labkit.model.verdict import Judgement

from .reading import KILLED, census, cgroup, cgroup_file, cgroup_reports, ending, number

COURSE_EVENTS = "/sys/fs/cgroup/test_oom/memory.events"
# An idle process owns a few dozen pages: less than 1 point; 3 leave room for a reader who rounds.
IDLE_TOLERANCE = 3


def hog_touches(evidence: Evidence) -> Judgement:
    """`hog` really holds the memory it was asked for, and every page of it has data in it."""
    scene = require_completed(evidence, "exercise")
    step = require_step(scene, "look")
    if step.status != 0:
        return failed("hog sleeps on its memory until its seconds are over", ending(step))
    seen = stdout(step)
    pages = parse_key_values(seen.text)
    written = pages["there"] - pages["zero"]
    expected = (
        f"at least {pages['asked']:,} pages with data in `hog 48` ({pages['asked']:,} × 4 KiB = 48 MiB)"
    )
    actual = f"{pages['there']:,} pages are there, {pages['zero']:,} of them hold only zeroes"
    if written >= pages["asked"]:
        return passed(expected, actual, seen.show(good=[seen.line_of("there ")]))
    blame = "there " if pages["there"] < pages["asked"] else "zero "
    return failed(expected, actual, seen.show(bad=[seen.line_of(blame)]))


def limit_exact(evidence: Evidence) -> Judgement:
    """The hard limit is the one the handout names, to the byte."""
    scene = require_completed(evidence, "exercise")
    limit = cgroup_file(scene, evidence, "memory.max", "limit")
    wanted = number(evidence, "limit_mib") << 20
    expected, actual = f"memory.max = {wanted}", f"memory.max = {limit.text}"
    if limit.text == str(wanted):
        return passed(expected, actual, limit.show(good=[1]))
    return failed(expected, actual, limit.show(bad=[1]))


def memcg_kill(evidence: Evidence) -> Judgement:
    """The kernel kills the hog because its cgroup is full, while the machine has memory left."""
    scene = require_completed(evidence, "exercise")
    return _killed_in_cgroup(evidence, scene)


def swap_predicted(evidence: Evidence) -> Judgement:
    """You said whether the course's own script ends in a kill where there is swap."""
    scene = require_completed(evidence, "swap")
    step = require_step(scene, "course")
    events = parse_key_values(require_file(scene, COURSE_EVENTS, after_step("course")).text)
    if step.status not in (0, KILLED):
        return broken("the course's script runs", ending(step))
    said = answers(evidence, "predictions.toml")
    word = said.values.get("swap_kills")
    if not isinstance(word, bool):
        return failed(
            "swap_kills = true or false", f"swap_kills is {word!r}", said.show("swap_kills", right=False)
        )
    killed = events["oom_kill"] > 0
    end = "was killed" if killed else "ran to its end"
    out = _swapped_out(scene)
    actual = f"it {end} (status {step.status}, oom_kill {events['oom_kill']}); {out} MiB went to swap"
    expected = f"swap_kills = {'true' if killed else 'false'}"
    if word == killed:
        return passed(expected, actual, said.show("swap_kills", right=True))
    return failed(expected, actual, said.show("swap_kills", right=False))


def _swapped_out(scene: SceneEvidence) -> int:
    """MiB written to swap until the course's script had ended; 0 before, for swap was off."""
    vmstat = parse_key_values(require_file(scene, "/proc/vmstat", after_step("course")).text)
    return vmstat["pswpout"] >> 8


def swap_fenced(evidence: Evidence) -> Judgement:
    """Your script ends in a kill even where there is swap to flee to."""
    scene = require_completed(evidence, "swap")
    fence = cgroup_file(scene, evidence, "memory.swap.max", "limit")
    if fence.text != "0":
        return failed("memory.swap.max = 0", f"memory.swap.max = {fence.text}", fence.show(bad=[1]))
    return _killed_in_cgroup(evidence, scene)


def _killed_in_cgroup(evidence: Evidence, scene: SceneEvidence) -> Judgement:
    """The hog died by the cgroup's limit, says the kernel's log, and limit.sh ended as the hog did."""
    path = cgroup(evidence)
    step, log = require_step(scene, "limit"), kernel_log(scene)
    events = cgroup_file(scene, evidence, "memory.events", "limit")
    expected = f"the kernel kills 'hog' for cgroup /{path}, and limit.sh ends with its status, {KILLED}"
    victims = [(victim, report) for victim, report in cgroup_reports(scene, evidence) if victim.comm == "hog"]
    if not victims:
        line = events.line_of("oom_kill ")
        return failed(expected, f"no such kill; {ending(step)}", events.show(bad=[line]))
    where = log.show(good=[kill.line for _, report in victims for kill in report.kills])
    if step.status != KILLED:
        return failed(expected, f"the hog was killed, but {ending(step)}", where)
    victim, _ = victims[-1]
    return passed(expected, f"{victim.constraint}, process {victim.pid} (hog)", where)


def idle_score(evidence: Evidence) -> Judgement:
    """You said what oom_score an idle process with oom_score_adj 0 shows."""
    scene = require_completed(evidence, "exercise")
    source, rows = census(scene, "census")
    said = answers(evidence, "predictions.toml")
    predicted, real = said.integer("idle_score"), rows["idler"].score
    expected = f"{real} ± {IDLE_TOLERANCE}: what 'idler' ({rows['idler'].rss} KiB) showed"
    if abs(predicted - real) <= IDLE_TOLERANCE:
        return passed(expected, f"idle_score = {predicted}", source.show(good=[rows["idler"].line]))
    return failed(expected, f"idle_score = {predicted}", said.show("idle_score", right=False))

"""Scene pressure: what the course's stress does to a small guest, and what the student's own amount does."""

from __future__ import annotations

from collections.abc import Mapping

from labkit.grade.judging import Decided, answers, broken, failed, passed, require_completed, require_step
from labkit.grade.relate import delta
from labkit.grade.witnessed import Seen, require_reading
from labkit.model.evidence import BEFORE, Evidence, after_step
from labkit.model.verdict import Judgement

SWAPPED_PAGES = 256  # 1 MiB: more than the guest itself swaps out at rest


def course_ends(evidence: Evidence) -> Judgement:
    """You said how the course's stress command ends in the small guest: killed, swapped or refused."""
    seen = require_reading(require_completed(evidence, "pressure"), BEFORE)
    # Nobody had been killed and nothing swapped before: the guest is freshly booted, and this its first step.
    kills, out = _vmstat(seen)["oom_kill"], _vmstat(seen)["pswpout"]
    ended = "killed" if kills else "swapped" if out >= SWAPPED_PAGES else "refused"
    said = answers(evidence, "worksheet.toml")
    right = said.word("course_ends") == ended
    memory = f"{seen.totals.ram >> 20} MiB of memory and {seen.totals.swap >> 20} MiB of swap"
    expected = f"course_ends = '{ended}': two workers of 1 GiB each in {memory}"
    actual = (
        f"course_ends = '{said.word('course_ends')}'; the kernel killed {kills} and swapped {out:,} pages out"
    )
    return (passed if right else failed)(expected, actual, said.show("course_ends", right=right))


def pressure(evidence: Evidence) -> Judgement:
    """With the amount you chose the guest swaps, pages come back from swap, and nobody is killed."""
    scene = require_completed(evidence, "pressure")
    step = require_step(scene, "press")
    before, after = (_vmstat(require_reading(scene, after_step(name))) for name in ("pool", "press"))
    out, back, kills = (delta(before, after, name) for name in ("pswpout", "pswpin", "oom_kill"))
    said = answers(evidence, "pressure.toml")
    amount = said.integer("mib")
    expected = f"at least {SWAPPED_PAGES:,} pages out to swap, some of them back, and oom_kill as before"
    actual = (
        f"mib = {amount}: {out:,} pages out, {back:,} back, {kills} killed, press ended with {step.status}"
    )
    right = out >= SWAPPED_PAGES and back > 0 and kills == 0 and step.status == 0
    return (passed if right else failed)(expected, actual, said.show("mib", right=right))


def _vmstat(seen: Seen) -> Mapping[str, int]:
    if seen.reading.vmstat is None:
        raise Decided(broken(f"vmstat in {seen.witnessed.where}", "the lab did not ask for it"))
    return seen.reading.vmstat

"""What an unprivileged program holds, read by labkit's own process in the guest and by the host."""

from __future__ import annotations

from labkit.grade.judging import broken, failed, passed, require_completed, require_step, stdout
from labkit.grade.witnessed import require_reading
from labkit.model.evidence import Evidence, after_step
from labkit.model.verdict import Judgement

STUDENT = "1000"
# What /proc tells of a process leaves out what its threads or CPUs have not yet added: on 6.1 up to 63 pages
# (TASK_RSS_EVENTS_THRESH), on 6.12 31 on each CPU (percpu_counter_batch).
DRIFT_KIB = 64 * 4


def asked(evidence: Evidence) -> int:
    """In KiB."""
    mib = evidence.request.parameters["mib"]
    assert isinstance(mib, int)
    return mib << 10


def seen(evidence: Evidence) -> Judgement:
    """labkit's own process sees a process `work` of the student's that has the memory."""
    step = require_step(require_completed(evidence, "only"), "look")
    said = stdout(step)
    if step.status != 0:
        return broken("labkit's roll call", step.stderr.strip())
    expected = f"a process 'work' of user {STUDENT} with {asked(evidence):,} KiB of its own"
    rows = [text.split(" ") for _, text in said.lines]
    most = max((int(anon) for _, uid, anon in rows if uid == STUDENT), default=0)
    line = said.line_of(f" {STUDENT} {most}")
    if most >= asked(evidence) - DRIFT_KIB:
        return passed(expected, f"{most:,} KiB", said.show(good=[line]))
    return failed(expected, f"{most:,} KiB", said.show(bad=[line]))


def filled(evidence: Evidence) -> Judgement:
    """Every page of it holds data."""
    look = require_reading(require_completed(evidence, "only"), after_step("work"))
    own = {task.pid: task for task in look.named("work") if task.uid == int(STUDENT)}
    found = [each for each in look.contents if each.pid in own]
    expected = f"{asked(evidence):,} KiB with data in a process 'work'"
    if not found:
        return failed(expected, "there is no such process")
    best = max(found, key=lambda each: each.filled)
    # Of its program and libraries a process maps pages with data too: what is anonymous counts.
    enough = min(best.filled, own[best.pid].rss_anon) >= asked(evidence) << 10
    where = look.show(good=[best]) if enough else look.show(bad=[best])
    actual = f"{best.filled >> 10:,} KiB"
    return passed(expected, actual, where) if enough else failed(expected, actual, where)

"""A verdict as a student's half-right lab2 gives it; texts are a 6.12 guest's own."""

from __future__ import annotations

import pytest

from labkit.model.verdict import (
    EvidenceClass,
    ExcerptLine,
    Finding,
    Mark,
    Outcome,
    Status,
    Verdict,
    Where,
)

OOM_LINE = (
    "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0-1,oom_memcg=/test_oom,"
    "task_memcg=/test_oom,task=python3,pid=312,uid=0"
)
KILLED = (
    "Memory cgroup out of memory: Killed process 312 (python3) total-vm:218756kB, anon-rss:101204kB, "
    "file-rss:5760kB, shmem-rss:0kB, UID:0 pgtables:276kB oom_score_adj:0"
)


def finding(
    name: str, says: str, outcome: Outcome, points: float | None, most: int, **more: object
) -> Finding:
    facts: dict[str, object] = {"expected": "", "actual": "", "where": None, "hint": "", **more}
    return Finding(
        id=name,
        says=says,
        outcome=outcome,
        points=points,
        max_points=most,
        evidence=EvidenceClass.OBSERVER,
        **facts,  # type: ignore[arg-type]
    )


CHECKS = (
    finding(
        "cgroup-kill",
        "The hog in the 100 MiB cgroup was killed by the cgroup's OOM killer, once",
        Outcome.PASS,
        15,
        15,
        expected="one kill, constraint MEMCG",
        actual="so it was",
        where=Where(path="course/dmesg.jsonl", line=143),
    ),
    finding("no-kill-with-swap", "With swap the same hog lives: nobody is killed", Outcome.PASS, 10, 10),
    finding(
        "scores",
        "You predicted the oom_score of each of the five processes",
        Outcome.PARTIAL,
        12,
        20,
        expected="birch 702, cedar 731, elm 690, oak 688, yew 671 (each within 3)",
        actual="3 of 5 are right: cedar and yew are not",
        where=Where(
            path="submission/answers.toml",
            line=9,
            excerpt=(
                ExcerptLine(number=8, mark=Mark.GOOD, text="birch = 702"),
                ExcerptLine(number=9, mark=Mark.BAD, text="cedar = 64"),
                ExcerptLine(number=10, mark=Mark.CONTEXT, text="elm = 690"),
            ),
        ),
        hint="oom_score is not the share of memory alone: where does the kernel add oom_score_adj, "
        "and in what unit? Read oom_badness() in mm/oom_kill.c.",
    ),
    finding(
        "order",
        "They died in the order that you predicted",
        Outcome.FAIL,
        0,
        25,
        expected="killed in this order: cedar, birch, elm",
        actual="the kernel killed birch, cedar, elm",
        where=Where(
            path="choice/dmesg.jsonl",
            line=143,
            excerpt=(
                ExcerptLine(number=142, mark=Mark.CONTEXT, text=OOM_LINE),
                ExcerptLine(number=143, mark=Mark.BAD, text=KILLED),
                ExcerptLine(number=None, mark=Mark.MISSING, text="Killed process … (cedar)"),
            ),
        ),
        hint="The victim is the process with the highest badness at the moment of the kill.",
    ),
    finding(
        "survivor",
        "Y lives although it is the biggest",
        Outcome.BLOCKED,
        None,
        20,
        actual="not looked at: it needs 'order', which failed",
    ),
    finding("oom-group", "memory.oom.group kills the whole cgroup or nobody", Outcome.PASS, 10, 10),
    finding("myth-root", "A root process has the same score as any other", Outcome.PASS, 0, 0),
)


@pytest.fixture
def graded() -> Verdict:
    return Verdict(
        lab="lab2",
        title="The OOM killer: who dies, and why",
        status=Status.GRADED,
        reason="",
        score=47.0,
        max_score=100,
        seed="ada",
        tier="root",
        kernel="6.12",
        release="6.12.117+deb12-cloud-amd64",
        accelerator="tcg",
        started="cold",
        practice=True,
        digests={"lab": "4f2a" * 16, "evidence": "91bc" * 16},
        timings={"boot": 17.2, "ssh": 0.6, "deploy": 1.9, "steps": 24.4, "capture": 1.1, "poweroff": 1.3},
        checks=CHECKS,
    )

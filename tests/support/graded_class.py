"""A class of five as exports get it: full marks, less, refused, ungraded, and names that mean harm."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from classes import result

from labkit.model.coursework import Ledger, Ruling, Standing, Student
from labkit.model.verdict import EvidenceClass, ExcerptLine, Finding, Mark, Outcome, Status, Verdict, Where

EVIL = '=HYPERLINK("http://x")\n\x1b[2J\x00\u202e#]]></script>\ufffe'


def finding(name: str, outcome: Outcome, points: float | None, top: int, text: str = "so it was") -> Finding:
    return Finding(
        id=name,
        says=f"It is as {name} says",
        outcome=outcome,
        points=points,
        max_points=top,
        evidence=EvidenceClass.WITNESS,
        expected=text,
        actual=text,
        where=Where(path="s/dmesg.jsonl", line=3, excerpt=(ExcerptLine(number=3, mark=Mark.BAD, text=text),)),
        hint=text,
    )


def verdict(*checks: Finding, status: Status = Status.GRADED) -> Verdict:
    graded = status is Status.GRADED
    return Verdict(
        lab="lab2",
        title="The OOM killer",
        status=status,
        reason="" if graded else "the guest was lost",
        score=sum(check.points or 0 for check in checks) if graded else None,
        max_score=sum(check.max_points for check in checks),
        seed="feed",
        tier="root",
        kernel="6.12",
        release="6.12.1",
        accelerator="tcg",
        started="clone",
        practice=False,
        digests={},
        checks=checks,
    )


def ruling(student: Student, final: float | None, *, attempt: int | None = 1, penalty: float = 0.0) -> Ruling:
    return Ruling(
        student=student,
        attempt=attempt,
        raw=None if final is None else final + penalty,
        penalty=penalty,
        final=final,
        max_score=4,
        late_days=0,
        because=("attempt 1: score 3 of 4",),
    )


ADA = result("ada", 4.0, failed=())
BOB = replace(result("bob"), student=Student(id="bob", name="Bob B.", email="bob@x.edu", sis="77"))
CYD = result("cyd", 0.0, standing=Standing.REFUSED, reason=f"hog.c:3: missing ';'\n{EVIL}")
DAN = replace(
    result("dan", None, standing=Standing.UNGRADED, reason="the guest was lost"), failures=("lost", "lost")
)
EVE = replace(result("eve"), student=Student(id=EVIL, name=EVIL))
CLASS = (ADA, BOB, CYD, DAN, EVE)
VERDICTS = {
    ADA.key: verdict(finding("touches", Outcome.PASS, 3.0, 3), finding("order", Outcome.PASS, 1.0, 1)),
    BOB.key: verdict(
        finding("touches", Outcome.PASS, 3.0, 3),
        finding("order", Outcome.FAIL, 0.0, 1),
        finding("shown", Outcome.FAIL, None, 0),
    ),
    EVE.key: verdict(
        finding("touches", Outcome.PARTIAL, 3.0, 3), finding("order", Outcome.BLOCKED, None, 1, EVIL)
    ),
}
LEDGER = Ledger(
    lab="lab2",
    title="The OOM killer",
    max_score=4,
    folder=Path("/out"),
    results=CLASS,
    rulings=(
        ruling(ADA.student, 4.0),
        ruling(BOB.student, 2.5, penalty=0.5),
        ruling(CYD.student, 0.0),
        ruling(DAN.student, None),
        ruling(EVE.student, 3.0),
    ),
)

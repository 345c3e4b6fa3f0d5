"""Results of a class, as tests want them: one line for what matters in each."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from hashlib import sha256

from labkit.model.coursework import Mark, Result, Standing, Student

GRADED_AT = datetime(2026, 11, 26, 12, 0, tzinfo=timezone.utc)
DUE = datetime(2026, 12, 1, 22, 59, tzinfo=timezone.utc)


def result(
    student: str = "ada",
    score: float | None = 3.0,
    *,
    attempt: int = 1,
    top: int = 4,
    standing: Standing = Standing.GRADED,
    reason: str = "",
    submitted_at: datetime | None = None,
    failed: tuple[str, ...] = ("order",),
    minute: int = 0,
    run: str = "20261126T120000Z-lab2-x",
) -> Result:
    """One of a lab with the checks `touches` and `order`; `minute` sets when it was graded."""
    marks = tuple(
        Mark(
            id=name,
            outcome="fail" if name in failed else "pass",
            points=0.0 if name in failed else worth,
            max_points=int(worth),
        )
        for name, worth in (("touches", 3.0), ("order", 1.0))
    )
    return Result(
        key=sha256(f"{student} {attempt} {minute}".encode()).hexdigest(),
        lab="lab2",
        student=Student(id=student),
        attempt=attempt,
        submitted_at=submitted_at,
        late=False,
        origin=f"class.zip/{student}",
        submission="5" * 64,
        seed="feed",
        official=False,
        kernel="6.12",
        standing=standing,
        reason=reason,
        score=score,
        max_score=top,
        marks=marks if standing is Standing.GRADED else (),
        run=run if standing is not Standing.REFUSED else "",
        graded_at=GRADED_AT + timedelta(minutes=minute),
        seconds=7.5,
    )

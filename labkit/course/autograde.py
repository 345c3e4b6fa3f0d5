"""One submission graded inside a platform's own container, as Gradescope's harness lays it out.

/autograder/submission, /autograder/submission_metadata.json → /autograder/results/results.json
(gradescope-autograders.readthedocs.io, "Autograder Specifications").
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from labkit.course.attempt import attempt
from labkit.course.desk import GradeAsk, terms_of
from labkit.course.ledger import refuse_unknown
from labkit.course.pages import verdict_of
from labkit.course.take import take
from labkit.model.coursework import Parcel, Policy, Result, Student
from labkit.model.errors import UsageError
from labkit.model.events import Listener
from labkit.places import places
from labkit.policy.load import load_policy
from labkit.policy.rule import rule
from labkit.pools.cancel import Token
from labkit.report.export.gradescope import render_gradescope, render_gradescope_failure
from labkit.session import opened
from labkit.store.disk import host_errors, write_whole
from labkit.store.journal import Journal

METADATA = "submission_metadata.json"
SUBMISSION = "submission"
RESULTS = Path("results") / "results.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class AutogradeAsk:
    """What `labkit course autograde` was asked for. `root` is /autograder; `policy` None: no rules."""

    lab: str
    root: Path
    policy: Path | None = None
    kernel: str | None = None


def autograde(ask: AutogradeAsk, listen: Listener) -> Result:
    """Grade what lies there, and write what the harness reads, whatever happens: then without a score.

    Raises what keeps it from being graded, after that was written.
    """
    target = ask.root / RESULTS
    with host_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, render_gradescope_failure().encode())
    meta = _metadata(ask.root / METADATA)
    policy = load_policy(ask.policy) if ask.policy is not None else Policy()
    if policy.due is None:
        policy = replace(policy, due=_instant((meta.get("assignment") or {}).get("due_date")))
    journal = Journal(folder=ask.root / "labkit")
    here = places(runs=journal.runs)
    grading = GradeAsk(lab=ask.lab, submissions=ask.root / SUBMISSION, out=journal.folder, kernel=ask.kernel)
    terms = terms_of(grading, here, listen)
    if ask.policy is not None:
        refuse_unknown(policy, terms.lab, ask.policy)
    taken = take(terms, _parcel(ask.root / SUBMISSION, meta))
    with opened(terms.lab, terms.base, here, cold=False) as house:
        result = attempt(Token(), terms, house, taken, listen)
    ruling = rule(policy, result.student, [result], result.max_score)
    text = render_gradescope(result, verdict_of(journal, result), policy.showing, ruling)
    write_whole(target, text.encode("utf-8", "replace"))
    return result


def _parcel(submission: Path, meta: dict[str, Any]) -> Parcel:
    users = meta.get("users") or [{}]
    first = users[0]
    email, name = str(first.get("email") or ""), str(first.get("name") or "")
    return Parcel(
        student=Student(id=email or str(first.get("id") or "student"), name=name, email=email),
        source=submission,
        origin=SUBMISSION,
        attempt=len(meta.get("previous_submissions") or []) + 1,
        submitted_at=_instant(meta.get("created_at")),
    )


def _metadata(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        fix = "run it where Gradescope's harness does, or give its folder with --root"
        raise UsageError(where=str(path), found=str(error), fix=fix) from error
    if not isinstance(found, dict):
        raise UsageError(where=str(path), found="no object", fix="give what Gradescope's harness wrote")
    return found


def _instant(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)

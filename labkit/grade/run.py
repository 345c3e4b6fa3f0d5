"""Evidence to verdict, a pure function that fails closed.

A check that needs a failed one is blocked; one that raises, or returns what no check may return, is broken.
Any check that is unsupported or broken, any scene that labkit did not bring to an end, and a lab without
checks make the run ungraded: its score is None, never 0 and never full. The maximum comes from the lab.
"""

from __future__ import annotations

import hashlib
import traceback
from pathlib import Path

from labkit.grade.judging import Decided, broken
from labkit.grade.relations import judge_relation
from labkit.model.evidence import Evidence, SceneEnd
from labkit.model.lab import Check, FileRelation, Lab
from labkit.model.machine import Accel, Started
from labkit.model.verdict import Finding, Judgement, Outcome, Status, Verdict

SCORING = (Outcome.PASS, Outcome.PARTIAL, Outcome.FAIL)
UNGRADING = (Outcome.UNSUPPORTED, Outcome.BROKEN)
# QEMU docs/system/security.rst: only the virtualization use case, with KVM, is held to be a boundary.
NO_BOUNDARY = "QEMU emulated (TCG), which its developers do not hold to be a security boundary"
_MAY_RETURN = (*SCORING, *UNGRADING)


def grade(lab: Lab, evidence: Evidence, *, evidence_digest: str = "") -> Verdict:
    """Judge a run. `evidence_digest` is what the store says of the run folder it was read from.

    When the lab has changed since the run, the verdict is of the lab as it is now, and `digests` has the
    run's own as `lab_when_run`.
    """
    findings = _findings(lab, evidence)
    reason = _why_ungraded(lab, evidence, findings)
    request = evidence.request
    scores = [finding.points for finding in findings if finding.points is not None]
    return Verdict(
        lab=lab.id,
        title=lab.title,
        status=Status.UNGRADED if reason else Status.GRADED,
        reason=reason,
        score=None if reason else round(sum(scores), 2),
        max_score=lab.max_score,
        seed=request.seed,
        tier=lab.tier.value,
        kernel=request.kernel,
        release=evidence.scenes[0].release if evidence.scenes else "",
        accelerator=request.accel.value,
        started=_started(evidence).value,
        practice=request.official is None,
        note=_note(evidence),
        digests=_digests(lab, evidence, evidence_digest),
        timings=_timings(evidence),
        checks=findings,
    )


def _note(evidence: Evidence) -> str:
    emulated = any(scene.accel is Accel.TCG for scene in evidence.scenes)
    return NO_BOUNDARY if emulated and evidence.request.official is not None else ""


def _started(evidence: Evidence) -> Started:
    """A run is a clone's when any of its scenes was."""
    clone = any(scene.started is Started.CLONE for scene in evidence.scenes)
    return Started.CLONE if clone else Started.COLD


def _findings(lab: Lab, evidence: Evidence) -> tuple[Finding, ...]:
    """In the lab's order; a check is judged after those it needs (the loader refuses circles)."""
    by_id = {check.id: check for check in lab.checks}
    found: dict[str, Finding] = {}

    def settle(check: Check) -> Finding:
        if check.id not in found:
            unmet = [
                need
                for need in check.needs
                if settle(by_id[need]).outcome not in (Outcome.PASS, Outcome.PARTIAL)
            ]
            judgement = _blocked(unmet) if unmet else _judged(lab, check, evidence)
            found[check.id] = _finding(check, judgement)
        return found[check.id]

    return tuple(settle(check) for check in lab.checks)


def _blocked(unmet: list[str]) -> Judgement:
    names = ", ".join(f"'{name}'" for name in unmet)
    return Judgement(outcome=Outcome.BLOCKED, expected=f"{names} first", actual=f"{names} did not pass")


def _judged(lab: Lab, check: Check, evidence: Evidence) -> Judgement:
    if evidence.request.lab != lab.id:
        return broken(f"evidence of lab '{lab.id}'", f"it is of lab '{evidence.request.lab}'")
    try:
        if isinstance(check.judge, FileRelation):
            judgement = judge_relation(check.judge, evidence)
        else:
            judgement = check.judge(evidence)
    except Decided as decided:
        judgement = decided.judgement
    except (Exception, SystemExit) as error:  # noqa: BLE001  a lab author's code runs here: whatever it does is a finding
        return broken(
            f"the check '{check.id}' comes to a judgement", _in_the_authors_words(error, lab.folder)
        )
    if not isinstance(judgement, Judgement) or judgement.outcome not in _MAY_RETURN:
        return broken("a check returns passed, partial or failed", f"'{check.id}' returned {judgement!r}")
    if not 0.0 <= judgement.fraction <= 1.0:
        return broken("a fraction from 0 to 1", f"'{check.id}' returned {judgement.fraction}")
    return judgement


def _in_the_authors_words(error: BaseException, folder: Path) -> str:
    """The exception and the lines of the lab's own files that led to it, outermost first."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(folder)]
    lines = [f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in own or frames[-1:]]
    return f"{type(error).__name__}: {error} ({', '.join(lines)})"


def _finding(check: Check, judgement: Judgement) -> Finding:
    points = None
    if judgement.outcome in SCORING:
        share = {Outcome.PASS: 1.0, Outcome.FAIL: 0.0}.get(judgement.outcome, judgement.fraction)
        points = round(check.points * share, 2)
    return Finding(
        id=check.id,
        says=check.says,
        outcome=judgement.outcome,
        points=points,
        max_points=check.points,
        evidence=check.evidence,
        expected=judgement.expected,
        actual=judgement.actual,
        where=judgement.where,
        hint="" if judgement.outcome is Outcome.PASS else judgement.hint or check.hint,
    )


def _why_ungraded(lab: Lab, evidence: Evidence, findings: tuple[Finding, ...]) -> str:
    """Empty for a run that is graded."""
    if not findings:
        return f"lab '{lab.id}' has no checks"
    for wanted in lab.scenes:
        scene = evidence.scene(wanted.name)
        if scene is None:
            return f"scene '{wanted.name}' has no evidence"
        if scene.end in (SceneEnd.BROKEN, SceneEnd.INTERRUPTED):
            return f"scene '{scene.name}' is {scene.end.value}: {scene.detail}"
    for finding in findings:
        if finding.outcome in UNGRADING:
            return f"check '{finding.id}' is {finding.outcome.value}: {finding.actual}"
    return ""


def _digests(lab: Lab, evidence: Evidence, evidence_digest: str) -> dict[str, str]:
    request = evidence.request
    digests = {"lab": lab.digest, "submission": _submission_digest(evidence)}
    if request.lab_digest != lab.digest:
        digests["lab_when_run"] = request.lab_digest
    if evidence_digest:
        digests["evidence"] = evidence_digest
    return digests


def _submission_digest(evidence: Evidence) -> str:
    """SHA-256 over a listing of the submitted files as sha256sum prints it, sorted by name."""
    files = sorted(evidence.request.submission.items())
    listing = "".join(f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in files)
    return hashlib.sha256(listing.encode()).hexdigest()


def _timings(evidence: Evidence) -> dict[str, float]:
    total: dict[str, float] = {}
    for scene in evidence.scenes:
        for phase, seconds in scene.timings.items():
            total[phase] = total.get(phase, 0.0) + seconds
    return {phase: round(seconds, 3) for phase, seconds in total.items()}

"""Verdict → what is signed: an in-toto Statement v1 with the test-result predicate v0.1, and back.

in-toto/attestation spec/predicates/test-result.md: `result` and `configuration` are required, the lists name
tests; spec/v1/README.md lets a producer add fields to any object, so `predicate.labkit` is ours and holds the
whole Statement. The lists name graded checks only: one that is merely shown cannot fail anybody.
"""

from __future__ import annotations

import json

from pydantic import TypeAdapter, ValidationError

from labkit.model.errors import BadInput
from labkit.model.evidence import Request
from labkit.model.official import SignedCheck, Statement
from labkit.model.verdict import Outcome, Verdict

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://in-toto.io/attestation/test-result/v0.1"
OURS = "labkit"

_ADAPTER = TypeAdapter(Statement)
_PASSED = (Outcome.PASS.value,)
_WARNED = (Outcome.PARTIAL.value,)


def state(verdict: Verdict, request: Request, verdict_digest: str) -> Statement:
    """What there is to sign of a graded official run; the same evidence gives the same statement."""
    assert request.official is not None
    assert verdict.score is not None
    return Statement(
        lab=verdict.lab,
        lab_digest=verdict.digests["lab"],
        student=request.official.student,
        attempt=request.official.attempt,
        seed=verdict.seed,
        tier=verdict.tier,
        kernel=verdict.kernel,
        release=verdict.release,
        pack=request.pack,
        accelerator=verdict.accelerator,
        started=verdict.started,
        started_at=request.started_at,
        practice=verdict.practice,
        labkit=request.labkit,
        submission=verdict.digests["submission"],
        evidence=verdict.digests["evidence"],
        verdict=verdict_digest,
        score=verdict.score,
        max_score=verdict.max_score,
        checks=tuple(
            SignedCheck(
                id=check.id,
                outcome=check.outcome.value,
                points=check.points,
                max_points=check.max_points,
                evidence=check.evidence.value,
            )
            for check in verdict.checks
        ),
    )


def render_statement(statement: Statement) -> bytes:
    """The payload to sign. `result` is WARNED where all that did not pass earned a part."""
    passed, warned, failed = _sorted(statement)
    document = {
        "_type": STATEMENT_TYPE,
        "subject": [
            _resource("submission", statement.submission),
            _resource("evidence", statement.evidence),
            _resource("verdict.json", statement.verdict),
        ],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "result": "FAILED" if failed else "WARNED" if warned else "PASSED",
            "configuration": [
                _resource(f"labs/{statement.lab}", statement.lab_digest),
                _resource(f"kernels/{statement.kernel}", statement.pack)
                | {"annotations": {"release": statement.release}},
            ],
            "passedTests": passed,
            "warnedTests": warned,
            "failedTests": failed,
            OURS: _ADAPTER.dump_python(statement, mode="json"),
        },
    }
    return json.dumps(document, separators=(",", ":"), allow_nan=False).encode()


def parse_statement(payload: bytes, where: str) -> Statement:
    """The statement that `render_statement` wrote. Raises BadInput for one of another maker."""
    try:
        own = json.loads(payload)["predicate"][OURS]
        statement = _ADAPTER.validate_json(json.dumps(own), strict=True)
        if render_statement(statement) == payload:
            return statement
    except (ValueError, KeyError, TypeError, RecursionError, ValidationError):
        pass  # said below, as for one that reads well and says something else around it
    raise BadInput(
        where=where,
        found="a signed statement that this labkit does not write",
        fix="verify it with the labkit that wrote it",
    )


def _sorted(statement: Statement) -> tuple[list[str], list[str], list[str]]:
    graded = [check for check in statement.checks if check.max_points]
    passed = [check.id for check in graded if check.outcome in _PASSED]
    warned = [check.id for check in graded if check.outcome in _WARNED]
    failed = [check.id for check in graded if check.outcome not in (*_PASSED, *_WARNED)]
    return passed, warned, failed


def _resource(name: str, sha256: str) -> dict[str, object]:
    """A ResourceDescriptor (spec/v1/resource_descriptor.md)."""
    return {"name": name, "digest": {"sha256": sha256}}

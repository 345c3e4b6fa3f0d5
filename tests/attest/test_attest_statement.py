"""A statement is what in-toto's test-result readers expect, and comes back as it was."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.attest.statement import parse_statement, render_statement
from labkit.model.errors import BadInput
from labkit.model.official import SignedCheck, Statement

OUTCOMES = st.sampled_from(["pass", "partial", "fail", "blocked"])
NUMBER = st.floats(0, 100, allow_nan=False)
CHECKS = st.builds(
    SignedCheck,
    id=st.text(max_size=5),
    outcome=OUTCOMES,
    points=st.none() | NUMBER,
    max_points=st.integers(0, 20),
    evidence=st.sampled_from(["witness", "physical"]),
)
STATEMENTS = st.builds(Statement, score=NUMBER, checks=st.lists(CHECKS, max_size=4).map(tuple))


def check(name: str, outcome: str, max_points: int = 5) -> SignedCheck:
    return SignedCheck(id=name, outcome=outcome, points=1.0, max_points=max_points, evidence="witness")


@given(statement=STATEMENTS)
def test_a_statement_comes_back(statement: Statement) -> None:
    assert parse_statement(render_statement(statement), "test") == statement


@given(statement=STATEMENTS)
def test_it_has_what_the_specification_requires(statement: Statement) -> None:
    document = json.loads(render_statement(statement))
    assert document["_type"] == "https://in-toto.io/Statement/v1"
    assert document["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    assert [item["name"] for item in document["subject"]] == ["submission", "evidence", "verdict.json"]
    assert all(set(item["digest"]) == {"sha256"} for item in document["subject"])
    predicate = document["predicate"]
    assert [item["digest"]["sha256"] for item in predicate["configuration"]] == [
        statement.lab_digest,
        statement.pack,
    ]
    named = [*predicate["passedTests"], *predicate["warnedTests"], *predicate["failedTests"]]
    assert sorted(named) == sorted(item.id for item in statement.checks if item.max_points)


@pytest.mark.parametrize(
    ("outcomes", "result"),
    [
        (["pass", "pass"], "PASSED"),
        (["pass", "partial"], "WARNED"),
        (["partial", "fail"], "FAILED"),
        (["pass", "blocked"], "FAILED"),
    ],
)
def test_the_result_is_that_of_the_worst_graded_check(outcomes: list[str], result: str) -> None:
    checks = (*(check(name, name) for name in outcomes), check("shown", "fail", max_points=0))
    payload = render_statement(replace(STATEMENT, checks=checks))
    assert json.loads(payload)["predicate"]["result"] == result


def test_a_statement_that_says_something_else_around_ours_is_refused() -> None:
    document = json.loads(render_statement(replace(STATEMENT, checks=(check("a", "fail"),))))
    document["predicate"]["result"] = "PASSED"
    with pytest.raises(BadInput, match="that this labkit does not write"):
        parse_statement(json.dumps(document, separators=(",", ":")).encode(), "test")


@given(payload=st.binary(max_size=50) | st.sampled_from([b"[]", b"{}", b'{"predicate": {"labkit": {}}}']))
def test_what_is_no_statement_is_refused_in_words(payload: bytes) -> None:
    with pytest.raises(BadInput):
        parse_statement(payload, "test")


STATEMENT = Statement(
    lab="lab2",
    lab_digest="1" * 64,
    student="ada",
    attempt=1,
    seed="s",
    tier="root",
    kernel="6.12",
    release="6.12.0",
    pack="2" * 64,
    accelerator="kvm",
    started="clone",
    started_at="2026-11-24T15:00:00Z",
    practice=False,
    labkit="0.1.0",
    submission="3" * 64,
    evidence="4" * 64,
    verdict="5" * 64,
    score=10.0,
    max_score=20,
    checks=(),
)

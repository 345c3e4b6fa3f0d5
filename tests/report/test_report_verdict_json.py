"""verdict.json: what EXPORTS promises, and back again without loss."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.model.errors import Broken
from labkit.model.verdict import EvidenceClass, ExcerptLine, Finding, Mark, Outcome, Status, Verdict, Where
from labkit.report.verdict_json import parse_verdict_json, render_verdict_json

texts = st.text(max_size=20)
numbers = st.floats(min_value=0, max_value=1e6)
wheres = st.builds(
    Where,
    path=texts,
    line=st.none() | st.integers(1, 10**6),
    excerpt=st.lists(
        st.builds(
            ExcerptLine, number=st.none() | st.integers(1, 10**6), mark=st.sampled_from(Mark), text=texts
        ),
        max_size=3,
    ).map(tuple),
)
findings = st.builds(
    Finding,
    id=texts,
    says=texts,
    outcome=st.sampled_from(Outcome),
    points=st.none() | numbers,
    max_points=st.integers(0, 100),
    evidence=st.sampled_from(EvidenceClass),
    expected=texts,
    actual=texts,
    where=st.none() | wheres,
    hint=texts,
)
verdicts = st.builds(
    Verdict,
    lab=texts,
    title=texts,
    status=st.sampled_from(Status),
    reason=texts,
    score=st.none() | numbers,
    max_score=st.integers(0, 1000),
    seed=texts,
    tier=texts,
    kernel=texts,
    release=texts,
    accelerator=texts,
    started=texts,
    practice=st.booleans(),
    note=texts,
    digests=st.dictionaries(texts, texts, max_size=3),
    timings=st.dictionaries(texts, numbers, max_size=3),
    checks=st.lists(findings, max_size=3).map(tuple),
)


@given(verdicts)
def test_a_verdict_comes_back_as_it_went(verdict: Verdict) -> None:
    assert parse_verdict_json(render_verdict_json(verdict), "verdict.json") == verdict


def test_the_document_has_the_keys_that_exports_names(graded: Verdict) -> None:
    document = json.loads(render_verdict_json(graded))
    assert document["schema"] == "labkit.verdict/1"
    named = "lab status score max_score seed tier kernel accelerator started digests timings checks"
    assert set(named.split()) <= set(document)
    of_a_check = "id says outcome points max_points evidence expected actual where hint"
    assert set(of_a_check.split()) == set(document["checks"][0])
    assert document["checks"][4]["points"] is None
    assert document["checks"][3]["where"]["excerpt"][1]["mark"] == "BAD"


def test_a_lone_surrogate_is_replaced_so_that_every_reader_can_read(graded: Verdict) -> None:
    text = render_verdict_json(replace(graded, reason="\udcff"))
    assert json.loads(text.encode("utf-8"))["reason"] == "?"


@pytest.mark.parametrize(
    ("whole", "damaged", "where", "found"),
    [
        ('"checks": [', '"checks": ', "verdict.json", "not JSON"),
        ("labkit.verdict/1", "labkit.verdict/9", "verdict.json", "no labkit.verdict/1 document"),
        ('"outcome": "fail"', '"outcome": "ok"', "verdict.json: checks.3.outcome", "'pass'"),
        ('"score": 47.0', '"score": "47"', "verdict.json: score", "valid number"),
        ('"lab": "lab2",', "", "verdict.json: lab", "required"),
    ],
)
def test_a_damaged_document_is_refused_with_the_place(
    graded: Verdict, whole: str, damaged: str, where: str, found: str
) -> None:
    text = render_verdict_json(graded)
    assert whole in text
    with pytest.raises(Broken) as caught:
        parse_verdict_json(text.replace(whole, damaged), "verdict.json")
    assert caught.value.where == where
    assert found in caught.value.found

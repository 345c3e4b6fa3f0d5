"""The soak scripts see what they are there to see: processes and files left, other verdicts."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import arena
import interrupts
import pytest
import verdicts

from labkit.model.lab import Check, Lab, Tier
from labkit.model.verdict import EvidenceClass, Judgement, Outcome


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[arena.Arena]:
    """An arena whose labkit is a shell script that tests write."""
    monkeypatch.setattr(arena, "LABKIT", tmp_path / "labkit")
    with arena.arena() as made:
        yield made


def play(text: str) -> None:
    """Let labkit be this shell script."""
    arena.LABKIT.write_text(f"#!/bin/sh\n{text}\n")
    arena.LABKIT.chmod(0o755)


def interrupted(
    place: arena.Arena, script: str, number: signal.Signals = signal.SIGTERM
) -> interrupts.Interruption:
    play(script)
    return interrupts.interrupt(place, ["lab2"], number, after=0.3)


@pytest.mark.parametrize("number", interrupts.SIGNALS)
def test_a_run_that_dies_at_once_is_clean(place: arena.Arena, number: signal.Signals) -> None:
    row = interrupted(place, "exec sleep 60", number)
    assert row.clean
    assert row.status == -number


def test_a_run_that_ended_before_its_signal_is_clean(place: arena.Arena) -> None:
    row = interrupted(place, "exit 0")
    assert (row.clean, row.status) == (True, 0)


def test_a_process_in_another_session_is_found(place: arena.Arena) -> None:
    row = interrupted(place, "setsid sleep 60 & exec sleep 60", signal.SIGKILL)
    assert row.survivors == ["sleep 60"]
    assert not row.clean


def test_what_a_run_left_is_gone_when_the_arena_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(arena, "LABKIT", tmp_path / "labkit")
    with arena.arena() as place:
        interrupted(place, "setsid sleep 60 & exec sleep 60", signal.SIGKILL)
        assert place.survivors()
    assert not interrupts.survivors_in_time(place)


def test_a_temporary_file_is_found(place: arena.Arena) -> None:
    row = interrupted(place, 'touch "$TMPDIR/left" here; exec sleep 60')
    assert [Path(name).name for name in row.strays] == ["left", "here"]
    assert not row.clean


def test_a_run_that_fails_when_nobody_interrupts_it_is_told(place: arena.Arena) -> None:
    play("echo no such lab; exit 2")
    assert interrupts.whole(place, ["lab2"])[0] is False
    assert place.said() == "no such lab"


def lab_of(*ids: str) -> Lab:
    def judge(_: object) -> Judgement:
        return Judgement(outcome=Outcome.PASS, expected="", actual="")

    def check(name: str) -> Check:
        return Check(id=name, says="", points=5, evidence=EvidenceClass.OBSERVER, hint="", judge=judge)

    return Lab(
        id="lab2",
        title="",
        question="",
        course="",
        tier=Tier.USER,
        folder=Path(),
        digest="",
        draws=(),
        hand_in=(),
        scenes=(),
        checks=tuple(map(check, ids)),
    )


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ({"a": "fail", "b": "blocked", "c": "pass"}, True),
        ({"a": "partial", "b": "blocked", "c": "pass"}, True),
        ({"a": "fail", "b": "blocked", "c": "fail"}, False),
        ({"a": "pass", "b": "pass", "c": "pass"}, False),
        ({"a": "fail", "b": "blocked"}, False),
        ({"a": "fail", "b": "blocked", "c": "unsupported"}, False),
    ],
)
def test_a_verdict_is_expected_only_if_exactly_its_checks_fail(
    tmp_path: Path, outcomes: dict[str, str], expected: bool
) -> None:
    case = verdicts.Case(name="x", folder=tmp_path, fails=frozenset("a"), blocked=frozenset("b"))
    target = tmp_path / "verdict.json"
    checks = [{"id": name, "outcome": outcome} for name, outcome in outcomes.items()]
    target.write_text(json.dumps({"status": "graded", "score": 5, "max_score": 15, "checks": checks}))
    assert verdicts.judge(target, lab_of("a", "b", "c"), case)[1] is expected


def test_an_ungraded_run_is_never_expected(tmp_path: Path) -> None:
    target = tmp_path / "verdict.json"
    target.write_text(json.dumps({"status": "ungraded", "reason": "the guest was lost"}))
    case = verdicts.Case(name="solution", folder=tmp_path)
    assert verdicts.judge(target, lab_of("a"), case) == ("ungraded: the guest was lost", False)

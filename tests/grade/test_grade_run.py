from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from grade_values import EVENTS, check, evidence, lab, scene
from hypothesis import given
from hypothesis import strategies as st

from labkit.grade.judging import failed, partial, passed, require_file, require_scene, unsupported
from labkit.grade.run import NO_BOUNDARY, grade
from labkit.model.errors import ExitCode
from labkit.model.evidence import AFTER, Evidence, SceneEnd
from labkit.model.lab import FileRelation, Relation
from labkit.model.machine import Accel
from labkit.model.official import Official
from labkit.model.verdict import Judgement, Outcome, Status, Verdict

PASSED = passed("a kill", "a kill")
WHOLE = evidence(scene((EVENTS, "oom_kill 1\n")), setup_sh="mkdir lab\n")


def yes(run: Evidence) -> Judgement:
    del run
    return passed("a kill", "a kill")


def no(run: Evidence) -> Judgement:
    del run
    return failed("a kill", "none")


def outcomes(verdict: Verdict) -> dict[str, Outcome]:
    return {finding.id: finding.outcome for finding in verdict.checks}


def test_a_verdict_tells_what_was_run_and_sums_the_points() -> None:
    checks = (check(yes, "a", 30), check(no, "b", 50), check(lambda _: partial(1 / 3, "e", "a"), "c", 20))
    verdict = grade(lab(*checks), WHOLE, evidence_digest="e" * 64)
    assert (verdict.status, verdict.score, verdict.max_score) == (Status.GRADED, 36.67, 100)
    assert [finding.points for finding in verdict.checks] == [30, 0, 6.67]
    assert (verdict.lab, verdict.seed, verdict.kernel, verdict.release) == ("lab2", "7", "6.12", "6.12.0")
    assert (verdict.started, verdict.practice, verdict.accelerator) == ("cold", True, "tcg")
    assert verdict.timings == {"boot": 4.0}
    assert set(verdict.digests) == {"lab", "submission", "evidence"}
    assert verdict.exit_code is ExitCode.NOT_ALL_PASSED


@pytest.mark.parametrize("accel", Accel)
def test_an_official_run_is_no_practice_and_says_when_it_was_emulated(accel: Accel) -> None:
    request = replace(WHOLE.request, official=Official(student="ada", attempt=1))
    scenes = tuple(replace(item, accel=accel) for item in WHOLE.scenes)
    verdict = grade(lab(check(yes)), replace(WHOLE, request=request, scenes=scenes))
    assert not verdict.practice
    assert verdict.note == (NO_BOUNDARY if accel is Accel.TCG else "")
    assert grade(lab(check(yes)), replace(WHOLE, scenes=scenes)).note == ""


def test_a_hint_is_given_only_to_who_needs_it() -> None:
    first, second = grade(lab(check(yes, "a"), check(no, "b")), WHOLE).checks
    assert (first.hint, second.hint) == ("", "look at memory.events")


def test_a_check_behind_a_failed_one_is_blocked_and_the_run_still_graded() -> None:
    checks = (
        check(yes, "last", needs=("middle",)),
        check(yes, "middle", needs=("first",)),
        check(no, "first"),
    )
    verdict = grade(lab(*checks), WHOLE)
    assert outcomes(verdict) == {"last": Outcome.BLOCKED, "middle": Outcome.BLOCKED, "first": Outcome.FAIL}
    assert (verdict.score, verdict.max_score) == (0, 30)
    assert verdict.checks[0].points is None
    assert verdict.checks[0].actual == "'middle' did not pass"


def test_a_check_behind_one_that_passed_in_part_is_judged() -> None:
    checks = (check(lambda _: partial(0.5, "e", "a"), "a"), check(yes, "b", needs=("a",)))
    assert outcomes(grade(lab(*checks), WHOLE))["b"] is Outcome.PASS


def leave(run: Evidence) -> Judgement:
    del run
    sys.exit(0)


@pytest.mark.parametrize(
    ("judge", "said"),
    [
        (lambda _: 1 // 0, "ZeroDivisionError"),
        (leave, "SystemExit"),
        (lambda _: None, "returned None"),
        (lambda _: True, "returned True"),
        (lambda _: replace(PASSED, outcome=Outcome.BLOCKED), "returned Judgement"),
        (lambda _: replace(PASSED, fraction=2.0), "returned 2.0"),
        (lambda _: replace(PASSED, fraction=math.nan), "returned nan"),
        (lambda _: unsupported("1 GiB pages", "this CPU has none"), "this CPU has none"),
    ],
)
def test_a_check_that_comes_to_no_judgement_makes_the_run_ungraded(judge: object, said: str) -> None:
    verdict = grade(lab(check(yes, "a"), check(judge, "b")), WHOLE)  # type: ignore[arg-type]
    assert (verdict.status, verdict.score) == (Status.UNGRADED, None)
    assert verdict.exit_code is ExitCode.BROKEN
    assert said in verdict.checks[1].actual
    assert said in verdict.reason
    assert "'b'" in verdict.reason


def test_a_traceback_is_cut_to_the_lab_author_s_lines(tmp_path: Path) -> None:
    source = (
        "def order(run):\n    return first(run)\n\ndef first(run):\n    return run.request.parameters['x']\n"
    )
    path = tmp_path / "checks.py"
    path.write_text(source)
    namespace: dict[str, object] = {}
    exec(compile(source, str(path), "exec"), namespace)
    verdict = grade(lab(check(namespace["order"], "a"), folder=tmp_path), WHOLE)  # type: ignore[arg-type]
    assert verdict.checks[0].actual == "KeyError: 'x' (checks.py:2 in order, checks.py:5 in first)"


@pytest.mark.parametrize("end", [SceneEnd.BROKEN, SceneEnd.INTERRUPTED])
def test_a_scene_that_labkit_did_not_finish_makes_the_run_ungraded_whatever_the_checks_say(
    end: SceneEnd,
) -> None:
    verdict = grade(lab(check(yes)), evidence(scene(end=end, detail="oom/end.json: is cut short")))
    assert (verdict.status, verdict.score) == (Status.UNGRADED, None)
    assert verdict.reason == f"scene 'oom' is {end.value}: oom/end.json: is cut short"


def test_a_scene_without_evidence_makes_the_run_ungraded() -> None:
    assert grade(lab(check(yes)), evidence()).reason == "scene 'oom' has no evidence"


@pytest.mark.parametrize("end", [SceneEnd.PANICKED, SceneEnd.HUNG, SceneEnd.LOST])
def test_a_guest_that_fell_is_graded(end: SceneEnd) -> None:
    def judge(run: Evidence) -> Judgement:
        require_file(require_scene(run, "oom"), EVENTS)
        return passed("", "")

    verdict = grade(lab(check(judge)), evidence(scene(end=end)))
    assert (verdict.status, verdict.score) == (Status.GRADED, 0)
    assert outcomes(verdict) == {"kill": Outcome.FAIL}


def test_a_lab_without_checks_and_another_lab_s_evidence_are_ungraded() -> None:
    assert grade(lab(), WHOLE).status is Status.UNGRADED
    verdict = grade(lab(check(yes)), evidence(scene(), lab="lab3"))
    assert (verdict.status, outcomes(verdict)) == (Status.UNGRADED, {"kill": Outcome.BROKEN})


def test_a_lab_that_changed_since_the_run_is_noted() -> None:
    assert grade(lab(check(yes), digest="n" * 64), WHOLE).digests["lab_when_run"] == "d" * 64


def test_a_relation_is_judged_like_a_function() -> None:
    relation = FileRelation(
        scene="oom", moment=AFTER, path=EVENTS, key="oom_kill", relation=Relation.EQ, value=(1,)
    )
    assert outcomes(grade(lab(check(relation)), WHOLE)) == {"kill": Outcome.PASS}


judgements = st.sampled_from(Outcome).flatmap(
    lambda outcome: st.floats(0, 1).map(
        lambda fraction: Judgement(outcome=outcome, expected="e", actual="a", fraction=fraction)
    )
)


@given(st.lists(st.tuples(st.integers(0, 50), judgements), max_size=6))
def test_a_score_never_leaves_its_bounds_and_exists_only_when_graded(
    checks: list[tuple[int, Judgement]],
) -> None:
    def returning(judgement: Judgement) -> Callable[[Evidence], Judgement]:
        return lambda _: judgement

    numbered = enumerate(checks)
    verdict = grade(lab(*(check(returning(j), f"c{n}", points) for n, (points, j) in numbered)), WHOLE)
    if verdict.status is Status.UNGRADED:
        assert verdict.score is None
        assert verdict.reason
    else:
        assert verdict.score is not None
        assert 0 <= verdict.score <= verdict.max_score == sum(points for points, _ in checks)


def test_grading_twice_gives_the_same_verdict() -> None:
    subject = lab(check(yes, "a"), check(no, "b"))
    assert grade(subject, WHOLE) == grade(subject, WHOLE)

from __future__ import annotations

from collections.abc import Callable

import pytest
from grade_values import EVENTS, evidence, records, scene
from hypothesis import given
from hypothesis import strategies as st

from labkit.grade.judging import (
    Decided,
    answers,
    kernel_log,
    partial,
    require_completed,
    require_file,
    require_scene,
    require_step,
    stdout,
)
from labkit.model.evidence import BEFORE, SceneEnd
from labkit.model.verdict import Judgement, Mark, Outcome

FALLEN = [SceneEnd.PANICKED, SceneEnd.HUNG, SceneEnd.LOST]
OURS = [SceneEnd.BROKEN, SceneEnd.INTERRUPTED]


def decided(act: Callable[[], object]) -> Judgement:
    with pytest.raises(Decided) as caught:
        act()
    return caught.value.judgement


def test_a_scene_that_labkit_lost_breaks_the_check() -> None:
    missing = decided(lambda: require_scene(evidence(), "oom"))
    assert (missing.outcome, missing.actual) == (Outcome.BROKEN, "the run folder has none")
    for end in OURS:
        lost = decided(lambda end=end: require_scene(evidence(scene(end=end, detail="why")), "oom"))  # type: ignore[misc]
        assert lost.outcome is Outcome.BROKEN
        assert lost.actual == f"the scene is {end.value}: why"


@pytest.mark.parametrize("end", FALLEN)
def test_a_guest_that_fell_is_evidence_and_fails_what_needs_it_alive(end: SceneEnd) -> None:
    tail = "a\nKernel panic - not syncing: Out of memory\nKernel Offset: 0\n"
    run = evidence(scene(end=end, console_tail=tail, detail="after 3 s"))
    assert require_scene(run, "oom").end is end
    judgement = decided(lambda: require_completed(run, "oom"))
    assert judgement.outcome is Outcome.FAIL
    assert "(after 3 s)" in judgement.actual
    assert judgement.where is not None
    assert (judgement.where.path, judgement.where.line) == ("oom/console-tail.txt", 2)


def test_a_guest_that_fell_without_a_word_still_has_a_place_to_look() -> None:
    judgement = decided(lambda: require_completed(evidence(scene(end=SceneEnd.LOST)), "oom"))
    assert judgement.where is not None
    assert judgement.where.line is None


def test_a_captured_file_is_handed_over_with_its_place() -> None:
    found = require_file(scene((EVENTS, "oom 1\noom_kill 1\n")), EVENTS)
    assert (found.path, found.text) == (f"oom/after{EVENTS}", "oom 1\noom_kill 1")


def test_a_file_recorded_as_absent_fails_or_breaks_as_the_author_says() -> None:
    without = scene((EVENTS, None))
    assert decided(lambda: require_file(without, EVENTS)).outcome is Outcome.FAIL
    assert decided(lambda: require_file(without, EVENTS, absent=Outcome.BROKEN)).outcome is Outcome.BROKEN


def test_a_file_never_captured_is_broken_unless_the_guest_fell_before() -> None:
    assert decided(lambda: require_file(scene(), EVENTS)).outcome is Outcome.BROKEN
    assert decided(lambda: require_file(scene((EVENTS, "")), EVENTS, BEFORE)).outcome is Outcome.BROKEN
    fell = scene(end=SceneEnd.PANICKED)
    assert decided(lambda: require_file(fell, EVENTS)).outcome is Outcome.FAIL


def test_a_file_that_was_cut_is_broken() -> None:
    assert decided(lambda: require_file(scene((EVENTS, "oom"), cut=True), EVENTS)).outcome is Outcome.BROKEN


def test_a_step_never_begun_is_broken_unless_the_guest_fell_before() -> None:
    assert require_step(scene(), "hog").status == 137
    assert decided(lambda: require_step(scene(), "hogg")).outcome is Outcome.BROKEN
    assert decided(lambda: require_step(scene(end=SceneEnd.HUNG), "late")).outcome is Outcome.FAIL


def test_a_step_s_output_and_the_kernel_log_can_be_pointed_at() -> None:
    run = scene(dmesg=(*records("first", "second"), *records("forged", facility=1)))
    assert kernel_log(run).text == "first\nsecond"
    assert kernel_log(run).path == "oom/dmesg.jsonl"
    output = stdout(require_step(run, "hog"))
    assert output.show(good=[output.line_of("two")]).line == 2
    assert output.path == "oom/steps/01-hog/stdout"


@given(st.floats(allow_nan=False))
def test_a_share_of_nothing_fails_and_of_everything_passes(fraction: float) -> None:
    judgement = partial(fraction, "e", "a")
    if fraction <= 0:
        assert (judgement.outcome, judgement.fraction) == (Outcome.FAIL, 0.0)
    elif fraction >= 1:
        assert (judgement.outcome, judgement.fraction) == (Outcome.PASS, 1.0)
    else:
        assert (judgement.outcome, judgement.fraction) == (Outcome.PARTIAL, fraction)


ANSWERS = """# mine
victim = "big"
score = 812
order = ["big", "small"]
flag = true
"""


def test_answers_are_read_by_kind() -> None:
    given_answers = answers(evidence(answers_toml=ANSWERS), "answers.toml")
    assert given_answers.word("victim") == "big"
    assert given_answers.integer("score") == 812
    assert given_answers.words("order") == ("big", "small")
    where = given_answers.show("score", right=False)
    assert (where.path, where.line) == ("submission/answers.toml", 3)
    assert [line.mark for line in where.excerpt if line.number == 3] == [Mark.BAD]


def test_an_answer_missing_or_of_another_kind_fails_at_its_line() -> None:
    given_answers = answers(evidence(answers_toml=ANSWERS), "answers.toml")
    missing = decided(lambda: given_answers.integer("nothing"))
    assert (missing.outcome, missing.actual) == (Outcome.FAIL, "no such answer")
    for act in (
        lambda: given_answers.integer("flag"),
        lambda: given_answers.integer("victim"),
        lambda: given_answers.word("score"),
        lambda: given_answers.words("victim"),
    ):
        wrong = decided(act)
        assert wrong.outcome is Outcome.FAIL
        assert wrong.where is not None
        assert wrong.where.line is not None


def test_answers_not_handed_in_or_no_toml_fail() -> None:
    assert decided(lambda: answers(evidence(), "answers.toml")).outcome is Outcome.FAIL
    torn = decided(lambda: answers(evidence(answers_toml="victim ="), "answers.toml"))
    assert torn.outcome is Outcome.FAIL
    assert torn.expected == "answers.toml is TOML"

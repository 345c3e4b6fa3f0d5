"""Two checks as a lab's checks.py would have them: the vocabulary must make them short and safe."""

from __future__ import annotations

from itertools import zip_longest

import pytest
from grade_values import KERNELS, captured, check, evidence, lab, oom_records, records, scene

from labkit.grade.judging import answers, failed, kernel_log, passed, require_file, require_scene
from labkit.grade.parse.keyvalue import parse_key_values
from labkit.grade.parse.oom import parse_oom
from labkit.grade.run import grade
from labkit.model.evidence import Evidence, SceneEnd
from labkit.model.verdict import Finding, Judgement, Mark, Outcome, Status

EVENTS = "/sys/fs/cgroup/t1/memory.events"


def the_herd_dies_in_the_predicted_order(run: Evidence) -> Judgement:
    predicted = answers(run, "answers.toml").words("order")
    log = kernel_log(require_scene(run, "oom"))
    kills = parse_oom(run.scenes[0].dmesg).kills
    died = tuple(kill.comm for kill in kills)
    expected = f"killed in this order: {', '.join(predicted)}"
    if died == predicted:
        return passed(expected, "so it was", log.show(good=[kill.line for kill in kills]))
    bad = [kill.line for kill, name in zip_longest(kills, predicted) if kill and kill.comm != name]
    missing = [f"Killed process ... ({name})" for name in predicted[len(kills) :]]
    return failed(
        expected, f"the kernel killed {', '.join(died) or 'nobody'}", log.show(bad=bad, missing=missing)
    )


def one_kill_is_counted(run: Evidence) -> Judgement:
    events = require_file(require_scene(run, "oom"), EVENTS)
    kills = parse_key_values(events.text)["oom_kill"]
    line = events.line_of("oom_kill ")
    if kills == 1:
        return passed("oom_kill 1", f"oom_kill {kills}", events.show(good=[line]))
    return failed("oom_kill 1", f"oom_kill {kills}", events.show(bad=[line]))


LAB = lab(check(the_herd_dies_in_the_predicted_order, "order"), check(one_kill_is_counted, "count"))


def judged(run: Evidence) -> tuple[Status, Finding, Finding]:
    verdict = grade(LAB, run)
    order, count = verdict.checks
    return verdict.status, order, count


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_real_run_gets_its_marks_and_points_at_its_evidence(kernel: str) -> None:
    log = oom_records(kernel, "machine")
    right = 'order = ["global", "bound", "alloc", "sysrq"]\n'
    status, order, count = judged(
        evidence(scene((EVENTS, captured(kernel, EVENTS)), dmesg=log), answers_toml=right)
    )
    assert (status, order.outcome, count.outcome) == (Status.GRADED, Outcome.PASS, Outcome.PASS)
    assert order.where is not None
    for line in order.where.excerpt:
        if line.mark is Mark.GOOD:
            assert line.number is not None
            assert log[line.number - 1].text.startswith(line.text[:60])


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_wrong_prediction_shows_what_came_instead(kernel: str) -> None:
    run = evidence(
        scene((EVENTS, captured(kernel, EVENTS)), dmesg=oom_records(kernel, "machine")),
        answers_toml='order = ["bound", "global", "alloc", "sysrq", "init"]\n',
    )
    status, order, _ = judged(run)
    assert (status, order.outcome) == (Status.GRADED, Outcome.FAIL)
    assert order.where is not None
    marks = [line.mark for line in order.where.excerpt]
    assert (marks.count(Mark.BAD), marks.count(Mark.MISSING)) == (2, 1)


def test_a_forged_kill_earns_nothing() -> None:
    forged = records(*(record.text for record in oom_records("6.12", "machine")), facility=1)
    run = evidence(scene((EVENTS, None), dmesg=forged), answers_toml='order = ["global"]\n')
    status, order, count = judged(run)
    assert (status, order.outcome, count.outcome) == (Status.GRADED, Outcome.FAIL, Outcome.FAIL)
    assert order.actual == "the kernel killed nobody"


def test_a_panic_fails_what_it_kept_from_happening_and_is_graded() -> None:
    status, order, count = judged(evidence(scene(end=SceneEnd.PANICKED), answers_toml='order = ["a"]\n'))
    assert (status, order.outcome, count.outcome) == (Status.GRADED, Outcome.FAIL, Outcome.FAIL)


def test_evidence_in_an_unknown_form_is_nobody_s_failure() -> None:
    run = evidence(scene((EVENTS, "oom_kill one\n")), answers_toml='order = ["a"]\n')
    status, _, count = judged(run)
    assert (status, count.outcome) == (Status.UNGRADED, Outcome.BROKEN)
    assert count.actual.startswith("ParseError: key value, line 1: found 'oom_kill one'")

"""A class at a glance: its table, its page, and what a student's page says and does not say."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from classes import result
from graded_class import EVIL, finding, ruling, verdict
from hypothesis import given
from hypothesis import strategies as st
from page_reader import seen
from rich.console import Console

from labkit.model.coursework import Change, Ledger, Ruling, Showing, Standing, Student, Visibility
from labkit.model.verdict import Finding, Outcome
from labkit.report.course import render_changes, render_course, render_course_summary, render_ruling
from labkit.report.page.course import Example, alike, distribution, render_class, render_feedback, stumbles
from labkit.report.shown import shown

SECRET = "41 MiB, and never 42"


def ruling_of(student: str, final: float | None, attempt: int = 1, penalty: float = 0.0) -> Ruling:
    return ruling(Student(id=student), final, attempt=attempt, penalty=penalty)


def ledger(*results: object, **more: object) -> Ledger:
    fields: dict[str, object] = {"folder": "/out", "rulings": (), "absent": (), **more}
    return Ledger(lab="lab2", title="The OOM killer", max_score=4, results=results, **fields)  # type: ignore[arg-type]


def drawn(what: object, width: int = 100) -> str:
    console = Console(width=width, force_terminal=False, color_system=None)
    with console.capture() as capture:
        console.print(what)
    return capture.get()


CLASS = (
    result("ada", 4.0, failed=()),
    result("bob"),
    result("cyd", 0.0, standing=Standing.REFUSED, reason="hog.c:3: missing ';'\n  int x"),
    result("dan", None, standing=Standing.UNGRADED, reason="the guest was lost"),
)


def test_the_table_has_a_row_an_attempt_and_counts_how_each_ended() -> None:
    rows = [line.split() for line in drawn(render_course(ledger(*CLASS))).splitlines()]
    assert rows[1:5] == [
        ["ada", "1", "4/4"],
        ["bob", "1", "3/4", "order"],
        ["cyd", "1", "0,", "refused", *rows[3][4:]],
        ["dan", "1", "no", "score", *rows[4][4:]],
    ]
    assert "4 attempts of 4 students: 2 graded (1 full marks), 1 ungraded, 1 refused" in drawn(
        render_course_summary(ledger(*CLASS))
    )


def test_penalties_and_finals_stand_beside_the_attempt_that_counts() -> None:
    found = ledger(
        result("ada", 2.0), result("ada", 4.0, attempt=2), rulings=(ruling_of("ada", 3.5, 2, penalty=0.5),)
    )
    rows = [line.split() for line in drawn(render_course(found)).splitlines()]
    assert rows[0][:4] == ["student", "try", "score", "final"]
    assert (rows[1][3], rows[2][3]) == ("·", "3.5")


def test_what_grading_again_changes_is_told_and_the_rest_counted() -> None:
    moved = Change(
        student=Student(id="ada"),
        attempt=1,
        before=3.0,
        after=None,
        how="new guests",
        because=("order: fail → pass",),
    )
    same = replace(moved, before=1.0, after=1.0, because=())
    text = drawn(render_changes([moved, same, same]))
    assert re.search(r"ada +1 +3 +none +order: fail → pass; new guests", text)
    assert "1 result would change, 2 judged again and the same" in text


def test_a_ruling_is_told_step_by_step() -> None:
    text = drawn(render_ruling(ruling_of("ada", None)))
    assert text.split("\n")[:3] == ["ada", "  attempt 1: score 3 of 4", "  final: no score of 4"]


def test_the_instructors_page_has_spread_stumbles_groups_and_whom_to_look_at() -> None:
    example = Example(finding=finding("order", Outcome.FAIL, 0.0, 1, EVIL), run="runs/a b/report.html")
    found = ledger(
        *CLASS,
        result("eve"),
        rulings=tuple(ruling_of(name, final) for name, final in (("ada", 4.0), ("bob", 3.0), ("dan", None))),
        absent=(Student(id="zoe", name=EVIL),),
    )
    text = render_class(found, {"order": example}, "0.1.0")
    page = seen(text)
    words = re.sub(r"\s+", " ", page.text)
    assert "2 of 3 66.7 % order" in words
    assert "Nobody failed: touches." in words
    assert "2 fails order bob, eve" in words
    assert "1 refused: missing ';' cyd" in words
    assert "the guest was lost" in words
    assert "runs/a%20b/report.html" in page.links
    assert not page.tags & {"script", "iframe"}
    assert "\x1b" not in text
    assert len(page.ids) == len(set(page.ids))


def test_the_spread_counts_every_final_score_once() -> None:
    rulings = (*(ruling_of(f"s{at}", at / 10) for at in range(41)), ruling_of("none", None))
    bars = distribution(rulings, 4)
    assert sum(number for _, number, _ in bars) == 41
    assert (bars[0][0], bars[-1][0]) == ("0 to 0.4", "3.6 to 4")
    assert bars[-1][1] == 5


def test_the_checks_most_failed_come_first_and_full_marks_are_no_group() -> None:
    assert [(row.id, row.failed, row.of) for row in stumbles(CLASS, {})] == [
        ("order", 1, 2),
        ("touches", 0, 2),
    ]
    assert [row.students for row in alike((*CLASS, result("eve")))] == [("bob", "eve"), ("cyd",), ("dan",)]


@pytest.mark.parametrize("visibility", [Visibility.HIDDEN, Visibility.AFTER_DUE])
@given(text=st.text(min_size=12), outcome=st.sampled_from([Outcome.PASS, Outcome.FAIL, Outcome.PARTIAL]))
def test_no_word_about_a_hidden_check_reaches_a_students_page(
    visibility: Visibility, text: str, outcome: Outcome
) -> None:
    """Two students who differ in the hidden check alone get the same page."""
    showing = Showing(checks={"order": visibility})

    def page(hidden: Finding) -> str:
        blocked = finding("after", Outcome.BLOCKED, None, 0, f"order: {hidden.outcome.value}")
        found = verdict(finding("touches", Outcome.PASS, 3.0, 3), hidden, blocked)
        scored = result("ada", found.score, failed=() if outcome is Outcome.PASS else ("order",))
        return render_feedback(scored, ruling_of("ada", found.score), found, showing, is_due=False)

    plain = page(finding("order", Outcome.FAIL, 0.0, 1, SECRET))
    assert page(finding("order", outcome, 0.5, 1, text)) == plain
    assert SECRET not in plain
    assert "1 check worth 1 point is not shown" in re.sub(r"\s+", " ", seen(plain).text)


def test_after_the_deadline_all_but_the_hidden_is_shown() -> None:
    checks = (finding("touches", Outcome.PASS, 3.0, 3), finding("order", Outcome.FAIL, 0.0, 1))
    showing = Showing(default=Visibility.AFTER_DUE, checks={"order": Visibility.HIDDEN})
    before = shown(verdict(*checks), showing, is_due=False)
    after = shown(verdict(*checks), showing, is_due=True)
    assert (before.checks, before.hidden, before.points) == ((), 2, 0.0)
    assert ([check.id for check in after.checks], after.points, after.hidden_points) == (["touches"], 3.0, 1)


def test_a_students_page_says_what_the_rules_took_and_how_to_play_it_again() -> None:
    found = verdict(finding("touches", Outcome.PASS, 3.0, 3), finding("order", Outcome.FAIL, 0.0, 1, EVIL))
    text = render_feedback(result("ada"), ruling_of("ada", 2.5, penalty=0.5), found, Showing(), is_due=False)
    words = re.sub(r"\s+", " ", seen(text).text)
    assert "3 of 4 points" in words
    assert "Final: 2.5 of 4 points" in words
    assert "labkit run lab2 YOUR-FOLDER --seed feed --kernel 6.12" in words
    assert "\x1b" not in text
    assert "<script" not in text


def test_what_was_refused_or_not_graded_says_so_to_the_student() -> None:
    refused = render_feedback(CLASS[2], ruling_of("cyd", 0.0), None, Showing(), is_due=False)
    assert "missing ';'" in seen(refused).text
    left = render_feedback(CLASS[3], None, None, Showing(), is_due=False)
    assert "not your fault" in seen(left).text
    assert "the guest was lost" not in left  # for the instructor: it may name a hidden check

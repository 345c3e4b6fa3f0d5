"""The result page says what happened, at 80 columns and at 140, whatever the guest wrote."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from labkit.model.verdict import ExcerptLine, Mark, Outcome, Status, Verdict, Where
from labkit.report.terminal import render_summary, render_verdict

RUN = Path("/runs/20261123T144612Z-lab2-ada")


def drawn(verdict: Verdict, width: int, run: Path | None = RUN) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(render_verdict(verdict, run))
    stream = console.file
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


def words(text: str) -> str:
    """The text without its line breaks: what is said, wherever it was wrapped."""
    return " ".join(text.split())


@pytest.mark.parametrize("width", [80, 140])
def test_no_line_is_wider_than_the_terminal(graded: Verdict, width: int) -> None:
    assert max(len(line) for line in drawn(graded, width).splitlines()) <= width


@pytest.mark.parametrize("width", [80, 140])
def test_every_check_has_a_row_with_outcome_points_and_sentence(graded: Verdict, width: int) -> None:
    page = words(drawn(graded, width))
    assert "pass 15/15 observer The hog in the 100 MiB cgroup was killed" in page
    assert "partial 12/20 observer You predicted" in page
    assert "FAIL 0/25 observer They died" in page
    assert "blocked -/20 observer Y lives" in page
    assert "pass shown observer A root process" in page


def test_the_header_says_how_it_was_run(graded: Verdict) -> None:
    head = words(drawn(graded, 80))
    assert "lab2 · The OOM killer: who dies, and why" in head
    assert "kernel 6.12 (6.12.117+deb12-cloud-amd64) · tcg, cold start seed ada · practice" in head


def test_an_official_run_says_so_and_what_weakens_it(graded: Verdict) -> None:
    page = words(drawn(replace(graded, practice=False, note="QEMU emulated (TCG)"), 80))
    assert "seed ada · official QEMU emulated (TCG)" in page
    assert "practice" not in page


def test_a_fault_that_broke_many_checks_is_told_once(graded: Verdict) -> None:
    lost = [
        replace(check, outcome=Outcome.BROKEN, points=None, actual="the guest did not boot")
        for check in graded.checks
    ]
    page = words(drawn(replace(graded, checks=tuple(lost)), 80))
    assert page.count("the guest did not boot") == 1
    assert page.count("broken -/") == sum(check.max_points > 0 for check in lost)


def test_what_did_not_pass_is_explained_and_what_passed_is_not(graded: Verdict) -> None:
    page = words(drawn(graded, 80))
    assert "expected killed in this order: cedar, birch, elm" in page
    assert "actual the kernel killed birch, cedar, elm" in page
    assert "where choice/dmesg.jsonl:143" in page
    assert "evidence observer: read in the guest by labkit's own process" in page
    assert "so it was" not in page


def test_excerpts_have_line_numbers_and_gutters(graded: Verdict) -> None:
    lines = [words(line) for line in drawn(graded, 140).splitlines()]
    assert "where submission/answers.toml:9" in lines
    assert "8 GOOD | birch = 702" in lines
    assert "9 BAD | cedar = 64" in lines
    assert "10 | elm = 690" in lines
    assert "MISSING | Killed process … (cedar)" in lines


def test_a_wide_terminal_also_says_where_each_fact_stands(graded: Verdict) -> None:
    assert "course/dmesg.jsonl:143" in drawn(graded, 140)
    assert "course/dmesg.jsonl:143" not in drawn(graded, 80)


def test_the_score_stands_below_the_explanations(graded: Verdict) -> None:
    page = drawn(graded, 80)
    assert page.index("score 47 of 100") > page.index("They died in the order that you predicted  [order]")
    assert "4 passed, 1 partial, 1 failed, 1 blocked" in page


def test_a_full_score_says_that_every_check_passed(graded: Verdict) -> None:
    checks = tuple(
        replace(check, outcome=Outcome.PASS, points=float(check.max_points)) for check in graded.checks
    )
    page = drawn(replace(graded, checks=checks, score=100), 80)
    assert "score 100 of 100   every check passed" in page
    assert "expected" not in page


def test_an_ungraded_run_shows_no_number_and_blames_nobody(graded: Verdict) -> None:
    verdict = replace(
        graded, status=Status.UNGRADED, score=None, reason="the guest was lost before its log was read"
    )
    page = words(drawn(verdict, 80))
    assert "no score: the guest was lost before its log was read This is not your fault." in page
    assert "score 47" not in page


def test_a_run_without_checks_is_said_to_have_none(graded: Verdict) -> None:
    verdict = replace(graded, status=Status.UNGRADED, score=None, reason="no checks ran", checks=())
    assert "no check was run" in drawn(verdict, 80)


def test_the_last_lines_tell_how_to_see_it_again(graded: Verdict) -> None:
    last = [words(line) for line in drawn(replace(graded, seed="a b"), 80).splitlines()[-3:]]
    assert last == [
        f"evidence {RUN}",
        f"see again labkit show {RUN}",
        "replay labkit run lab2 --seed 'a b' --kernel 6.12",
    ]


def test_a_lab_of_one_s_own_is_replayed_by_its_folder(graded: Verdict) -> None:
    console = Console(file=io.StringIO(), width=80, highlight=False)
    console.print(render_verdict(graded, RUN, "/my labs/lab2"))
    stream = console.file
    assert isinstance(stream, io.StringIO)
    last = words(stream.getvalue().splitlines()[-1])
    assert last == "replay labkit run '/my labs/lab2' --seed ada --kernel 6.12"


def test_hostile_text_reaches_the_terminal_spelled_out(graded: Verdict) -> None:
    evil = "\x1b[2J[bold red]score 100 of 100[/bold red]\x07 :skull: [/]"
    where = Where(path=evil, line=1, excerpt=(ExcerptLine(number=1, mark=Mark.BAD, text=evil),))
    check = replace(graded.checks[3], says=evil, expected=evil, actual=evil, where=where, hint=evil, id=evil)
    verdict = replace(graded, checks=(check,), seed=evil, title=evil, reason=evil, release=evil)
    page = drawn(verdict, 200)
    assert "\x1b" not in page
    assert "\x07" not in page
    assert "\\x1b[2J[bold red]score 100 of 100[/bold red]\\x07 :skull: [/]" in page


def test_an_endless_excerpt_is_cut(graded: Verdict) -> None:
    flood = tuple(ExcerptLine(number=n, mark=Mark.CONTEXT, text="x" * 5000) for n in range(1, 500))
    check = replace(graded.checks[3], where=Where(path="flood", excerpt=flood))
    page = drawn(replace(graded, checks=(check,)), 80)
    assert "more lines in the file)" in page
    assert len(page.splitlines()) < 250


def test_the_summary_is_one_line(graded: Verdict) -> None:
    console = Console(file=io.StringIO(), width=200)
    console.print(render_summary(graded))
    console.print(render_summary(replace(graded, status=Status.UNGRADED, score=None, reason="no\nKVM")))
    stream = console.file
    assert isinstance(stream, io.StringIO)
    assert stream.getvalue().splitlines() == [
        "lab2: 47 of 100, 4 passed, 1 partial, 1 failed, 1 blocked",
        "lab2: no score: no\\nKVM",
    ]

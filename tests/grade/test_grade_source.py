from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from labkit.grade.source import CONTEXT, MAX_LINES, MAX_WIDTH, source_of_text
from labkit.model.verdict import Mark

TEXT = "\n".join(f"line {number}" for number in range(1, 11)) + "\n"
SOURCE = source_of_text("a", TEXT)


def test_marked_lines_come_with_two_lines_of_context() -> None:
    where = SOURCE.show(good=[5], bad=[6])
    assert where.line == 6
    assert [(line.number, line.mark) for line in where.excerpt] == [
        (3, Mark.CONTEXT),
        (4, Mark.CONTEXT),
        (5, Mark.GOOD),
        (6, Mark.BAD),
        (7, Mark.CONTEXT),
        (8, Mark.CONTEXT),
    ]


def test_what_is_missing_stands_last_and_has_no_number() -> None:
    where = SOURCE.show(missing=["line 11"])
    assert where.line is None
    assert [(line.number, line.mark, line.text) for line in where.excerpt] == [
        (None, Mark.MISSING, "line 11")
    ]


def test_a_line_that_was_not_found_is_skipped() -> None:
    assert SOURCE.show(good=[SOURCE.line_of("no such line")]).excerpt == ()


def test_lines_are_found_by_text_pattern_and_function() -> None:
    assert SOURCE.line_of("line 7") == 7
    assert SOURCE.lines_of(re.compile(r"line [13]$")) == (1, 3)
    assert SOURCE.lines_of(lambda line: line.endswith("0")) == (10,)


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    assert source_of_text("a", "one\x0cstill one\u2028and still\ntwo").line_of("two") == 2
    assert source_of_text("a", "").lines == ()


@given(st.lists(st.integers(1, 10)), st.lists(st.integers(1, 10)))
def test_an_excerpt_holds_every_marked_line_in_order_and_bad_wins(good: list[int], bad: list[int]) -> None:
    shown = {line.number: line.mark for line in SOURCE.show(good=good, bad=bad).excerpt}
    assert list(shown) == sorted(shown, key=lambda number: number or 0)
    assert all(shown[number] is Mark.BAD for number in bad)
    assert all(shown[number] is Mark.GOOD for number in set(good) - set(bad))
    marked = {*good, *bad}
    assert all(
        number is not None and any(abs(number - near) <= CONTEXT for near in marked) for number in shown
    )


def test_long_excerpts_and_long_lines_are_cut() -> None:
    source = source_of_text("a", "\n".join(["x" * 1000] * 100))
    excerpt = source.show(bad=range(1, 101)).excerpt
    assert len(excerpt) == MAX_LINES
    assert {len(line.text) for line in excerpt} == {MAX_WIDTH}

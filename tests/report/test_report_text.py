"""What a guest printed cannot act on the terminal that shows it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.report.text import (
    LINE_LIMIT,
    ascii_fallback,
    block,
    human_bytes,
    human_seconds,
    oneline,
    points,
    tame,
    tame_line,
)


@given(st.text(st.characters()))
def test_nothing_that_a_terminal_acts_upon_is_left(text: str) -> None:
    shown = tame(text).replace("\n", "")
    assert not [char for char in shown if unicodedata.category(char)[0] == "C"]
    shown.encode("utf-8")


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("\x1b[2J\x1b]0;owned\x07", "\\x1b[2J\\x1b]0;owned\\x07"),
        ("score\u202e001", "score\\u202e001"),
        ("a\rb", "a\\rb"),
        ("a\tb", "a       b"),
        ("\x9b31m", "\\x9b31m"),
        ("\ud800", "\\ud800"),
        ("[bold]x[/bold]", "[bold]x[/bold]"),
        ("müde – 😀", "müde – 😀"),
    ],
)
def test_hostile_characters_are_spelled_and_others_stay(foreign: str, shown: str) -> None:
    assert tame(foreign) == shown


def test_a_long_line_is_cut_and_says_so() -> None:
    assert tame_line("x" * (LINE_LIMIT + 7)) == "x" * LINE_LIMIT + "… (7 more characters)"
    assert tame_line("x" * LINE_LIMIT) == "x" * LINE_LIMIT


def test_a_line_stays_one_line() -> None:
    assert tame_line("one\ntwo\n") == "one\\ntwo"


def test_a_block_is_cut_after_its_limit() -> None:
    assert block("a\nb\nc\n", limit=2).plain == "a\nb\n… (1 more lines)"
    assert block("a\nb\n", limit=2).plain == "a\nb"


def test_markup_in_foreign_text_has_no_spans() -> None:
    assert oneline("[red]x[/red]").spans == []


def test_ascii_terminals_get_plain_words() -> None:
    error = UnicodeEncodeError("ascii", "a · …→é", 2, 7, "ordinal not in range")
    assert ascii_fallback(error) == ("| ...->\\xe9", 7)


def test_figures_read_as_people_write_them() -> None:
    assert [points(10.0), points(7.5), points(10 / 3)] == ["10", "7.5", "3.33"]
    assert [human_bytes(512), human_bytes(612_000_000), human_bytes(1_500_000_000)] == [
        "512 B",
        "612 MB",
        "1.5 GB",
    ]
    assert [human_seconds(0.04), human_seconds(36.1), human_seconds(185)] == ["0.0 s", "36 s", "3 min 05 s"]

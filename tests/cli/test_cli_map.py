"""`labkit map` before any map is read: what is mistyped, and where its pictures may go."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.cli.front import enter
from labkit.cli.map import parse_frames
from labkit.model.errors import ExitCode, UsageError


@pytest.fixture(autouse=True)
def no_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LABKIT_RUNS", str(tmp_path))


@pytest.mark.parametrize(
    ("words", "where", "found", "fix"),
    [
        (["--zoom", "12"], "--zoom 12", "no range of page frames", "write it like 81920-83967"),
        (["--zoom", "9-3"], "--zoom 9-3", "no range of page frames", "write it like"),
        (["--png", "-", "--svg", "-"], "--png and --svg", "both to stdout", "give one of them a file"),
        (["--png", "/"], "--png /", "a folder", "name a file"),
        (["--svg", "/gone/map.svg"], "--svg /gone/map.svg", "no folder /gone", "make it first"),
        (["--live", "--at", "now"], "labkit map --live", "--at too", "leave it out"),
        (["--live", "no-such-lab"], "labkit map --live no-such-lab", "stand", "one"),
        (["--node", "-1"], "labkit map", "--node", "`labkit map --help`"),
        (["no-such-run"], "", "no run 'no-such-run'", "labkit list"),
    ],
)
def test_a_mistyped_line_is_2_with_where_found_and_what_to_do(
    capsys: pytest.CaptureFixture[str], words: list[str], where: str, found: str, fix: str
) -> None:
    assert enter(["map", *words]) == ExitCode.BAD_INPUT
    text = " ".join(capsys.readouterr().err.split())
    assert f"where {where}" in text
    assert found in text
    assert fix in text[text.index("to do ") :]


@given(st.integers(0, 1 << 38), st.integers(1, 1 << 30))
def test_a_range_is_read_in_either_base_and_way(first: int, count: int) -> None:
    last = first + count - 1
    for text in (f"{first}-{last}", f"{first:#x}-{last:#x}", f"{first}+{count}", f"{first:#x}+{count:#x}"):
        assert parse_frames(text) == (first, first + count)


@given(st.text())
def test_whatever_is_typed_is_a_range_or_refused(text: str) -> None:
    try:
        first, end = parse_frames(text)
    except UsageError:
        return
    assert 0 <= first < end

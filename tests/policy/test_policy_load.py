"""A policy file: every key as it is meant, every slip named with its key."""

from __future__ import annotations

import textwrap
from datetime import date, datetime, timezone
from pathlib import Path

import pytest

from labkit.model.coursework import Extension, Policy, Visibility, Which
from labkit.model.errors import UsageError
from labkit.policy import load
from labkit.policy.load import load_policy


def written(folder: Path, text: str) -> Path:
    path = folder / "policy.toml"
    path.write_text(text)
    return path


def test_the_example_of_the_docstring_is_read_as_it_says(tmp_path: Path) -> None:
    text = textwrap.dedent(str(load.__doc__).partition("\n")[2])
    policy = load_policy(written(tmp_path, text))
    assert policy.due == datetime(2026, 12, 1, 22, 59, tzinfo=timezone.utc)
    assert (policy.grace_minutes, policy.per_day, policy.days_open, policy.cap) == (15, 10, 5, 80)
    assert (policy.holidays, policy.attempts, policy.counts) == ((date(2026, 12, 6),), 3, Which.BEST)
    assert policy.extensions["ada"] == Extension(days=3.0)
    assert policy.extensions["bob"].due == datetime(2026, 12, 20, 11, tzinfo=timezone.utc)
    assert policy.showing.of("order") is Visibility.AFTER_DUE
    assert policy.showing.of("other") is Visibility.VISIBLE


def test_a_zone_makes_a_time_without_one_sure(tmp_path: Path) -> None:
    policy = load_policy(written(tmp_path, 'due = 2026-07-01T12:00:00\nzone = "Europe/Berlin"\n'))
    assert policy.due == datetime(2026, 7, 1, 10, tzinfo=timezone.utc)


def test_an_empty_file_is_no_rules(tmp_path: Path) -> None:
    assert load_policy(written(tmp_path, "")) == Policy()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("due = 2026-12-01T23:59:00", "due"),
        ('due = "soon"', "due"),
        ("duo = 2026-12-01T23:59:00Z", "duo"),
        ("per_day = 101", "per_day"),
        ("per_day = -1", "per_day"),
        ("attempts = 0", "attempts"),
        ('counts = "worst"', "counts"),
        ('zone = "Europe/Atlantis"', "zone"),
        ("[extensions]\nada = 3", "extensions"),
        ("due = 2026-12-01T23:59:00Z\n[extensions]\nada = -3", "extensions.ada"),
        ('[showing]\ndefault = "never"', "showing.default"),
        ('[showing]\nchecks = { order = "never" }', "showing.checks.order"),
        ("due = ", ""),
    ],
)
def test_a_slip_is_named_with_its_key(tmp_path: Path, text: str, key: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        load_policy(path)
    assert caught.value.where == (f"{path}: {key}" if key else str(path))
    assert caught.value.fix


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        load_policy(tmp_path / "none.toml")

"""A memo is believed while nothing that it depends on was touched, and nothing hangs on it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from labkit.build.memo import Memo

FOUND = {"kernel": "6.12", "headers": None}


@pytest.fixture
def memo(tmp_path: Path) -> Memo:
    (tmp_path / "recipe").write_text("one")
    (tmp_path / "cache").mkdir()
    (tmp_path / "vmlinuz").write_text("kernel")
    memo = Memo(path=tmp_path / "memos" / "memo.json", depends=(tmp_path / "recipe", tmp_path / "cache"))
    memo.keep(FOUND, [tmp_path / "vmlinuz"], memo.look())
    return memo


def test_nothing_is_found_before_something_was_kept(tmp_path: Path) -> None:
    assert Memo(path=tmp_path / "memo.json", depends=()).find() is None


def test_what_was_kept_is_found(memo: Memo) -> None:
    assert memo.find() == FOUND


def rewrite(path: Path) -> None:
    """Other content, the same size, and the old time of modification."""
    before = path.stat()
    path.write_text("two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES: dict[str, Callable[[Path], object]] = {
    "a recipe was written": lambda folder: rewrite(folder / "recipe"),
    "a recipe is gone": lambda folder: (folder / "recipe").unlink(),
    "the cache has a new entry": lambda folder: (folder / "cache" / "new").mkdir(),
    "what was found was cut": lambda folder: os.truncate(folder / "vmlinuz", 3),
    "what was found is gone": lambda folder: (folder / "vmlinuz").unlink(),
    "the memo is torn": lambda folder: os.truncate(folder / "memos" / "memo.json", 20),
    "the memo is another's": lambda folder: (folder / "memos" / "memo.json").write_text("[]"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_noticed(memo: Memo, tmp_path: Path, change: Callable[[Path], object]) -> None:
    change(tmp_path)
    assert memo.find() is None


def test_what_changed_during_the_lookup_is_not_kept(tmp_path: Path) -> None:
    memo = Memo(path=tmp_path / "memo.json", depends=(tmp_path,))
    before = memo.look()
    (tmp_path / "built meanwhile").mkdir()
    memo.keep(FOUND, [], before)
    assert memo.find() is None


def test_a_cache_that_cannot_be_written_to_harms_nothing(tmp_path: Path) -> None:
    (tmp_path / "memos").write_text("a file where a folder should be")
    memo = Memo(path=tmp_path / "memos" / "memo.json", depends=())
    memo.keep(FOUND, [], memo.look())
    assert memo.find() is None

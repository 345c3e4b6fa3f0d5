"""Entries that are not present: in swap, on the move, or neither."""

from __future__ import annotations

import numpy as np
import pytest

from labkit.witness.tables import migration_entries, swap_entries


def entries(*types: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.array([(kind << 59) | 0x1234 << 9 for kind in types], dtype=np.uint64)


@pytest.mark.parametrize("first", [27, 28], ids=["Debian 6.1", "Debian 6.12"])
def test_each_of_the_32_types_is_one_of_three_things(first: int) -> None:
    """Both have 27 places in swap_info: 6.1 has a type for failed reads where 6.12 has one for poison."""
    for kind in range(32):
        assert swap_entries(entries(kind), 27) == (kind < 27)
        assert migration_entries(entries(kind), first) == (first <= kind < first + 3)


def test_entries_are_counted() -> None:
    assert swap_entries(entries(0, 1, 1, 27), 24) == 3
    assert migration_entries(entries(0, 24, 26, 27), 24) == 2
    assert migration_entries(entries(), 24) == 0

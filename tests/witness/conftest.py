"""A guest with its witness on each kernel; the guest serves all tests of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from witnessed import KERNELS, Pair, two_nodes, witnessed


@pytest.fixture(scope="module", params=KERNELS)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with witnessed(two_nodes(request.param), tmp_path_factory.mktemp("record")) as found:
        yield found

"""One guest a kernel for all tests of the module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kmod_guest import KmodGuest, kmod_guest


@pytest.fixture(scope="session", params=["6.1", "6.12"])
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KmodGuest]:
    with kmod_guest(request.param, tmp_path_factory.mktemp("record")) as guest:
        yield guest


@pytest.fixture
def kmod(loaded: KmodGuest) -> KmodGuest:
    """The module in a guest, holding nothing, whatever the test before did."""
    loaded.reload()
    return loaded

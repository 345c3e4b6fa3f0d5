from __future__ import annotations

from pathlib import Path

import pytest

from labkit.build.attendant import attendant
from labkit.build.cache import Cache
from labkit.model.events import silent
from labkit.places import places


@pytest.fixture(scope="session")
def attendant_program() -> Path:
    """The program that serves labkit inside guests; it runs on this machine as well."""
    here = places()
    return attendant(Cache(here.cache), here.images, silent).path

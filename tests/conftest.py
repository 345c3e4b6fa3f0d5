"""The three rings: pure by default, `qemu` (a paused QEMU), `guest` (real guests, built on first use).

The guest ring uses this user's own cache (LABKIT_CACHE moves it), so that only the first run ever builds.
"""

from __future__ import annotations

import os
import shutil
import signal

import pytest
from hypothesis import settings

# In CI a property has the same examples always: one that nobody has met yet is to be met by a person at work
# on it (and then stands there by @example), not by a change that has nothing to do with it.
# And on a busy host an example takes as long as it takes.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")

# A job in the background of a plain sh ignores Ctrl-C, and so would all that the tests start (POSIX, 2.11).
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

QEMU = "qemu-system-x86_64"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the outer rings where there is no QEMU; under CI that is an error, or nobody would notice."""
    outer = [item for item in items if item.get_closest_marker("qemu") or item.get_closest_marker("guest")]
    if not outer or shutil.which(QEMU):
        return
    if os.environ.get("CI"):
        raise pytest.UsageError(f"{QEMU} is missing and CI is set: `make deps` installs it")
    skip = pytest.mark.skip(reason=f"{QEMU} is not installed: `make deps` installs it")
    for item in outer:
        item.add_marker(skip)

"""A real browser for the pages: Debian's Chromium, installed if that may be; else a sentence and a skip."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from packages import program

pytest.importorskip("playwright", reason="playwright is not installed: pip install '.[dev]'")
from playwright.sync_api import Browser, sync_playwright

# Nothing of the browser's own goes out: the page must not, either.
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = program("chromium", "chromium")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=[*QUIET])
        yield browser
        browser.close()

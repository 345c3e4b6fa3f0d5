"""A real browser for the pages: Debian's Chromium, installed if that may be; else a sentence and a skip."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest

pytest.importorskip("playwright", reason="playwright is not installed: pip install '.[dev]'")
from playwright.sync_api import Browser, sync_playwright

INSTALL_SECONDS = 600
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


def chromium() -> str:
    """Where it is; installed on first need. Skips where that cannot be."""
    if found := shutil.which("chromium"):
        return found
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if root and shutil.which("sudo") is None:
        pytest.skip("Chromium is not installed, and only root may install it")
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"]
    for words in (["update"], ["install", "--no-install-recommends", "chromium"]):
        done = subprocess.run(
            [*apt, *words], check=False, capture_output=True, text=True, timeout=INSTALL_SECONDS
        )
        if done.returncode:
            pytest.skip(f"Chromium cannot be installed: {done.stderr.strip().splitlines()[-1:]}")
    return shutil.which("chromium") or pytest.skip("this system's package chromium has no such program")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=[*QUIET])
        yield browser
        browser.close()

"""A mark that every child inherits, so that a test finds its own processes and no others."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

MARK = "LABKIT_TEST_MARK"


def mark_environment() -> dict[str, str]:
    """This process's environment with a new mark in it."""
    return {**os.environ, MARK: secrets.token_hex(8)}


def marked_processes(environment: Mapping[str, str]) -> list[tuple[int, str]]:
    """(pid, command) of the living processes that bear the environment's mark."""
    word = f"{MARK}={environment[MARK]}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if word in (folder / "environ").read_bytes().split(b"\0"):
                found.append((int(folder.name), (folder / "comm").read_text().strip()))
        except OSError:  # gone meanwhile, or another user's
            continue
    return found


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """See a process to its end on the way out: a test that fails beside it must not wait for it."""
    try:
        yield
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()

"""What tests have pools do: functions that a worker in another process can import, told apart by files."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
from pathlib import Path

from labkit.model.errors import HostError
from labkit.pools.cancel import Token


def note(folder: Path, name: str) -> None:
    """A line in a log that several processes write to."""
    with (folder / "log").open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        stream.write(f"{name}\n")


def notes(folder: Path) -> list[str]:
    path = folder / "log"
    return path.read_text().splitlines() if path.exists() else []


def work(token: Token, folder: Path, name: str, seconds: float) -> str:
    """Be at it for a while."""
    note(folder, f"+{name}")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        token.check()
        time.sleep(0.01)
    note(folder, f"-{name}")
    return name


def hold_a_child(token: Token, folder: Path) -> None:
    """As a guest's thread does: a process that ends when the work is called off, and with its parent."""
    child = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "sleep", "600"])
    note(folder, f"child {child.pid}")
    try:
        while not token.cancelled():
            time.sleep(0.05)
        token.check()
    finally:
        child.kill()
        child.wait()


def die_once(token: Token, folder: Path) -> str:
    """Take the whole worker along, the first time."""
    del token
    note(folder, "try")
    if notes(folder).count("try") == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return "second try"


def fail(token: Token) -> None:
    del token
    raise HostError(where="disk", found="full", fix="free some", detail="0 left")

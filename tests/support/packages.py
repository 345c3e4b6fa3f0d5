"""What a test needs of the distribution: installed on first need; else a sentence and a skip."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

INSTALL_SECONDS = 600


def program(name: str, *packages: str) -> str:
    """Where the program is; `packages` are installed if it is missing. Skips where that cannot be."""
    if found := _which(name):
        return found
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if root and shutil.which("sudo") is None:
        pytest.skip(f"{name} is not installed, and only root may install it")
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"]
    apt += ["-o", "DPkg::Lock::Timeout=300"]  # another test may be installing, too
    for words in (["update"], ["install", "--no-install-recommends", *packages]):
        done = subprocess.run(
            [*apt, *words], check=False, capture_output=True, text=True, timeout=INSTALL_SECONDS
        )
        if done.returncode:
            pytest.skip(f"{name} cannot be installed: {done.stderr.strip().splitlines()[-1:]}")
    return _which(name) or pytest.skip(f"this system's {' '.join(packages)} have no program {name}")


def _which(name: str) -> str | None:
    """Servers are not on a plain user's path."""
    return shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin")))

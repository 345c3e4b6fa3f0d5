"""The QEMU of this host: is it there, and which version is it."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from labkit.model.errors import HostError
from labkit.model.units import Deadline
from labkit.qemu.launch import BINARY

_INSTALL = "install it: sudo apt-get install qemu-system-x86"


def check_binary(binary: str) -> None:
    """Raise HostError when QEMU is not there."""
    if shutil.which(binary) is None:
        raise HostError(where=binary, found="no such program", fix=_INSTALL)


def load_identity(binary: str, kept: Path, deadline: Deadline) -> str:
    """What tells this QEMU from any other: version, path, size and time of its file.

    Asking for the version takes a QEMU's start, so the answer is kept in the folder `kept` by the rest.
    Raises HostError.
    """
    check_binary(binary)
    path = Path(shutil.which(binary) or binary).resolve()
    status = path.stat()
    outside = f"{path} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
    note = kept / f"qemu-{hashlib.sha256(outside.encode()).hexdigest()[:16]}"
    with suppress(OSError):
        if text := note.read_text(encoding="utf-8"):
            return f"{text} {outside}"
    version = load_version(deadline, binary)
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=kept, delete=False, encoding="utf-8") as file:
        file.write(version)
    Path(file.name).replace(note)
    return f"{version} {outside}"


def load_version(deadline: Deadline, binary: str = BINARY) -> str:
    """The version as QEMU prints it: '7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)'. Raises HostError."""
    check_binary(binary)
    try:
        answer = subprocess.run(
            [binary, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=deadline.remaining,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise HostError(where=binary, found="--version never ended", fix=_INSTALL) from error
    except OSError as error:
        raise HostError(where=binary, found=f"cannot be started: {error.strerror}", fix=_INSTALL) from error
    match = re.match(r"QEMU emulator version (.+)", answer.stdout)
    if match is None:
        raise HostError(
            where=binary,
            found=f"--version ended with status {answer.returncode} and no version",
            fix=_INSTALL,
            detail=(answer.stderr or answer.stdout)[-2000:],
        )
    return match[1].strip()

"""Lays files into the guest over SFTP, and loads kernel modules; a module that crashes is a value."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import paramiko

from labkit.guest.capture import odd_name
from labkit.guest.door import LAB, GuestLost
from labkit.guest.kmsg import mark, read_kmsg
from labkit.guest.ssh import Guest
from labkit.model.errors import Broken, SubmissionError, UsageError
from labkit.model.kernel_log import LogRecord
from labkit.model.units import Deadline

PLAIN = 0o644
LOG_SECONDS = 30.0  # for the log, when the module has used up its own time
_PARAMETER = re.compile(r"[A-Za-z0-9_]+")


def put(guest: Guest, files: Mapping[str, tuple[bytes | Path, int]], deadline: Deadline) -> None:
    """Write files into folders that exist: guest path, or name in /lab → (bytes or host file, mode).

    Each file's size is asked back. Raises SubmissionError for a name that leaves its folder, Broken when the
    guest cannot take a file (its disk is memory: full), GuestLost.
    """
    laid = {guest_path(name): source for name, source in files.items()}
    if not laid:
        return
    with guest.sftp(deadline) as sftp:
        for path, (content, mode) in laid.items():
            data = content if isinstance(content, bytes) else content.read_bytes()
            if why := _write(sftp, path, data, mode):
                raise Broken(
                    where=f"guest, {path}", found=why, fix="give the machine more memory, or lay in less"
                )


def get(guest: Guest, path: str, deadline: Deadline, *, limit: int) -> bytes:
    """Read at most `limit` bytes of one guest file over SFTP. Raises FileNotFoundError."""
    with guest.sftp(deadline) as sftp, sftp.open(path, "rb") as file:
        return file.read(limit)


def guest_path(name: str) -> str:
    """Where a name lies in the guest: in /lab unless it is absolute. Raises SubmissionError for a bad one."""
    path = name if name.startswith("/") else f"{LAB}/{name}"
    if why := odd_name(path):
        raise SubmissionError(where=repr(name), found=why, fix="use a plain file name")
    return path


class Load(Enum):
    """What became of a module's insmod."""

    LOADED = "loaded"
    REFUSED = "refused"  # insmod's own error: wrong kernel, unknown symbol, init returned an error
    CRASHED = "crashed"  # its init oopsed; the kernel goes on without that insmod
    STUCK = "stuck"  # init did not come back in time; the guest answers
    GONE = "guest gone"  # panic, hang, or a lost connection: the console tells


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """How loading a module ended: insmod's words, and, unless LOADED, what was logged since it began."""

    load: Load
    message: str
    dmesg: tuple[LogRecord, ...] = ()


def load_module(
    guest: Guest, module: Path, deadline: Deadline, parameters: Mapping[str, int | str] | None = None
) -> Loaded:
    """Lay a host's .ko into /lab and insmod it. Every end is a value, that of the guest too.

    An oops in init leaves the guest alive unless panic_on_oops is set: make_task_dead() of kernel/exit.c ends
    the insmod with SIGSEGV. Its module stays half loaded and cannot be removed.
    """
    path = guest_path(module.name)
    words = ["insmod", path, *(_parameter(name, value) for name, value in (parameters or {}).items())]
    label = f"insmod {path}"
    put(guest, {path: (module, PLAIN)}, deadline)
    mark(guest, label, deadline)
    done = guest.run(shlex.join(words), deadline=deadline)
    message = done.stderr.decode("utf-8", "replace").strip()
    if done.guest_gone:
        return Loaded(load=Load.GONE, message=done.ending.value)
    if done.status == 0:
        return Loaded(load=Load.LOADED, message=message)
    try:
        log = read_kmsg(guest, Deadline.after(LOG_SECONDS, "kernel log after insmod"))
    except GuestLost as lost:
        return Loaded(load=Load.GONE, message=lost.ending.value)
    dmesg = _since(log, label)
    if done.timed_out:
        return Loaded(load=Load.STUCK, message=f"no end after {deadline.seconds:.0f} s", dmesg=dmesg)
    crashed = done.status is None or done.status > 128
    return Loaded(load=Load.CRASHED if crashed else Load.REFUSED, message=message, dmesg=dmesg)


def _parameter(name: str, value: int | str) -> str:
    if not _PARAMETER.fullmatch(name):
        raise UsageError(where=f"module parameter {name!r}", found="not a C name", fix="use letters and _")
    return f"{name}={value}"


def _since(records: tuple[LogRecord, ...], label: str) -> tuple[LogRecord, ...]:
    """The records after the last marker with this text."""
    last = max((i for i, record in enumerate(records) if record.text.endswith(label)), default=-1)
    return records[last + 1 :]


def _write(sftp: paramiko.SFTPClient, path: str, data: bytes, mode: int) -> str:
    """Write one file; why it could not be, in which case nothing of it stays."""
    try:
        with sftp.open(path, "wb") as file:
            file.set_pipelined(True)
            file.write(data)
        sftp.chmod(path, mode)
        size = sftp.stat(path).st_size
    except TimeoutError:  # an OSError by name, but about the way, not the file
        raise
    except OSError as error:
        why = str(error)
    else:
        # With pipelined writes a short file is the only sign that the last of them failed.
        why = "" if size == len(data) else f"{size} bytes arrived of {len(data)}"
    if why:
        with suppress(FileNotFoundError):
            sftp.remove(path)
    return why

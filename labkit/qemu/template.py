"""A guest frozen once and thawed at every use: its state through QMP, its files sealed in between.

The memory of each node is a file that the guest which makes the template maps shared; it is not part of the
migration stream (capability x-ignore-shared, QEMU commit fbd162e629aa "migration: Add an ability to ignore
shared RAM blocks" (in v4.0)), which is then less than a megabyte. A clone maps the same files privately: a
page is copied when the clone first writes it.

QEMU before 8.2 opens a private mapping's file for writing too (softmmu/physmem.c: file_ram_open() follows
`readonly`, which also maps it read-only), so no mode bit can seal the memory against a stray writer. The seal
notices: every write, one through a shared mapping included, moves a file's times (Linux mm/memory.c:
do_page_mkwrite(), fs/inode.c: file_update_time()).
"""

from __future__ import annotations

import json
import os
import socket
from enum import Enum
from pathlib import Path

from labkit.model.errors import Broken, DeadlineExpired
from labkit.model.units import Deadline
from labkit.qemu.qmp import Qmp

SEAL = "seal.json"
_FORMAT = 1
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_POLL_SECONDS = 0.002
_WHERE = "template of a guest"
_IGNORE_SHARED: dict[str, object] = {"capabilities": [{"capability": "x-ignore-shared", "state": True}]}


class Sealed(Enum):
    """What a look at a template's files tells."""

    WHOLE = "whole"
    UNSURE = "unsure"  # no seal of this boot of the host: only reading every byte tells
    BROKEN = "broken"


def write_state(qmp: Qmp, link: socket.socket, target: int, deadline: Deadline) -> None:
    """Have QEMU write the state of its running guest to the descriptor `target`; the guest stands still then.

    A source that runs makes clones that start by themselves (migration/migration.c:
    process_incoming_migration_bh()). `link` is the monitor's own socket: descriptors travel on it.
    """
    qmp.command("migrate-set-capabilities", deadline, _IGNORE_SHARED)
    socket.send_fds(link, [b" "], [target])  # QEMU keeps it for the command that comes next
    qmp.command("getfd", deadline, {"fdname": "state"})
    qmp.command("migrate", deadline, {"uri": "fd:state"})
    for _ in deadline.polls(_POLL_SECONDS):
        match _migration(qmp, deadline):
            case "completed":
                return
            case "failed" | "cancelled" as end:
                raise Broken(where=_WHERE, found=f"QEMU's migration {end}", fix="see qemu.log and qmp.jsonl")
    raise _late(deadline)


def thaw(qmp: Qmp, deadline: Deadline) -> None:
    """Let a QEMU started with `-incoming defer`, the state its standard input, become the guest.

    Returns when the guest runs. Raises Broken: QEMU ends when the state does not fit it.
    """
    qmp.command("migrate-set-capabilities", deadline, _IGNORE_SHARED)
    qmp.command("migrate-incoming", deadline, {"uri": "fd:0"})
    for _ in deadline.polls(_POLL_SECONDS):
        match qmp.status(deadline):
            case "running":
                return
            case "inmigrate":
                continue
            case other:
                raise Broken(where=_WHERE, found=f"the clone is '{other}'", fix="see qemu.log")
    raise _late(deadline)


def seal(folder: Path, target: Path) -> None:
    """Write down, into the file `target`, what the files of a finished template look like from outside."""
    record = {"format": _FORMAT, "boot": _boot(), "files": _look(folder)}
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    partial.write_text(json.dumps(record, indent=1), encoding="utf-8")
    partial.replace(target)


def check_seal(folder: Path, target: Path) -> Sealed:
    """Whether the files are still what was sealed, without reading them.

    Times tell of writes by this boot of the host; what a power cut left unwritten they do not tell.
    """
    try:
        record = json.loads(target.read_text(encoding="utf-8"))
        if record["format"] != _FORMAT:
            return Sealed.UNSURE
        files = record["files"]
        now = _look(folder)
        if {name: look[0] for name, look in files.items()} != {name: look[0] for name, look in now.items()}:
            return Sealed.BROKEN
        return Sealed.WHOLE if (record["boot"], files) == (_boot(), now) else Sealed.UNSURE
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Sealed.UNSURE


def _look(folder: Path) -> dict[str, list[int]]:
    """Size, both times and inode of each file; size first."""
    found = {}
    for path in sorted(folder.iterdir()):
        status = path.stat()
        found[path.name] = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
    return found


def _boot() -> str:
    return _BOOT_ID.read_text(encoding="ascii").strip()


def _migration(qmp: Qmp, deadline: Deadline) -> str:
    answer = qmp.command("query-migrate", deadline)
    return str(answer.get("status", "")) if isinstance(answer, dict) else ""


def _late(deadline: Deadline) -> DeadlineExpired:
    return DeadlineExpired(
        phase=deadline.phase,
        seconds=deadline.seconds,
        where=_WHERE,
        fix="is the host overloaded? see qemu.log",
    )

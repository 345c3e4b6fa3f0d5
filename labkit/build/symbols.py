"""Symbols for the witness: a vmlinux without what nobody who reads memory asks for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from labkit.build.sandbox import WORK, Sandbox
from labkit.model.errors import HostError

# Types, variables and symbols stay. Line numbers, locations of local variables, unwind tables and the
# relocations that 6.1's link leaves behind go, and so does the content of what the guest itself holds.
DROPPED = (
    ".debug_aranges",
    ".debug_frame",
    ".debug_line",
    ".debug_line_str",
    ".debug_loclists",
    ".debug_rnglists",
    ".comment",
    ".rela*",
)
_FILE_MIB = 1024
_MEMORY_MIB = 4096


def slim(vmlinux: Path, target: Path, sandbox: Sandbox) -> None:
    """Write what drgn needs of `vmlinux` to `target`, a file of the same folder. Raises HostError."""
    limits = sandbox.limits.model_copy(update={"file_mib": _FILE_MIB, "memory_mib": _MEMORY_MIB})
    words = ["objcopy", "--only-keep-debug", *(f"--remove-section={name}" for name in DROPPED)]
    done = replace(sandbox, limits=limits).run(
        [*words, f"{WORK}/{vmlinux.name}", f"{WORK}/{target.name}"], work=target.parent, phase="slim symbols"
    )
    if done.status != 0:
        raise HostError(
            where=f"symbols {vmlinux.name}",
            found="objcopy cannot make them smaller",
            fix="see below",
            detail=done.last_lines,
        )

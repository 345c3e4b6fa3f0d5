"""Symbols for the witness: a vmlinux without what nobody who reads memory asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from labkit.build.sandbox import WORK, Sandbox
from labkit.build.tools import Done
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
# Every source file brings the types it uses whole, so these have all that memory management is made of, and
# the variables that a walk begins at. The other nine tenths only cost the time to look them through.
KEPT = (
    "arch/x86/kernel/head64.c",
    "arch/x86/kernel/setup_percpu.c",
    "arch/x86/mm/",
    "init/init_task.c",
    "kernel/cgroup/",
    "kernel/cpu.c",
    "kernel/fork.c",
    "kernel/jump_label.c",
    "kernel/module/",
    "kernel/params.c",
    "kernel/printk/",
    "kernel/static_call",
    "kernel/trace/ftrace.c",
    "lib/radix-tree.c",
    "mm/",
)
_FILE_MIB = 1024
_MEMORY_MIB = 4096
_UNITS, _INFO = "units", "info"
_UNIT = re.compile(r"  Compilation Unit @ offset (?:0x)?([0-9a-f]+):")
_LENGTH = re.compile(r"   Length: +0x([0-9a-f]+) \((32|64)-bit\)")
_NAME = re.compile(r"    <[0-9a-f]+>   DW_AT_name +: (?:\(.*?\): )?(.*)")


def slim(vmlinux: Path, target: Path, sandbox: Sandbox) -> None:
    """Write what drgn needs of `vmlinux` to `target`, a file of the same folder. Raises HostError."""
    limits = sandbox.limits.model_copy(update={"file_mib": _FILE_MIB, "memory_mib": _MEMORY_MIB})
    roomy, folder = replace(sandbox, limits=limits), target.parent
    script = f"exec readelf --debug-dump=info --dwarf-depth=1 {WORK}/{vmlinux.name} >{WORK}/{_UNITS}"
    _require(roomy.run(["sh", "-c", script], work=folder, phase="units of the symbols"), vmlinux)
    with (folder / _UNITS).open(encoding="utf-8", errors="replace") as lines:
        kept = [(start, end) for start, end, name in _units(lines) if name.startswith(KEPT)]
    words = ["objcopy", "--only-keep-debug", *(f"--remove-section={name}" for name in DROPPED)]
    if kept:  # else a program that is no kernel, or one whose sources have other names: all of it
        dump = ["objcopy", "-O", "binary", "--only-section=.debug_info", "--set-section-flags"]
        dump += [".debug_info=alloc", f"{WORK}/{vmlinux.name}", f"{WORK}/{_INFO}"]
        _require(roomy.run(dump, work=folder, phase="units of the symbols"), vmlinux)
        _keep_only(folder / _INFO, kept)
        words.append(f"--update-section=.debug_info={WORK}/{_INFO}")
    words += [f"{WORK}/{vmlinux.name}", f"{WORK}/{target.name}"]
    _require(roomy.run(words, work=folder, phase="slim symbols"), vmlinux)
    for name in (_UNITS, _INFO):
        (folder / name).unlink(missing_ok=True)


def _units(lines: Iterator[str]) -> Iterator[tuple[int, int, str]]:
    """Where each compilation unit begins and ends in .debug_info, and its source, as readelf tells them."""
    start = end = 0
    named = True
    for line in lines:
        if match := _UNIT.match(line):
            start, named = int(match[1], 16), False
        elif match := _LENGTH.match(line):
            # DWARF 5, 7.5.1.1: the length leaves out its own field, of 4 bytes or of 12
            end = start + int(match[1], 16) + (4 if match[2] == "32" else 12)
        elif not named and (match := _NAME.match(line)):
            named = True
            yield start, end, match[1].strip()


def _keep_only(file: Path, pieces: list[tuple[int, int]]) -> None:
    """Units refer to nothing outside of themselves, so the rest can close ranks."""
    data = memoryview(file.read_bytes())
    with file.open("wb") as out:
        out.writelines(data[start:end] for start, end in pieces)


def _require(done: Done, vmlinux: Path) -> None:
    if done.status != 0:
        raise HostError(
            where=f"symbols {vmlinux.name}",
            found="objcopy cannot make them smaller",
            fix="see below",
            detail=done.last_lines,
        )

"""Runs inside the guest: uses the module as a program would and prints one JSON value.

python3 kmod_driver.py OPERATION < arguments.json
"""

from __future__ import annotations

import base64
import ctypes
import errno
import json
import mmap
import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

FOLDER = Path("/proc/labkit")
PAGE = 4096
HUGE = 2 << 20


def tell(command: bytes) -> tuple[str | None, str]:
    """One command by one write: the name of the errno, or None, and the result's text."""
    failure = None
    cmd = os.open(FOLDER / "cmd", os.O_WRONLY)
    try:
        os.write(cmd, command)
    except OSError as error:
        failure = errno.errorcode[error.errno or 0]
    finally:
        os.close(cmd)
    return failure, (FOLDER / "result").read_text()


def tell_all(commands: list[str]) -> list[tuple[str | None, str]]:
    """Each command, base64-encoded."""
    return [tell(base64.b64decode(command)) for command in commands]


def race(rounds: int) -> list[str]:
    """Results read by four processes that all command at once."""
    workers = []
    for number in range(4):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            seen = [tell(b"alloc 0" if number % 2 else b"free all")[1] for _ in range(rounds)]
            with os.fdopen(writer, "w") as out:
                json.dump(seen, out)
            os._exit(0)
        os.close(writer)
        workers.append((child, reader))
    texts: list[str] = []
    for child, reader in workers:
        with os.fdopen(reader) as answers:
            texts += json.load(answers)
        os.waitpid(child, 0)
    return texts


def pages_in_pcp_lists() -> int:
    counts = re.findall(r"^ +count: +(\d+)", Path("/proc/zoneinfo").read_text(), re.MULTILINE)
    return sum(map(int, counts))


def around_drain() -> tuple[int, int]:
    """Pages in the per-CPU lists before and after a drain, with many freed just before."""
    for _ in range(200):
        tell(b"alloc 0")
    tell(b"free all")
    before = pages_in_pcp_lists()
    tell(b"drain")
    return before, pages_in_pcp_lists()


def walk(vaddr: int) -> Any:
    failure, text = tell(f"walk {os.getpid()} {vaddr:#x}".encode())
    assert failure is None, text
    return json.loads(text)


def pagemap_pfn(vaddr: int) -> int | None:
    """The frame as admin-guide/mm/pagemap.rst of the kernel has it, None if not present."""
    with Path("/proc/self/pagemap").open("rb", buffering=0) as file:
        file.seek(vaddr // PAGE * 8)
        entry = int.from_bytes(file.read(8), "little")
    return entry & ((1 << 55) - 1) if entry >> 63 else None


def address(area: mmap.mmap) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(area))


def life_of_a_page() -> Any:
    """One anonymous page, walked when it is new, read, written, forbidden and swapped out."""
    area = mmap.mmap(-1, PAGE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    area.madvise(mmap.MADV_NOHUGEPAGE)
    vaddr = address(area)
    libc = ctypes.CDLL(None, use_errno=True)
    seen = {"new": walk(vaddr)}
    area[0]
    seen["read"] = walk(vaddr)
    area[0] = 1
    seen["written"] = {**walk(vaddr), "pagemap": pagemap_pfn(vaddr)}
    assert libc.mprotect(ctypes.c_void_p(vaddr), PAGE, 0) == 0
    seen["forbidden"] = walk(vaddr)
    assert libc.mprotect(ctypes.c_void_p(vaddr), PAGE, 3) == 0
    pageout = 21  # MADV_PAGEOUT of linux/mman.h; the mmap module of Python 3.11 lacks it
    assert libc.madvise(ctypes.c_void_p(vaddr), PAGE, pageout) == 0
    seen["swapped"] = walk(vaddr)
    return seen


def huge_page() -> Any:
    """The third page of a transparent huge page."""
    area = mmap.mmap(-1, 2 * HUGE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    area.madvise(mmap.MADV_HUGEPAGE)
    start = -(-address(area) // HUGE) * HUGE
    ctypes.memset(start, 1, HUGE)
    return {**walk(start + 2 * PAGE), "pagemap": pagemap_pfn(start)}


def while_it_stood_still(command: str, path: str) -> Any:
    """A command's answer and what a file said right before and right after it, both the same."""
    for _ in range(100):
        before = Path(path).read_text()
        failure, answer = tell(command.encode())
        assert failure is None, answer
        if Path(path).read_text() == before:
            return json.loads(answer), before
    raise SystemExit(f"{path} changed a hundred times around '{command}'")


def kernel_pages(name: str, pfn: int) -> int:
    """One number of /proc/kpageflags, kpagecount or kpagecgroup."""
    with Path("/proc", name).open("rb", buffering=0) as file:
        file.seek(pfn * 8)
        return int.from_bytes(file.read(8), "little")


def describe(pfn: int) -> Any:
    """What the module says of a page frame, and what the kernel's own files do."""
    failure, text = tell(f"pageinfo {pfn}".encode())
    assert failure is None, text
    return json.loads(text), {name: kernel_pages(name, pfn) for name in ("kpageflags", "kpagecount")}


def own_page() -> Any:
    """A page of this process, in a cgroup of its own and shared with a child."""
    group = Path("/sys/fs/cgroup/kmod_driver")
    (group.parent / "cgroup.subtree_control").write_text("+memory")
    group.mkdir(exist_ok=True)
    (group / "cgroup.procs").write_text(str(os.getpid()))
    area = mmap.mmap(-1, PAGE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    area[0] = 1
    child = os.fork()
    if child == 0:
        signal.pause()
    pfn = pagemap_pfn(address(area))
    assert pfn is not None
    said, known = describe(pfn)
    known["kpagecgroup"] = kernel_pages("kpagecgroup", pfn)
    known["inode"] = group.stat().st_ino
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    (group.parent / "cgroup.procs").write_text(str(os.getpid()))
    return said, known


def describe_all(pfns: list[int]) -> Any:
    return [describe(pfn) for pfn in pfns]


OPERATIONS: dict[str, Callable[..., Any]] = {
    "tell_all": tell_all,
    "race": race,
    "around_drain": around_drain,
    "life_of_a_page": life_of_a_page,
    "huge_page": huge_page,
    "while_it_stood_still": while_it_stood_still,
    "own_page": own_page,
    "describe_all": describe_all,
}


if __name__ == "__main__":
    json.dump(OPERATIONS[sys.argv[1]](*json.load(sys.stdin)), sys.stdout)

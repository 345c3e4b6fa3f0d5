"""Tries out sizes with labkit's module; prints what came of each, a JSON line each, named by `tried`.

python3 measure.py SMALL BIG_KIB HUGE_KIB [MIDDLE LARGE ODD]

Without the last three, only which allocator gives how much.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from module import free_all, tell

KIB = 1024
MIB = 1 << 20
TIMES = 5  # VmallocUsed moves with other things, too: a task that comes or goes has its stack there
MORE = 64 << 30  # bytes, beyond any memory of this guest's


def say(tried: str, answer: dict[str, object]) -> None:
    print(json.dumps({"tried": tried, **answer}, separators=(",", ":")), flush=True)


def sizes(small: int, middle: int, large: int) -> None:
    say("kmax", tell("kmax"))
    for name, size in (("small", small), ("middle", middle), ("large", large)):
        say(name, tell(f"kmalloc {size}"))
    say("largest", tell(f"kmalloc {4 * MIB}"))
    say("beyond", tell(f"kmalloc {8 * MIB}"))
    say("contexts", tell("atomic 512"))
    say("more", tell(f"vmalloc {MORE}"))
    free_all()


def accounts(odd: int) -> None:
    """A vmalloc, and how it is booked in meminfo and vmallocinfo."""
    before = used_kib()
    answer = tell(f"vmalloc {odd}")
    used = used_kib() - before
    # The caller tells which area it is: addresses are not shown as they are.
    areas = re.findall(
        r"^\S+ +(\d+) (labkit_vmalloc.*)$", Path("/proc/vmallocinfo").read_text(), re.MULTILINE
    )
    ((area_bytes, area),) = areas
    say("accounts", {**answer, "used_kib": used, "area_bytes": int(area_bytes), "area": area})
    free_all()


def used_kib() -> int:
    (kib,) = re.findall(r"^VmallocUsed: +(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)
    return int(kib)


def tries(small: int, big_kib: int, huge_kib: int) -> None:
    """Which allocator gives how much at all; each gives it back before the next."""
    for how in ("kmalloc", "vmalloc", "kvmalloc"):
        for name, size in (("small", small), ("big", big_kib * KIB), ("huge", huge_kib * KIB)):
            say(f"{how} {name}", tell(f"{how} {size}"))
            free_all()


def main(small: int, big_kib: int, huge_kib: int, *more: int) -> None:
    if more:
        middle, large, odd = more
        sizes(small, middle, large)
        for _ in range(TIMES):
            accounts(odd)
    tries(small, big_kib, huge_kib)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

"""Carries out a student's choices with labkit's module; prints what came of each, a JSON line a request.

python3 play.py REQUESTS CHOICES

CHOICES is the student's own file: read once, as a short regular file, and looked at line by line. A line is
an ID and one of the WORDS below, or it is none. What would sleep where it may not stays undone.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

from module import free_all, tell

MOST_BYTES = 64 << 10
ATOMIC = "kmalloc GFP_ATOMIC"
COMMANDS = {
    "kmalloc": "kmalloc {size} GFP_KERNEL",
    ATOMIC: "kmalloc {size} GFP_ATOMIC",
    "kmalloc GFP_DMA": "kmalloc {size} GFP_DMA",
    "kvmalloc": "kvmalloc {size}",
    "vmalloc": "vmalloc {size}",
}
NOTHING = "nothing"
WORDS = (*COMMANDS, NOTHING)
TOLD = ("ok", "error", "pfn", "pages", "runs", "ksize", "vmalloc", "contexts")


def read_choices(path: str) -> dict[int, str]:
    """The first choice for each request. Whatever is no file of choices has none."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return {}
    try:
        regular = stat.S_ISREG(os.fstat(fd).st_mode)
        text = os.read(fd, MOST_BYTES).decode("ascii", "replace") if regular else ""
    finally:
        os.close(fd)
    choices: dict[int, str] = {}
    for line in text.splitlines():
        number, _, word = line.partition(" ")
        if number.isascii() and number.isdigit() and len(number) < 4 and word in WORDS:
            choices.setdefault(int(number), word)
    return choices


def carry_out(size: int, context: str, choice: str) -> dict[str, object]:
    if choice == NOTHING:
        return {}
    if context == "process":
        return tell(COMMANDS[choice].format(size=size))
    # In every context that may not sleep, at once.
    return tell(f"atomic {size}") if choice == ATOMIC else {"sleeps": True}


def main(requests: str, choices: str) -> None:
    chosen = read_choices(choices)
    lines = Path(requests).read_text().splitlines()
    for line in lines:
        number, size, use, context = line.split()
        choice = chosen.get(int(number))
        did = carry_out(int(size), context, choice) if choice else {}
        told = {key: did[key] for key in (*TOLD, "sleeps") if key in did}
        asked = {"id": int(number), "size": int(size), "use": use, "context": context, "choice": choice}
        print(json.dumps({**asked, **told}, separators=(",", ":")))
        free_all()
    print(json.dumps({"asked": len(lines)}))


if __name__ == "__main__":
    main(*sys.argv[1:])

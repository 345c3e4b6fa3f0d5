"""Plays a sequence of allocations and frees with labkit's module; prints what was done, a JSON line each.

python3 play.py sequence.txt

Each command is carried out while all other CPUs stand still, so that the counts before and after it differ by
its own doing alone. A line that is no command ends the play: {"line": 7, "wrong": "..."}.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MODULE = Path("/proc/labkit")
MAX_COMMANDS = 400  # a sequence is thought out, not tried out
MAX_HELD = 64
TOLD = ("ok", "error", "zone", "order", "pfn", "before", "after", "pcp")
NAME = r"[a-z][a-z0-9_]{0,15}"
ALLOC = re.compile(rf"({NAME}) *= *alloc +(\d{{1,2}})")
FREE = re.compile(rf"free +({NAME})")
REPEAT = re.compile(rf"repeat +(\d{{1,3}}) +({NAME}) *= *alloc +(\d{{1,2}})")


class WrongError(Exception):
    """The line is none that can be played."""


def tell(command: str) -> dict[str, object]:
    """One command to the module: what it answers, a refusal too."""
    with suppress(OSError):  # the result says why
        (MODULE / "cmd").write_text(command)
    answer = json.loads((MODULE / "result").read_text())
    assert isinstance(answer, dict)
    return answer


class Play:
    """The blocks that are held, by name; `commands` counts what was played."""

    def __init__(self) -> None:
        self.held: dict[str, int] = {}
        self.commands = 0

    def line(self, text: str) -> Iterator[dict[str, object]]:
        if text == "free all":
            for name in reversed(list(self.held)):
                yield self.free(name)
        elif match := ALLOC.fullmatch(text):
            yield self.alloc(match[1], int(match[2]))
        elif match := REPEAT.fullmatch(text):
            for number in range(1, int(match[1]) + 1):
                yield self.alloc(f"{match[2]}{number}", int(match[3]))
        elif match := FREE.fullmatch(text):
            yield self.free(match[1])
        else:
            raise WrongError("write NAME = alloc ORDER, repeat N NAME = alloc ORDER, free NAME or free all")

    def alloc(self, name: str, order: int) -> dict[str, object]:
        if name in self.held:
            raise WrongError(f"'{name}' is held already")
        if len(self.held) == MAX_HELD:
            raise WrongError(f"{MAX_HELD} blocks are held; free some")
        answer = self.play(f"still alloc {order} 0 GFP_KERNEL")
        if not answer["ok"]:
            raise WrongError(f"the module refuses: {answer['error']}")
        self.held[name] = int(str(answer["id"]))
        return {"did": "alloc", "name": name, **answer}

    def free(self, name: str) -> dict[str, object]:
        if name not in self.held:
            raise WrongError(f"no block '{name}' is held")
        return {"did": "free", "name": name, **self.play(f"still free {self.held.pop(name)}")}

    def play(self, command: str) -> dict[str, object]:
        self.commands += 1
        if self.commands > MAX_COMMANDS:
            raise WrongError(f"more than {MAX_COMMANDS} allocations and frees")
        return tell(command)


def main(path: str) -> None:
    play = Play()
    lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    for number, text in enumerate(lines[:MAX_COMMANDS], start=1):
        words = text.split("#")[0].strip()
        if not words:
            continue
        try:
            for did in play.line(words):
                told = {key: did[key] for key in ("did", "name", *TOLD) if key in did}
                print(json.dumps({"line": number, **told}, separators=(",", ":")))
        except WrongError as error:
            print(json.dumps({"line": number, "wrong": str(error)}))
            break
    print(json.dumps({"held": len(play.held)}))


if __name__ == "__main__":
    main(sys.argv[1])

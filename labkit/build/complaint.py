"""A compiler's complaint, cut to what its author needs: the first error first, no warnings beside errors."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MAX_LINES = 12
_DIAGNOSTIC = re.compile(
    r"^(?P<place>[^\s:][^:]*:\d+(?::\d+)?): (?P<kind>fatal error|error|warning|note): (?P<text>.*)$"
)
_LINKER = re.compile(
    r"^(?:\S*ld: )?(?:\S*\.o: )?.*(?P<text>undefined reference to .*|multiple definition of .*)$"
)
_MODPOST = re.compile(r"^ERROR: modpost: (?P<text>.*)$")
# What make, kbuild and the driver say around it.
_NOISE = re.compile(
    r"^(make(\[\d+\])?: |warning: the compiler differs|  (The kernel|You are using)|\s+(CC|LD|MODPOST) )"
)
_MAIN = re.compile(r"^(?P<file>[^\s:]+): In function |^In file included from |^\s+from ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """`where` is file:line:column, or the name of what was built when the linker speaks."""

    where: str
    found: str
    detail: str


@dataclass(slots=True)
class _Block:
    lines: list[str]
    kind: str
    where: str
    text: str


def parse_complaint(stderr: str, name: str, prefixes: tuple[str, ...] = ()) -> Complaint:
    """Read gcc's, ld's or modpost's words about `name`; `prefixes` are cut from paths."""
    for prefix in prefixes:
        stderr = stderr.replace(prefix, "")
    blocks = _split(stderr.splitlines(), name)
    errors = [block for block in blocks if block.kind == "error"] or blocks
    if not errors:
        words = [line for line in stderr.splitlines() if line.strip() and not _NOISE.match(line)]
        return Complaint(
            where=name, found=words[0] if words else "the compiler gave up without a word", detail=_cut(words)
        )
    lines = [line for block in errors for line in block.lines]
    return Complaint(where=errors[0].where, found=errors[0].text, detail=_cut(lines))


def _split(lines: list[str], name: str) -> list[_Block]:
    """One block a diagnostic: its own line, the lines that lead to it, and the code shown below it."""
    blocks: list[_Block] = []
    lead: list[str] = []
    for line in lines:
        if _NOISE.match(line) or not line.strip():
            continue
        if _MAIN.match(line):
            lead.append(line)
            continue
        start = _start(line, name)
        if start is not None:
            start.lines[:0] = lead
            lead = []
            blocks.append(start)
        elif blocks:
            blocks[-1].lines.append(line)
    return blocks


def _start(line: str, name: str) -> _Block | None:
    if match := _DIAGNOSTIC.match(line):
        kind = match["kind"]
        if kind == "note":
            return None
        return _Block([line], kind.removeprefix("fatal "), match["place"], match["text"])
    if match := _MODPOST.match(line) or _LINKER.match(line):
        return _Block([line], "error", name, match["text"])
    return None


def _cut(lines: list[str]) -> str:
    if len(lines) <= _MAX_LINES:
        return "\n".join(lines)
    return "\n".join([*lines[: _MAX_LINES - 1], f"… and {len(lines) - _MAX_LINES + 1} more lines"])

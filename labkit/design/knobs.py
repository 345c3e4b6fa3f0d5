"""What is written into a guest for a cell, and whether it took: by what the knob reads back."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from labkit.model.experiment import CGROUP, Experiment, Factor, Levels, Takes
from labkit.model.trial import Reading
from labkit.model.units import Size

PAGE = 4096
_CHOICE = re.compile(r"\[([^\]]+)\]")
_SIZE = re.compile(r"\d+(?:[KMG]iB)")
_SUFFIX = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_NAMED = re.compile(r"(\d+)([KMG])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A knob of a cell and the text that is written for its level."""

    factor: Factor
    text: str


def writes(experiment: Experiment, cell: Levels) -> tuple[Write, ...]:
    """All that is written for a cell, in the order of the file. Sizes such as '64MiB' are told in bytes."""
    found = []
    for knob in experiment.knobs:
        level = cell.get(knob.name, knob.levels[0])
        text = str(level)
        found.append(Write(factor=knob, text=str(int(Size.parse(text))) if _SIZE.fullmatch(text) else text))
    return tuple(found)


def script(wanted: Sequence[Write], *, swap: bool = False) -> str:
    """Shell text that makes the cgroup and writes the knobs; a refusal is a line 'NUMBER<tab>why'.

    A machine's `swap` is in use from then on. Ends with a status other than 0 where it cannot be.
    cgroup v2 hands a controller down only where the parent says so (cgroup.subtree_control).
    """
    lines = [
        "cd /sys/fs/cgroup; read -r all <cgroup.controllers",
        'for each in $all; do echo "+$each" >cgroup.subtree_control; done 2>/dev/null',
        f"mkdir -p {CGROUP}",
    ]
    for number, write in enumerate(wanted):
        path, text = shlex.quote(write.factor.path), shlex.quote(write.text)
        # No fork where all goes well. A shell's own printf does not always know why a write failed.
        lines.append(
            f"{{ printf %s {text} >{path}; }} 2>/dev/null || "
            f"{{ why=$({{ env printf %s {text} >{path}; }} 2>&1); "
            f"printf '{number}\\t%s\\n' \"${{why##*: }}\"; }}"
        )
    disk = "/dev/disk/labkit/swap"
    return "\n".join([*lines, f"mkswap {disk} >/dev/null && swapon {disk}" if swap else "true"])


def refusals(said: str) -> dict[int, str]:
    """Of what `script` printed: why a write was refused, by its number."""
    rows = (line.split("\t", 1) for line in said.splitlines())
    return {int(row[0]): row[1] for row in rows if len(row) == 2 and row[0].isdecimal()}


def complaint(factor: Factor, reading: Reading) -> str:
    """Why a knob did not take, empty if it did."""
    label = f"{factor.name} = {reading.requested}"
    if reading.refused:
        return f"{label}: the kernel refuses it: {reading.refused}"
    if reading.read is None:
        return f"{label}: {factor.path} cannot be read"
    found = effective(reading)
    wanted = factor.reads.get(reading.requested, reading.requested)
    if found == wanted or _is_taken(factor.takes, wanted, found):
        return ""
    return f"{label}: reads back {found!r}"


def _is_taken(takes: Takes, wanted: str, found: str) -> bool:
    want, got = _number(wanted), _number(found)
    if want is None or got is None:
        return False
    match takes:
        case Takes.EXACT:
            return got == want
        case Takes.AT_LEAST:
            return got >= want
        case Takes.PARTLY:
            return 0 <= got <= want
        case Takes.ROUNDED:
            return want - PAGE < got <= want


def effective(reading: Reading) -> str:
    """What a knob was found to be: of 'always [madvise] never' the one that is chosen."""
    text = " ".join((reading.read or "").split())
    chosen = _CHOICE.search(text)
    return chosen[1] if chosen else text


def _number(text: str) -> int | None:
    """'64M' as the kernel's memparse() reads it; hexadecimal as it prints some."""
    if match := _NAMED.fullmatch(text):
        return int(match[1]) * _SUFFIX.get(match[2] or "", 1)
    try:
        return int(text, 0)
    except ValueError:
        return None

"""/proc/PID/smaps and smaps_rollup: a process' mappings, each with its sizes by key.

7fc4f1e5e000-7fc4f1e60000 rw-p 00000000 00:1b 5                          /tmp/odd/gone (deleted)
Size:                  8 kB
THPeligible:           0
VmFlags: rd wr mr mw me ac sd

Linux fs/proc/task_mmu.c show_smap(). v6.12 adds KSM; all is looked up by key. Of a file's name the kernel
escapes the newline alone (as `\\012`), so that a name which holds these four characters reads as one with a
newline.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from labkit.grade.parse.error import ParseError
from labkit.grade.parse.lines import kernel_lines, unescaped

_HEAD = re.compile(
    r"([0-9a-f]+)-([0-9a-f]+) ([r-][w-][x-][ps]) ([0-9a-f]+) ([0-9a-f]+:[0-9a-f]+) (\d+) *(.*)"
)
_SIZE = re.compile(r"([A-Za-z_]+): +(\d+) kB")
_COUNT = re.compile(r"([A-Za-z_]+): +(\d+)")
_FLAGS = re.compile(r"VmFlags:((?: [a-z?]{2})*) ?")
ROLLUP = "[rollup]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vma:
    """One mapping. `kib` holds its sizes in KiB, `counts` what has no unit, `flags` the letters of VmFlags.

    `path` is a file's name, a name in brackets such as [heap], or empty. A rollup's head spans all mappings.
    """

    start: int
    end: int
    permissions: str
    offset: int
    device: str
    inode: int
    path: str
    kib: Mapping[str, int]
    counts: Mapping[str, int]
    flags: frozenset[str]


def parse_smaps(text: str) -> tuple[Vma, ...]:
    """Every mapping in the order of addresses; none of a kernel thread, which has no memory of its own."""
    return tuple(_vma(number, block) for number, block in _blocks(text))


def parse_smaps_rollup(text: str) -> dict[str, int]:
    """The sums over all mappings, in KiB."""
    vmas = parse_smaps(text)
    if len(vmas) != 1 or vmas[0].path != ROLLUP:
        raise ParseError("smaps_rollup", 1, text[:80])
    return dict(vmas[0].kib)


def total_kib(vmas: tuple[Vma, ...], key: str) -> int:
    """A size over all mappings: what a rollup says. KeyError where a mapping has no such key."""
    return sum(vma.kib[key] for vma in vmas)


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    lines = kernel_lines(text)
    starts = [index for index, line in enumerate(lines) if _HEAD.fullmatch(line)]
    if not lines:
        return
    if starts[:1] != [0]:
        raise ParseError("smaps", 1, lines[0])
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield start + 1, lines[start:end]


def _vma(number: int, block: list[str]) -> Vma:
    head = _HEAD.fullmatch(block[0])
    assert head is not None  # _blocks() cuts there
    kib: dict[str, int] = {}
    counts: dict[str, int] = {}
    flags: frozenset[str] = frozenset()
    for offset, line in enumerate(block[1:], start=1):
        if (size := _SIZE.fullmatch(line)) is not None:
            kib[size[1]] = int(size[2])
        elif (count := _COUNT.fullmatch(line)) is not None:
            counts[count[1]] = int(count[2])
        elif (found := _FLAGS.fullmatch(line)) is not None:
            flags = frozenset(found[1].split())
        else:
            raise ParseError("smaps", number + offset, line)
    if "Rss" not in kib:
        raise ParseError("smaps", number, f"{block[0]} without Rss")
    return Vma(
        start=int(head[1], 16),
        end=int(head[2], 16),
        permissions=head[3],
        offset=int(head[4], 16),
        device=head[5],
        inode=int(head[6]),
        path=unescaped(head[7], "\n"),
        kib=kib,
        counts=counts,
        flags=flags,
    )

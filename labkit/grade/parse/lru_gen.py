"""/sys/kernel/debug/lru_gen: the generations of every cgroup on every node.

memcg     1 /
 node     0
          2      23064        288           0
          3      23064         85         983

Linux mm/vmscan.c lru_gen_seq_show(): generation, age in ms, anonymous and file pages. The first is the
oldest. While multi-gen LRU is off (Debian's 6.1 unless told otherwise) all sizes are 0. lru_gen_full is
another format.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from labkit.grade.parse.error import ParseError
from labkit.grade.parse.lines import kernel_lines

_MEMCG = re.compile(r"memcg +(\d+) (.*)")
_NODE = re.compile(r" node +(\d+)")
_GENERATION = re.compile(r" +(\d+) +(\d+) +(\d+) +(\d+) *")


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    seq: int
    age_ms: int
    anon_pages: int
    file_pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LruGen:
    """One cgroup on one node, oldest generation first. `memcg` is the id that commands to the file take."""

    memcg: int
    path: str
    node: int
    generations: tuple[Generation, ...]

    @property
    def min_seq(self) -> int:
        return self.generations[0].seq

    @property
    def max_seq(self) -> int:
        return self.generations[-1].seq


def parse_lru_gen(text: str) -> tuple[LruGen, ...]:
    found: list[LruGen] = []
    memcg: tuple[int, str] | None = None
    node: int | None = None
    generations: list[Generation] = []

    def close() -> None:
        if memcg is not None and node is not None and generations:
            id_, path = memcg
            found.append(LruGen(memcg=id_, path=path, node=node, generations=tuple(generations)))

    for number, line in enumerate(kernel_lines(text), start=1):
        if (match := _GENERATION.fullmatch(line)) is not None and node is not None:
            seq, age, anon, file = map(int, match.groups())
            generations.append(Generation(seq=seq, age_ms=age, anon_pages=anon, file_pages=file))
            continue
        close()
        generations = []
        if (match := _MEMCG.fullmatch(line)) is not None:
            memcg, node = (int(match[1]), match[2]), None
        elif (match := _NODE.fullmatch(line)) is not None and memcg is not None:
            node = int(match[1])
        else:
            raise ParseError("lru_gen", number, line)
    close()
    return tuple(found)

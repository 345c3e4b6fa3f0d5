"""/proc/zoneinfo: watermarks and counters of every zone.

Linux mm/vmstat.c zoneinfo_show_print(): a node's `per-node stats` stand under its first populated zone; a
zone without memory ends after `protection:`; v6.12 adds `promo` and counters, so all is looked up by key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from labkit.grade.parse.error import ParseError

_HEAD = re.compile(r"Node (\d+), zone +(\S+)")
_PAIR = re.compile(r"\s+(?:pages )?([a-z_0-9]+) +(\d+)")
_PROTECTION = re.compile(r"\s+protection: \(([\d, ]*)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """One zone. Everything is in pages; `stats` and `node_stats` hold the kernel's counters by name."""

    node: int
    name: str
    free_pages: int
    min_pages: int
    low_pages: int
    high_pages: int
    spanned_pages: int
    present_pages: int
    managed_pages: int
    protection: tuple[int, ...]
    stats: Mapping[str, int]
    node_stats: Mapping[str, int] | None

    @property
    def populated(self) -> bool:
        return self.present_pages > 0


def parse_zoneinfo(text: str) -> tuple[Zone, ...]:
    return tuple(_zone(number, block) for number, block in _blocks(text))


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    lines = text.splitlines()
    starts = [index for index, line in enumerate(lines) if line.startswith("Node ")]
    if not starts or starts[0] != 0:
        raise ParseError("zoneinfo", 1, lines[0] if lines else "")
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield start + 1, lines[start:end]


def _zone(number: int, block: list[str]) -> Zone:
    head = _HEAD.fullmatch(block[0])
    if head is None:
        raise ParseError("zoneinfo", number, block[0])
    sections: dict[str, dict[str, int]] = {"node": {}, "pages": {}, "stats": {}}
    protection: tuple[int, ...] = ()
    section = "pages"
    for offset, line in enumerate(block[1:], start=1):
        if line.strip() == "per-node stats":
            section = "node"
        elif line.strip() == "pagesets":
            break
        elif (limits := _PROTECTION.fullmatch(line)) is not None:
            protection = tuple(int(word) for word in limits[1].split(",") if word.strip())
            section = "stats"
        elif (pair := _PAIR.fullmatch(line)) is not None:
            if line.startswith("  pages "):
                section = "pages"
            sections[section][pair[1]] = int(pair[2])
        else:
            raise ParseError("zoneinfo", number + offset, line)
    return _made(number, block[0], head, sections, protection)


def _made(
    number: int,
    line: str,
    head: re.Match[str],
    sections: dict[str, dict[str, int]],
    protection: tuple[int, ...],
) -> Zone:
    pages = sections["pages"]
    try:
        return Zone(
            node=int(head[1]),
            name=head[2],
            free_pages=pages["free"],
            min_pages=pages["min"],
            low_pages=pages["low"],
            high_pages=pages["high"],
            spanned_pages=pages["spanned"],
            present_pages=pages["present"],
            managed_pages=pages["managed"],
            protection=protection,
            stats=sections["stats"],
            node_stats=sections["node"] or None,
        )
    except KeyError as missing:
        raise ParseError("zoneinfo", number, f"{line} without {missing}") from None

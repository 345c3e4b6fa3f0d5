"""Where the tagged pages of a run were found: on which node or in the swap, how often, in what runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum


class Store(Enum):
    """What holds a page's content."""

    RAM = "ram"
    SWAP = "swap"


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRun:
    """Pages whose indices and places both follow each other, as many as do.

    `place` is the first one's guest page frame, or its 4 KiB slot on the swap disk; `node` is None there.
    """

    index: int
    store: Store
    node: int | None
    place: int
    pages: int

    def blocks(self, order: int) -> int:
        """How many aligned blocks of 2**order pages lie in the run.

        >>> TagRun(index=0, store=Store.RAM, node=0, place=1000, pages=1048).blocks(9)
        2
        """
        size = 1 << order
        first = -(-self.place // size)
        return max(0, (self.place + self.pages) // size - first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """All tags of one nonce. `torn` are pages that bear the nonce and a seal that is not their index's.

    A page that was freed keeps its content until it is used again, and so does a swap slot: without
    `init_on_free=1` on the kernel's command line a tag in RAM says that the page was there, not that it still
    is anybody's. A page in the swap cache is in both stores.
    """

    runs: tuple[TagRun, ...]
    torn: int

    def pages(self, store: Store | None = None, node: int | None = None) -> int:
        """Places in which a tag was found: in one store, on one node, or all."""
        return sum(run.pages for run in self.runs if store in (None, run.store) and node in (None, run.node))

    def blocks(self, order: int) -> int:
        """Aligned blocks of 2**order pages whose tags follow each other, in RAM."""
        return sum(run.blocks(order) for run in self.runs if run.store is Store.RAM)

    def indices(self, store: Store | None = None) -> frozenset[int]:
        """Which pages of the program were found."""
        found = (run for run in self.runs if store in (None, run.store))
        return frozenset(at for run in found for at in range(run.index, run.index + run.pages))

    def copies(self) -> dict[int, int]:
        """How many indices were found in RAM once, twice, …: a page that two share is found once."""
        found = (run for run in self.runs if run.store is Store.RAM)
        times = Counter(at for run in found for at in range(run.index, run.index + run.pages))
        return dict(Counter(times.values()))

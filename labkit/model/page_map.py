"""The picture of a guest's RAM: what each page frame is used for, kept small enough to be evidence."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from labkit.model.ram_map import Kind
from labkit.model.tags import Store, Tags
from labkit.model.units import Size

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Codes = NDArray[np.uint8]

MAX_PAGES = Size.gib(512) // 4096
MAX_ORDER = 18  # a huge page of 1 GiB
MAX_STRETCHES = 4096
_LEVEL = 6  # of zlib: 80 KiB a reading of 1 GiB; 9 saves a tenth and takes four times as long


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Page frames of one zone that follow each other, from frame `first` on."""

    node: int
    zone: str
    first: int
    pages: int

    @property
    def end(self) -> int:
        return self.first + self.pages


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """A stretch with the Kind of each of its frames, and the order of the block that the frame belongs to."""

    stretch: Stretch
    kinds: Codes
    orders: Codes


@dataclass(frozen=True, slots=True, kw_only=True)
class PageMap:
    """Every page frame of a guest's RAM at one instant; frames without RAM behind them are in no stretch.

    `kinds` and `orders` have a byte for each frame of all stretches in turn, deflated (RFC 1950), in base64.
    A map that is not whole refuses to exist (ValueError): it may come from a run directory of elsewhere.
    """

    stretches: tuple[Stretch, ...]
    kinds: str
    orders: str

    def __post_init__(self) -> None:
        pages = _checked(self.stretches)
        for name, text, most in (("kinds", self.kinds, max(Kind)), ("orders", self.orders, MAX_ORDER)):
            codes = _inflated(text, pages)
            if len(codes) != pages:
                raise ValueError(f"{name}: not one for each of {pages} frames")
            if odd := codes.translate(None, bytes(range(most + 1))):
                raise ValueError(f"{name}: found {odd[0]}, the largest is {most}")

    @property
    def pages(self) -> int:
        return sum(stretch.pages for stretch in self.stretches)

    @property
    def nodes(self) -> tuple[int, ...]:
        return tuple(sorted({stretch.node for stretch in self.stretches}))

    def parts(self) -> Iterator[Part]:
        """Stretch by stretch, with codes to be read and not to be written to."""
        import numpy as np

        kinds, orders = (
            np.frombuffer(_inflated(text, self.pages), np.uint8) for text in (self.kinds, self.orders)
        )
        at = 0
        for stretch in self.stretches:
            inside = slice(at, at + stretch.pages)
            yield Part(stretch=stretch, kinds=kinds[inside], orders=orders[inside])
            at += stretch.pages

    def count(self, kind: Kind, order: int | None = None, node: int | None = None) -> int:
        """How many frames are of a kind: in blocks of one order or of all, on one node or on all."""
        found = 0
        for part in self.parts():
            if node in (None, part.stretch.node):
                chosen = part.kinds == kind
                found += int((chosen if order is None else chosen & (part.orders == order)).sum())
        return found

    def on_node(self, node: int) -> PageMap:
        """What of it is that node's."""
        return packed(part for part in self.parts() if part.stretch.node == node)

    def within(self, first: int, end: int) -> PageMap:
        """What of it lies from frame `first` on and before `end`."""
        return packed(_cut(part, first, end) for part in self.parts() if _meets(part.stretch, first, end))

    def tagged(self, tags: Tags) -> PageMap:
        """The same with the frames in use marked in which tags were found.

        One that was freed stays free, and one of a transparent huge page is shown as that.
        """
        import numpy as np

        parts = []
        for part in self.parts():
            stretch, kinds = part.stretch, part.kinds.copy()
            for run in tags.runs:
                if run.store is Store.RAM:
                    low, high = run.place - stretch.first, run.place + run.pages - stretch.first
                    seen = kinds[max(low, 0) : max(high, 0)]
                    seen[~np.isin(seen, (Kind.FREE, Kind.IDLE, Kind.THP))] = Kind.TAGGED
            parts.append(replace(part, kinds=kinds))
        return packed(parts)


def packed(parts: Iterator[Part] | Sequence[Part]) -> PageMap:
    """The map of these parts, whose stretches ascend. Raises ValueError for what is no map."""
    found = tuple(parts)
    return PageMap(
        stretches=tuple(part.stretch for part in found),
        kinds=_deflated(b"".join(part.kinds.tobytes() for part in found)),
        orders=_deflated(b"".join(part.orders.tobytes() for part in found)),
    )


def _meets(stretch: Stretch, first: int, end: int) -> bool:
    return stretch.first < end and first < stretch.end


def _cut(part: Part, first: int, end: int) -> Part:
    stretch = part.stretch
    low, high = max(first, stretch.first), min(end, stretch.end)
    inside = slice(low - stretch.first, high - stretch.first)
    return Part(
        stretch=replace(stretch, first=low, pages=high - low),
        kinds=part.kinds[inside],
        orders=part.orders[inside],
    )


def _checked(stretches: tuple[Stretch, ...]) -> int:
    """How many frames these are. Raises ValueError for what cannot be a machine's."""
    if len(stretches) > MAX_STRETCHES:
        raise ValueError(f"stretches: found {len(stretches)}, no guest has more than {MAX_STRETCHES}")
    if any(each.pages <= 0 or each.first < 0 or each.node < 0 for each in stretches):
        raise ValueError("stretches: found one without frames, or a number below zero")
    if any(after.first < before.end for before, after in pairwise(stretches)):
        raise ValueError("stretches: found two that overlap or do not ascend")
    pages = sum(each.pages for each in stretches)
    if pages > MAX_PAGES:
        raise ValueError(f"stretches: found {pages} frames, at most {MAX_PAGES} are drawn")
    return pages


def _deflated(codes: bytes) -> str:
    return base64.b64encode(zlib.compress(codes, _LEVEL)).decode("ascii")


def _inflated(text: str, most: int) -> bytes:
    """The codes in a text, and one more than `most` where there are more. Raises ValueError."""
    try:
        return zlib.decompressobj().decompress(base64.b64decode(text, validate=True), most + 1)
    except (binascii.Error, zlib.error) as error:
        raise ValueError(f"codes: no deflated text ({error})") from error

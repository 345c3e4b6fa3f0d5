"""Which choice is right for which request, of what labkit's module got when it did as was chosen.

include/linux/slab.h, mm/util.c (kvmalloc_node()), mm/vmalloc.c and include/linux/dma-mapping.h of Linux v6.1
and v6.12.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labkit.grade.drawn import number
from labkit.model.lab import Parameters

PAGE = 4096
KIB = 1 << 10
LARGEST = 4 << 20  # KMALLOC_MAX_SIZE: a block of the largest order
LARGEST_CACHE = 8 << 10  # KMALLOC_MAX_CACHE_SIZE
CACHES = (8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096, 8192)
MEMORY = 192 << 20  # of the guest, as lab.toml has it
DMA_FRAMES = (16 << 20) // PAGE  # 24 address lines reach as far
TWICE = 2  # the next larger cache, or block, is less than twice as large as what was asked for
SLEEPERS = ("kworker",)  # of the module's contexts: it may sleep

NOTHING = "nothing"
KMALLOC = "kmalloc"
ATOMIC = "kmalloc GFP_ATOMIC"
DMA = "kmalloc GFP_DMA"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked, what was chosen (None: no choice), and what the module answered when it did that."""

    id: int
    size: int
    use: str
    context: str
    choice: str | None
    answer: Mapping[str, object]
    line: int

    @property
    def atomic(self) -> bool:
        return self.context == "atomic"

    @property
    def for_device(self) -> bool:
        return self.use != "cpu"

    @property
    def impossible(self) -> bool:
        """One run of frames beyond kmalloc's largest, or more pages than there are."""
        return self.size > (LARGEST if self.atomic or self.for_device else MEMORY)

    @property
    def kind(self) -> str:
        """The check that it belongs to."""
        if self.impossible:
            return "impossible"
        if self.for_device:
            return self.use
        if self.atomic:
            return "atomic"
        return "small" if self.size < PAGE else "big"

    def told(self, key: str) -> int:
        """A number of the module's answer; 0 if it is not in there."""
        value = self.answer.get(key)
        return value if isinstance(value, int) else 0


def what_is_wrong(request: Request) -> str:
    """Empty if the choice is right: it got what was asked for, and took nothing that others need more."""
    if request.choice is None:
        return "no choice"
    if request.impossible:
        return "" if request.choice == NOTHING else "nobody can give that"
    return _not_got(request) or (_not_reached(request) if request.for_device else _wasted(request))


def _not_got(request: Request) -> str:
    """What kept the caller from its memory."""
    if request.choice == NOTHING:
        return "there is an allocator that can"
    if request.answer.get("sleeps"):
        return f"{request.choice} may sleep"
    if request.answer.get("ok") is not True:
        return f"{request.choice} got nothing"
    contexts = request.answer.get("contexts")
    if not isinstance(contexts, list):
        return ""
    without = [it["context"] for it in contexts if not it["ok"] and it["context"] not in SLEEPERS]
    return f"{request.choice} got nothing in {without[0]}" if without else ""


def _not_reached(request: Request) -> str:
    """What keeps the device from the buffer, or the buffer from those who need it."""
    choice = request.choice
    if choice not in (KMALLOC, ATOMIC, DMA):
        runs = request.told("runs")
        return f"{choice} may give an address of vmalloc's ({runs} runs of frames here): DMA refuses it"
    if request.use == "old-device":
        last = request.told("pfn") + request.told("pages")
        return "" if last <= DMA_FRAMES else f"frame {last - 1} is above 16 MiB"
    return _reserved(choice)


def _wasted(request: Request) -> str:
    if request.atomic:
        return ""
    held = request.told("ksize") or request.told("pages") * PAGE
    if held > TWICE * request.size:
        return f"{held} bytes for {request.size}"
    return _reserved(request.choice)


def _reserved(choice: str | None) -> str:
    if choice == ATOMIC:
        return "takes from the reserves of those who may not sleep"
    if choice == DMA:
        return "takes from the 16 MiB that old devices need"
    return ""


def ksize(size: int) -> int:
    """What kmalloc really gives: an object of the next cache, or a block of pages."""
    if size <= LARGEST_CACHE:
        return next(cache for cache in CACHES if cache >= size)
    return PAGE << (-(-size // PAGE) - 1).bit_length()


def key(parameters: Parameters) -> dict[str, object]:
    """What the solution's templates fill in."""
    pages = -(-number(parameters, "odd") // PAGE)
    return {
        "ksizes": {name: ksize(number(parameters, name)) for name in ("small", "middle", "large")},
        "used_kib": pages * PAGE // KIB,
        "area_bytes": (pages + 1) * PAGE,
    }

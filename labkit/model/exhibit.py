"""What a run has to show to people: times, memory, counters, who was killed. No verdict needs it."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.model.page_map import PageMap
from labkit.model.units import Size


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A step on the guest's clock, in seconds after the scene's first one began.

    `once` tells that it was played before the guest was frozen: all clones share it.
    """

    name: str
    start: float
    seconds: float
    ending: str
    good: bool
    once: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What the kernel logged, at a second of the same clock. `kind` is one word, `line` in dmesg.jsonl."""

    at: float
    kind: str
    text: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reclaim:
    """What the kernel did for free memory between two moments; at which second, no evidence tells.

    `wakes` of kswapd (pageoutrun of /proc/vmstat), `stalls` of allocations that reclaimed themselves
    (allocstall_*), `compactions` that allocations waited for (compact_stall); the rest in pages.
    """

    first: str
    last: str
    where: str
    start: float
    seconds: float
    wakes: int
    kswapd_scanned: int
    kswapd_pages: int
    stalls: int
    direct_scanned: int
    direct_pages: int
    compactions: int

    @property
    def any(self) -> bool:
        """Whether there was any of it."""
        return any((self.wakes, self.stalls, self.compactions, self.kswapd_scanned, self.direct_scanned))


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Memory over time: (second, bytes) at each moment at which somebody looked."""

    name: str
    points: tuple[tuple[float, Size], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """One axis for all of it; `seconds` is its end. `reclaims` want two readings of the counters."""

    seconds: float
    spans: tuple[Span, ...]
    events: tuple[Event, ...]
    curves: tuple[Curve, ...]
    reclaims: tuple[Reclaim, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A counter or a size at two moments. `unit` is '' for a plain count."""

    name: str
    before: int
    after: int
    unit: str = ""

    @property
    def delta(self) -> int:
        return self.after - self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedTable:
    """What moved in a file, or in a reading of the host's, between two moments; the largest change first.

    `still` rows were the same at both and are left out.
    """

    title: str
    first: str
    last: str
    where: str
    rows: tuple[Moved, ...]
    still: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeBlocks:
    """Free blocks of a zone by order, from 0 up, at each of some moments."""

    zone: str
    moments: tuple[str, ...]
    blocks: tuple[tuple[int, ...], ...]
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A row of the kernel's table of tasks that it could have killed."""

    pid: int
    name: str
    rss: Size
    swap: Size
    page_tables: Size
    adj: int
    victim: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OomTable:
    """One report of the OOM killer: who asked, under which constraint, who stood to be killed, who was."""

    at: float
    invoker: str
    constraint: str
    memcg: str
    candidates: tuple[Candidate, ...]
    killed: tuple[str, ...]
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Maps:
    """What each page frame was used for, the first and the last time that the host drew it in a scene."""

    first: str
    last: str
    before: PageMap
    after: PageMap
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneExhibit:
    """One guest: `machine` is a line on what it was, `ended` how it went out, `tail` the console's end."""

    name: str
    machine: str
    ended: str
    detail: str
    timeline: Timeline | None
    free_blocks: tuple[FreeBlocks, ...]
    moved: tuple[MovedTable, ...]
    ooms: tuple[OomTable, ...]
    maps: Maps | None = None
    tail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """All of a run that is shown beside its verdict. `parameters` are what the seed drew, as text."""

    submission: str
    started_at: str
    labkit: str
    parameters: tuple[tuple[str, str], ...]
    scenes: tuple[SceneExhibit, ...]

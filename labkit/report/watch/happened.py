"""What a guest's kernel did while it was watched: kswapd, direct reclaim, compaction; who was killed.

The tracepoints of these events stay off: the guest is a person's, its tracefs too, and to write and read a
ring buffer would cost the guest most just when it has no memory. The kernel counts the same events in vmstat
whether anybody traces or not, and the host reads that ten times a second. In mm/vmscan.c, mm/compaction.c and
mm/page_alloc.c of v6.1 and v6.12 PAGEOUTRUN is counted behind mm_vmscan_kswapd_wake, ALLOCSTALL behind
mm_vmscan_direct_reclaim_begin, KCOMPACTD_WAKE behind mm_compaction_kcompactd_wake, COMPACTSTALL when the
compaction of an allocation has ended. What is lost is the order within a tenth of a second, and the process.
What a cgroup's limit has it reclaim is not counted there. OOM kills and refused allocations the kernel logs.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from labkit.model.glance import Glance, Notable
from labkit.report.text import count_of, tame_line

QUIET = 0.5  # seconds without an event after which the next one begins an episode of its own
MOST = 40  # episodes and messages that are remembered
_STALLS = tuple(f"allocstall_{zone}" for zone in ("dma", "dma32", "normal", "movable", "device"))
_TOLD = {
    "killed": "OOM killer: killed",
    "panic": "panic:",
    "oops": "oops:",
    "refused": "allocation refused:",
    "stuck": "stuck:",
}


def _kswapd(moved: Mapping[str, int]) -> str:
    return f"kswapd: woke {_times(moved['pageoutrun'])}, {_got(moved, 'kswapd')}"


def _direct(moved: Mapping[str, int]) -> str:
    stalls = sum(moved[name] for name in _STALLS)
    return f"direct reclaim: {count_of(stalls, 'allocation')}, {_got(moved, 'direct')}"


def _compaction(moved: Mapping[str, int]) -> str:
    words = []
    if stalls := moved["compact_stall"]:
        words.append(f"{count_of(stalls, 'allocation')} waited, {moved['compact_success']} served")
    if wakes := moved["compact_daemon_wake"]:
        words.append(f"kcompactd woke {_times(wakes)}")
    words.append(f"isolated {moved['compact_isolated']:,} pages")
    return f"compaction: {', '.join(words)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Family:
    """Counters that move together, and what their movement says."""

    counters: tuple[str, ...]
    says: Callable[[Mapping[str, int]], str]


_FAMILIES = (
    _Family(counters=("pageoutrun", "pgscan_kswapd", "pgsteal_kswapd"), says=_kswapd),
    _Family(counters=(*_STALLS, "pgscan_direct", "pgsteal_direct"), says=_direct),
    _Family(
        counters=(
            *("compact_stall", "compact_success", "compact_daemon_wake"),
            *("compact_isolated", "compact_migrate_scanned", "compact_free_scanned"),
        ),
        says=_compaction,
    ),
)


@dataclass(slots=True, kw_only=True)
class _Episode:
    """Events of a family one after the other, in seconds since the view began."""

    family: _Family
    began: float
    ended: float
    moved: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """A line of the view: from when to when, in seconds since it began; a message has no length.

    What began with the first frame or before has a `began` of None.
    """

    began: float | None
    ended: float
    text: str

    @property
    def when(self) -> str:
        """'2.1 s', '2.1-3.4 s', 'earlier'."""
        if self.began is None:
            return "earlier"
        begin, end = f"{self.began:.1f}", f"{self.ended:.1f}"
        return f"{end} s" if begin == end else f"{begin}-{end} s"


@dataclass(slots=True, kw_only=True)
class Chronicle:
    """What happened so far, from one frame to the next."""

    _episodes: deque[_Episode] = field(default_factory=lambda: deque(maxlen=MOST))
    _told: deque[Happening] = field(default_factory=lambda: deque(maxlen=MOST))
    _last: Glance | None = None
    _first: float = 0.0

    def take(self, glance: Glance) -> tuple[Happening, ...]:
        """All that is remembered once this frame was seen, what ended last at the end."""
        self._first = self._first or glance.at
        before, self._last = self._last, glance
        known = {each.time_us for each in before.notable} if before else set()
        for message in glance.notable:
            if message.time_us not in known:
                at = glance.at - self._first
                self._told.append(Happening(began=at if before else None, ended=at, text=_message(message)))
        if before is not None:
            for family in _FAMILIES:
                self._count(family, before, glance)
        return tuple(sorted((*self._told, *self._lines()), key=lambda each: each.ended))

    def _count(self, family: _Family, before: Glance, now: Glance) -> None:
        """What moved goes to the episode that lasts, or begins one; what went back tells nothing."""
        moved = {
            name: now.vmstat[name] - before.vmstat[name]
            for name in family.counters
            if now.vmstat.get(name, 0) > before.vmstat.get(name, now.vmstat.get(name, 0))
        }
        if not moved:
            return
        began, at = before.at - self._first, now.at - self._first
        own = next((each for each in reversed(self._episodes) if each.family is family), None)
        if own is None or at - own.ended > max(QUIET, 2 * (at - began)):
            own = _Episode(family=family, began=began, ended=at)
            self._episodes.append(own)
        own.ended = at
        own.moved.update(moved)

    def _lines(self) -> Iterator[Happening]:
        for each in self._episodes:
            yield Happening(began=each.began, ended=each.ended, text=each.family.says(each.moved))


def _message(message: Notable) -> str:
    return tame_line(f"{_TOLD.get(message.kind, message.kind)} {message.text}")


def _got(moved: Mapping[str, int], who: str) -> str:
    scanned, stolen = moved[f"pgscan_{who}"], moved[f"pgsteal_{who}"]
    return f"freed {stolen:,} of {scanned:,} pages" if scanned else "scanned nothing"


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number:,} times")

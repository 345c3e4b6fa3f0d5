"""compaction: what became of this guest's free memory under the student's program, and after compaction."""

from __future__ import annotations

from labkit.grade import relate
from labkit.grade.drawn import number
from labkit.grade.judging import answers, failed, passed, require_completed
from labkit.grade.witnessed import require_reading
from labkit.model.evidence import Evidence, after_step
from labkit.model.verdict import Judgement

from .reading import (
    COMPACT,
    HUGE,
    LOOK,
    anonymous_pages,
    big_zone,
    frames,
    free_pages,
    kept_pages,
    key,
    program,
    shown,
    torn,
    unusable_index,
)

__all__ = ["key"]

TORN = 0.70  # measured: 1.00 with holes; 0.10 of a guest at rest, 0.4 with GIVE in one piece
# A hole of n pages may lose 2^order - 1 at either end: 0.25 where it is eight blocks long, and a few pages
# that were free elsewhere. Holes of single blocks lose 0.5 and more.
USABLE = 0.30
# Measured: 0.20 to 0.28. What is left are blocks in which a page of the kernel's own lies, some 30 of them.
MENDED = 0.40
# Measured: 6 to 12 % above what TAKE and GIVE alone make, since the guest's programs and files move, too. Who
# takes GIVE itself is 45 % too high, who takes all that is kept 130 %.
MOVED_WITHIN = 0.20
# The index of the other guest is 0.99 to 1; who expects it to mend like the first one says 0.3.
HELD_WITHIN = 150
COUNTERS = (
    "compact_stall",
    "compact_success",
    "compact_migrate_scanned",
    "compact_free_scanned",
    "compact_isolated",
    "pgmigrate_success",
)


def holds_data(evidence: Evidence) -> Judgement:
    """Your program has the pages that it is to keep: TAKE - GIVE."""
    seen = torn(evidence, LOOK)
    task = program(seen)
    has, bound = anonymous_pages(task), kept_pages(evidence)
    where = shown(seen, [task], good=has >= bound)
    return relate.at_least("anonymous pages of 'frag'", bound=bound, actual=has, where=where)


def gives_back(evidence: Evidence) -> Judgement:
    """Your program gives GIVE pages back: nearly a third of the guest's memory is free."""
    seen = torn(evidence, LOOK)
    free = sum(map(free_pages, seen.zones))
    # Nothing above GIVE is asked for. Beside it lie the kernel's reserves, which TAKE ran into, less what
    # labkit's own look takes: 480 to 670 pages in runs with the largest TAKE and the smallest GIVE.
    bound = number(evidence, "give")
    return relate.at_least(
        "free pages",
        bound=bound,
        actual=free,
        where=shown(seen, seen.zones, good=free >= bound),
        why="GIVE, 29 to 31 % of what the kernel manages",
    )


def shattered(evidence: Evidence) -> Judgement:
    """Hardly any of the free memory can be had as 2 MiB: the unusable index of order 9 is 0.70 or more."""
    seen = torn(evidence, LOOK)
    zone = big_zone(seen)
    index = unusable_index(zone, HUGE)
    where = shown(seen, [zone], good=index >= TORN)
    return relate.at_least(f"unusable index of order {HUGE}", bound=TORN, actual=index, where=where)


def still_usable(evidence: Evidence) -> Judgement:
    """Smaller requests still find their blocks: the unusable index of your ORDER is 0.30 or less."""
    seen = torn(evidence, LOOK)
    zone, order = big_zone(seen), number(evidence, "order")
    index = unusable_index(zone, order)
    where = shown(seen, [zone], good=index <= USABLE)
    return relate.at_most(f"unusable index of order {order}", bound=USABLE, actual=index, where=where)


def mended(evidence: Evidence) -> Judgement:
    """Five passes of compaction make the free memory whole again, and your program has all of its pages."""
    seen = torn(evidence, COMPACT)
    task, zone = program(seen), big_zone(seen)
    had, has = kept_pages(evidence), anonymous_pages(task)
    if has < had:
        # Who lets go of its memory mends it, too, and without compaction.
        return failed(f"'frag' still has its {had:,} pages", f"{has:,}", seen.show(bad=[task]))
    before = unusable_index(big_zone(torn(evidence, LOOK)), HUGE)
    index = unusable_index(zone, HUGE)
    where = shown(seen, [zone], good=index <= MENDED)
    why = f"it was {before:.2f}"
    return relate.at_most(f"unusable index of order {HUGE}", bound=MENDED, actual=index, where=where, why=why)


def moved(evidence: Evidence) -> Judgement:
    """You said how many pages the passes migrate."""
    said = answers(evidence, "predictions.toml")
    guess = said.integer("moved")
    real = relate.delta(torn(evidence, LOOK).vmstat, torn(evidence, COMPACT).vmstat, "pgmigrate_success")
    right = abs(guess - real) <= MOVED_WITHIN * real
    return relate.near(
        "moved", expected=real, actual=guess, share=MOVED_WITHIN, where=said.show("moved", right=right)
    )


def counters(evidence: Evidence) -> Judgement:
    """You said which counters of /proc/vmstat grow while the passes run."""
    said = answers(evidence, "predictions.toml")
    guess = said.words("counters")
    before, after = torn(evidence, LOOK).vmstat, torn(evidence, COMPACT).vmstat
    grown = [name for name in COUNTERS if relate.delta(before, after, name) > 0]
    right = {*guess} == {*grown}
    return relate.same_set("counters that grow", grown, guess, where=said.show("counters", right=right))


def held_after(evidence: Evidence) -> Judgement:
    """You said how torn memory still is after the passes where the kernel itself has the pages."""
    scene = require_completed(evidence, "held")
    said = answers(evidence, "predictions.toml")
    guess = said.integer("held_after")
    zones = [big_zone(require_reading(scene, moment)) for moment in (after_step("held"), COMPACT)]
    before, after = (round(1000 * unusable_index(zone, HUGE)) for zone in zones)
    return relate.equal(
        "held_after",
        expected=after,
        actual=guess,
        within=HELD_WITHIN,
        where=said.show("held_after", right=abs(guess - after) <= HELD_WITHIN),
        why=f"before the passes it was {before}",
    )


def same_addresses(evidence: Evidence) -> Judgement:
    """Pages got other frames, and your program did not notice: same addresses, same data."""
    source, said = frames(evidence, "frag")
    expected = "pages at another frame, and none changed, gone or new"
    actual = ", ".join(f"{said[name]:,} {name}" for name in ("moved", "changed", "gone", "new"))
    where = source.show(good=[source.line_of("process frag")])
    unchanged = said["changed"] == said["gone"] == said["new"] == 0
    return (passed if said["moved"] and unchanged else failed)(expected, actual, where)


def anybody_moves(evidence: Evidence) -> Judgement:
    """Compaction knows zones, not cgroups: pages of a process in another cgroup moved as well."""
    source, said = frames(evidence, "hold")
    where = source.show(good=[source.line_of("process hold")])
    return relate.at_least("moved pages of 'hold', in /other", bound=1, actual=said["moved"], where=where)


def scarce_not_torn(evidence: Evidence) -> Judgement:
    """Few blocks of high orders need not be fragmentation: here memory is scarce, and most of it is whole."""
    seen = require_reading(require_completed(evidence, "held"), after_step("scarce"))
    zone = big_zone(seen)
    free, blocks = free_pages(zone), sum(zone.nr_free[HUGE:])
    expected = f"at most 20 blocks of 2 MiB and more, and an unusable index of order {HUGE} of 0.50 or less"
    index = unusable_index(zone, HUGE)
    actual = f"{blocks} such blocks, {free:,} of {zone.managed_pages:,} pages free, index {index:.2f}"
    return (passed if blocks <= 20 and index <= 0.5 else failed)(expected, actual, seen.show(good=[zone]))

"""Scene sequence: what each allocation and each free did to the free lists of its zone.

The counts are the kernel module's, read while all CPUs but one stood still, and the module is driven by
labkit's own process: no code of a student's runs in this guest.
"""

from __future__ import annotations

from labkit.grade.conservation import violations
from labkit.grade.drawn import number
from labkit.grade.judging import Decided, broken, failed, passed, require_completed
from labkit.grade.witnessed import require_reading
from labkit.model.evidence import Evidence, after_step
from labkit.model.verdict import Judgement

from .reading import Deed, Played, at, free_pages, played, zones

REST, REST_AGAIN = after_step("rest"), after_step("rest-again")
LEVELS = 3  # one halving happens by itself; three need three empty lists
# What the guest keeps of its own doing in between: slabs, the ssh server. 64 blocks, which a sequence may
# hold, are 1,024 pages at least; that none is held is the module's word in any case.
NOISE_PAGES = 900


def chain(evidence: Evidence) -> Judgement:
    """One allocation of your order makes the kernel halve a larger block three times or more."""
    return _levels(evidence, "alloc", "halved")


def merged_back(evidence: Evidence) -> Judgement:
    """One free of your order has three pairs of halves or more become one block again."""
    return _levels(evidence, "free", "merged")


def _levels(evidence: Evidence, did: str, word: str) -> Judgement:
    order = _order(evidence)
    play = _whole(evidence)
    deeds = [deed for deed in play.of(did) if deed.order == order]
    size = f"order {order}"
    expected = (
        f"one {did} of {size}: lists {order} to {order + LEVELS - 1} {_sign(did)}, one above {_anti(did)}"
    )
    if not deeds:
        return failed(expected, f"no {did} of {size}", play.source.show())
    best = max(deeds, key=lambda deed: deed.levels)
    actual = f"'{best.name}' was {word} {best.levels} times: the lists changed by {list(best.deltas)}"
    if best.levels >= LEVELS:
        return passed(expected, actual, play.source.show(good=[best.line]))
    return failed(expected, actual, play.source.show(bad=[best.line]))


def neighbours(evidence: Evidence) -> Judgement:
    """Two of your blocks, free and side by side, do not merge: you hold the buddy of each."""
    order = _order(evidence)
    play = _whole(evidence)
    expected = f"two free blocks of order {order}, adjacent, each +1 in list {order}, their buddies held"
    held: dict[int, Deed] = {}
    alone: dict[int, Deed] = {}
    for deed in play.deeds:
        if deed.order != order:
            continue
        if deed.did == "alloc":
            held[deed.pfn] = deed
            alone.pop(deed.pfn, None)
            continue
        held.pop(deed.pfn, None)
        if deed.levels or deed.top is None:
            alone.pop(deed.pfn ^ (1 << order), None)
            continue
        alone[deed.pfn] = deed
        # Where somebody else has the buddy, two may be left side by side by chance: freeing all, one by one.
        for other in (deed.pfn - (1 << order), deed.pfn + (1 << order)):
            if other in alone and {deed.pfn ^ (1 << order), other ^ (1 << order)} <= held.keys():
                first = alone[other]
                where = play.source.show(good=[first.line, deed.line])
                return passed(
                    expected, f"'{first.name}' at {first.pfn} and '{deed.name}' at {deed.pfn}", where
                )
    return failed(
        expected, "no two of your blocks were free side by side without merging", play.source.show()
    )


def given_back(evidence: Evidence) -> Judgement:
    """In the end no block of your sequence is held, and the kernel has every page back."""
    play = _whole(evidence)
    scene = require_completed(evidence, "sequence")
    before, _ = zones(scene, REST)
    after, where = zones(scene, REST_AGAIN)
    taken = sum(1 << deed.order for deed in play.of("alloc"))
    expected = f"no block is held, and as many pages are free as before (± {NOISE_PAGES}: the guest's own)"
    lost = free_pages(before) - free_pages(after)
    actual = f"{play.held} blocks are held; {taken:,} pages were taken, {lost:,} fewer are free than before"
    shown = at(where, f"free before: {free_pages(before):,} pages, after: {free_pages(after):,}")
    if play.held or lost > NOISE_PAGES:
        return failed(expected, actual, shown)
    return passed(expected, actual, shown)


def law_of_splitting(evidence: Evidence) -> Judgement:
    """Every single step of yours obeys the rule: -1 where a block was found, +1 in each list below it.

    A free is the exact inverse, and both move 2^order pages. Orders 0 to 3 and 9 pass by the lists.
    """
    play = played(evidence)
    bound = [deed for deed in play.deeds if deed.order in (4, 5, 6, 7, 8, 10)]
    off = [deed for deed in bound if deed.top is None]
    expected = f"all {len(bound)} steps of the orders 4 to 8 and 10"
    if off:
        return failed(expected, f"{off[0].name}: {list(off[0].deltas)}", play.source.show(bad=[off[0].line]))
    return passed(expected, f"{len(bound)} of {len(bound)}", play.source.show())


def no_pair_is_left(evidence: Evidence) -> Judgement:
    """Nowhere in memory are two buddies of one order both free: they would have been merged."""
    rows, where = zones(require_completed(evidence, "sequence"), REST_AGAIN)
    blocks = sum(sum(zone.nr_free) for zone in rows)
    left = sum(zone.unmerged_blocks for zone in rows)
    judge = failed if left else passed
    return judge("no free block with a free buddy", f"{left} of {blocks} free blocks", at(where))


def books_agree(evidence: Evidence) -> Judgement:
    """The lists hold as many blocks as the counters of buddyinfo say, walked link by link from the host."""
    seen = require_reading(require_completed(evidence, "sequence"), REST_AGAIN)
    laws = violations(seen.reading)
    expected = "each list walked = nr_free = what the pages say of themselves"
    return (failed if laws else passed)(expected, laws[0] if laws else "they agree", at(seen.witnessed.where))


def _whole(evidence: Evidence) -> Played:
    play = played(evidence)
    if play.wrong:
        raise Decided(failed("a sequence that can be played", play.wrong, play.source.show()))
    astray = [deed for deed in play.deeds if deed.order > 3 and deed.order != 9 and deed.top is None]
    if astray:
        raise Decided(broken("steps with nothing between them", f"{astray[0].name}: {astray[0].deltas}"))
    return play


def _order(evidence: Evidence) -> int:
    return number(evidence, "order")


def _sign(did: str) -> str:
    return "+1" if did == "alloc" else "-1"


def _anti(did: str) -> str:
    return "-1" if did == "alloc" else "+1"

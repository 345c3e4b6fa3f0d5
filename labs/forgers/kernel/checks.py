"""What a module and a program hold, read by the host, when the books of the kernel agree on all of it."""

from __future__ import annotations

from labkit.grade.drawn import number
from labkit.grade.judging import broken, failed, passed, require_completed
from labkit.grade.witnessed import Seen, require_reading, require_sealed
from labkit.model.evidence import BEFORE, Evidence
from labkit.model.units import Size
from labkit.model.verdict import Judgement

PAGES_A_BLOCK = 16
# What else comes and goes between the two looks: the programs of a step and the module's own text take some
# 200 pages, and what the keeper takes counts, too, so that only a loss of all of it together is asked for.
# What lay on the CPUs' own lists at the first look may be back at the second: 404 pages once, on a busy host.
NOISE_PAGES = 600
PAGE = 4096


def free_pages(seen: Seen) -> int:
    return sum(zone.listed_pages for zone in seen.reading.zones or ())


def taken(evidence: Evidence) -> Judgement:
    """The module's blocks and the keeper's pages are gone from the free lists."""
    scene = require_completed(evidence, "only")
    before, after = require_reading(scene, BEFORE), require_sealed(scene)
    grown = sum(each.mapped for each in after.contents) // PAGE
    wanted = number(evidence, "blocks") * PAGES_A_BLOCK
    gone = free_pages(before) - free_pages(after) - grown
    expected = f"at least {wanted - NOISE_PAGES:,} pages fewer on the free lists, besides the keeper's"
    outcome = passed if gone >= wanted - NOISE_PAGES else failed
    return outcome(expected, f"{gone:,} pages fewer")


def grown(evidence: Evidence) -> Judgement:
    """The keeper has its memory: its count, its page tables and the pages themselves say so."""
    after = require_sealed(require_completed(evidence, "only"))
    wanted = Size.mib(number(evidence, "mib"))
    expected = f"'keeper' with {wanted >> 10:,} KiB, all of it with data"
    living = after.named("keeper")
    if not living:
        return failed(expected, "no process 'keeper' is there")
    walked = {each.pid for each in after.reading.page_tables}
    filled = {each.pid: each.filled for each in after.contents}
    if not walked.issuperset(task.pid for task in living):
        return broken("the page tables of every 'keeper'", "not all of them were walked")
    best = max(living, key=lambda task: min(task.rss_anon, filled.get(task.pid, 0)))
    actual = f"rss_anon {best.rss_anon >> 10:,} KiB, {filled.get(best.pid, 0) >> 10:,} KiB with data"
    if min(best.rss_anon, filled.get(best.pid, 0)) >= wanted:
        return passed(expected, actual, after.show(good=[best]))
    return failed(expected, actual, after.show(bad=[best]))

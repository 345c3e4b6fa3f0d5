"""What the checks of this lab read in the evidence: free blocks by order, and the program that tore them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from labkit.grade.drawn import number
from labkit.grade.judging import Decided, broken, failed, require_completed, require_step, stdout
from labkit.grade.source import Source
from labkit.grade.witnessed import Row, Seen, require_reading
from labkit.model.evidence import Evidence, after_step
from labkit.model.lab import Parameters
from labkit.model.verdict import Where
from labkit.model.witness import PAGE, TaskView, ZoneView

HUGE = 9  # the order of a 2 MiB page
LOOK, COMPACT = after_step("look"), after_step("compact")


def key(parameters: Parameters) -> dict[str, object]:
    """What the solution's template fills in: where the two scanners meet, if the holes lie evenly."""
    take, give = parameters["take"], parameters["give"]
    assert isinstance(take, int)
    assert isinstance(give, int)
    return {"moved": (take - give) * give // take}


def torn(evidence: Evidence, moment: str) -> Seen:
    """A reading of the first guest. Failed where the student's program had not come to sleep before."""
    scene = require_completed(evidence, "torn")
    step = require_step(scene, "frag")
    if step.status != 0:
        told = step.stderr.strip().splitlines()
        why = told[-1].lstrip("# ") if told else f"status {step.status}"
        raise Decided(failed("frag sleeps on what it keeps", "it is still busy" if step.timed_out else why))
    return require_reading(scene, moment)


def shown(seen: Seen, rows: Iterable[Row], *, good: bool) -> Where:
    """Point at rows of a reading, as right or as wrong."""
    return seen.show(good=rows) if good else seen.show(bad=rows)


def program(seen: Seen) -> TaskView:
    """The student's program: of several processes of the name the one that holds most."""
    found = seen.named("frag")
    if not found:
        raise Decided(failed("a process 'frag' that sleeps on what it keeps", "there is none"))
    return max(found, key=lambda task: task.rss_anon)


def big_zone(seen: Seen) -> ZoneView:
    """The one that nearly all memory of this guest is in."""
    return max(seen.zones, key=lambda zone: zone.managed_pages)


def free_pages(zone: ZoneView) -> int:
    return sum(blocks << order for order, blocks in enumerate(zone.nr_free))


def unusable_index(zone: ZoneView, order: int) -> float:
    """The share of a zone's free memory that no block of an order can be had from.

    Linux v6.1 and v6.12, mm/vmstat.c, unusable_free_index(): nothing free is all unusable.
    """
    free = free_pages(zone)
    usable = sum(blocks << at for at, blocks in enumerate(zone.nr_free) if at >= order)
    return (free - usable) / free if free else 1.0


def kept_pages(evidence: Evidence) -> int:
    """How many pages the student's program has at the end."""
    return number(evidence, "take") - number(evidence, "give")


def anonymous_pages(task: TaskView) -> int:
    return task.rss_anon // PAGE


def frames(evidence: Evidence, process: str) -> tuple[Source, dict[str, int]]:
    """What labkit's program `frames` said of a process after the passes: moved, changed, gone, new, pages."""
    step = require_step(require_completed(evidence, "torn"), "again")
    source = stdout(step)
    told = re.search(rf"^process {process}\n((?:[a-z]+ \d+\n?)+)", source.text, re.MULTILINE)
    if step.status != 0 or told is None:
        raise Decided(broken(f"the frames of '{process}'", step.stderr.strip() or "not looked at"))
    return source, {
        name: int(count) for name, count in (line.split() for line in told[1].strip().split("\n"))
    }

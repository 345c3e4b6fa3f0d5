"""Scenes book and chunks: what the student's programs have of the pool, and what they leave to others."""

from __future__ import annotations

from labkit.grade.drawn import number
from labkit.grade.judging import Decided, broken, ending, failed, passed, require_completed, require_step
from labkit.grade.witnessed import Seen, require_reading
from labkit.model.evidence import BEFORE, Evidence, after_step
from labkit.model.machine import MIB2
from labkit.model.verdict import Judgement

from .pool import NODE_PAGES, POOL, left
from .reading import TAGS, blocks, book, book_after, found, point, pools

# First indices, as the handout and the starter have them.
NODE_FIRST = (0, 100_000)


def on_nodes(evidence: Evidence) -> Judgement:
    """`book` has huge pages of each node, as many as it should, and all of them are tagged."""
    seen = _booked(evidence)
    wanted = [number(evidence.request.parameters, f"node{node}_pages") for node in range(len(NODE_PAGES))]
    taken = [each.total - each.free for each in pools(seen)]
    tagged = [blocks(seen, NODE_FIRST[node], pages, node) for node, pages in enumerate(wanted)]
    expected = " and ".join(f"{pages} of node {node}'s huge pages" for node, pages in enumerate(wanted))
    actual = "; ".join(
        f"node {node}: {taken[node]} taken, {tagged[node]} with tags" for node in range(len(wanted))
    )
    where = point(seen, hugepages=actual, tags=f"{seen.tags.pages():,} pages of 4 KiB")
    # A page that was given back keeps its tags: as many must be taken as are asked for, not only tagged.
    full = all(mine >= asked for mine, asked in zip(tagged, wanted, strict=True))
    judge = passed if taken == wanted and full else failed
    return judge(f"{expected} taken and tagged", actual + _complaint(evidence, "book"), where)


def promised(evidence: Evidence) -> Judgement:
    """`book` is promised so many pages more, which it does not touch."""
    seen = _booked(evidence)
    _, free, reserved, extra = book(seen)
    wanted = number(evidence.request.parameters, "promised")
    expected = f"HugePages_Rsvd {wanted}, HugePages_Surp 0"
    actual = f"HugePages_Rsvd {reserved}, HugePages_Surp {extra}, of {free} that are free"
    judge = passed if (reserved, extra) == (wanted, 0) else failed
    return judge(expected, actual + _complaint(evidence, "book"), point(seen, hugepages=actual))


def all_there(evidence: Evidence) -> Judgement:
    """`chunks` has all of its memory, huge or small, and every 4 KiB of it is tagged."""
    seen, before = _chunked(evidence)
    parameters = evidence.request.parameters
    chunks = left(parameters, "others_mapped") + number(parameters, "too_many")
    pages = found(seen, 0, chunks)
    # A page that was given back keeps its tag until it is used again: the process must have them, too.
    huge = before[1] - book(seen)[1]
    small = sum(task.rss_anon for task in seen.named("chunks"))
    expected = f"{chunks * TAGS:,} tagged pages of 4 KiB, and a process 'chunks' that has {chunks} × 2 MiB"
    actual = f"{pages:,} tagged; it has {huge} huge pages and {small >> 10:,} KiB in small ones"
    judge = passed if pages == chunks * TAGS and huge + small // MIB2 >= chunks else failed
    where = point(seen, hugepages=f"{huge} taken", tags=f"{pages:,} of its pages")
    return judge(expected, actual + _complaint(evidence, "chunks"), where)


def huge_first(evidence: Evidence) -> Judgement:
    """`chunks` has every huge page that was not promised to another, and tags in all of them."""
    seen, before = _chunked(evidence)
    parameters = evidence.request.parameters
    most = left(parameters, "others_mapped")
    chunks = most + number(parameters, "too_many")
    total, free, reserved, extra = book(seen)
    taken = before[1] - free
    # A chunk of small pages may by chance lie in one aligned piece: at least as many as are taken.
    tagged = blocks(seen, 0, chunks)
    expected = f"{most} huge pages taken and tagged, {before[2]} still promised to another"
    actual = f"{taken} taken, {tagged} aligned pieces of 2 MiB tagged, {reserved} promised"
    right = taken == most <= tagged and (total, reserved, extra) == (before[0], before[2], before[3])
    where = point(seen, hugepages=f"{free} free, {reserved} promised", tags=f"{tagged} pieces of 2 MiB")
    return (passed if right else failed)(expected, actual + _complaint(evidence, "chunks"), where)


def _booked(evidence: Evidence) -> Seen:
    scene = require_completed(evidence, "book")
    before = book(require_reading(scene, BEFORE))
    if before != (POOL, POOL, 0, 0):
        raise Decided(broken(f"a pool of {POOL} free pages before `book` runs", str(list(before))))
    return require_reading(scene, after_step("book"))


def _chunked(evidence: Evidence) -> tuple[Seen, tuple[int, int, int, int]]:
    """The reading while the student's program sleeps, and the pool as labkit's own process had left it."""
    scene = require_completed(evidence, "chunks")
    parameters = evidence.request.parameters
    mapped, touched = number(parameters, "others_mapped"), number(parameters, "others_touched")
    _, before = book_after(scene, "others")
    if before != (POOL, POOL - touched, mapped - touched, 0):
        raise Decided(broken("labkit's own process has its part of the pool", str(list(before))))
    return require_reading(scene, after_step("chunks")), before


def _complaint(evidence: Evidence, scene: str) -> str:
    """What hold said where the program did not come to rest."""
    step = require_step(require_completed(evidence, scene), scene)
    return "" if step.status == 0 else f"; {ending(step)}"

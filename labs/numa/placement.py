"""Scene place: the three regions of the student's program, looked for in the memory of every node."""

from __future__ import annotations

from labkit.grade.drawn import number
from labkit.grade.judging import Decided, ending, failed, passed, require_completed, require_step
from labkit.grade.witnessed import require_reading
from labkit.model.evidence import Evidence, after_step
from labkit.model.verdict import Judgement

from .cases import Region, numbers
from .reading import Lie, lie_of

STEP = "place"
# First indices, as the handout and the starter have them.
BOUND_FIRST, WEIGHTED_FIRST, SPREAD_FIRST = 0, 10_000, 20_000
# Under a policy of the process its page tables take their turns too, one for each 512 pages and what is above
# them, and where the turns begin is open. (mbind() gives a region turns of its own.)
TURNS = 8
# Where a page table took a turn the next page is a node further on, which still is another node. One page in
# fifty leaves room for what else the process touches in between.
ALIKE = 0.02


def bound(evidence: Evidence) -> Judgement:
    """The first region lies on the bound node, every page of it."""
    home, *_ = numbers(evidence.request.parameters, "nodes")
    lie = _lie(evidence, Region(BOUND_FIRST, number(evidence.request.parameters, "bound_pages")))
    expected = f"{lie.region.pages:,} pages on node {home}"
    right = lie.whole and lie.split[home] == lie.region.pages
    return (passed if right else failed)(expected, lie.told(), lie.where)


def weighted(evidence: Evidence) -> Judgement:
    """The second region goes round: so many pages on the heavy node, then so many on the light one."""
    parameters = evidence.request.parameters
    _, heavy, light, _ = numbers(parameters, "nodes")
    most, least = numbers(parameters, "weights")
    size = most + least
    lie = _lie(evidence, Region(WEIGHTED_FIRST, number(parameters, "rounds") * size))
    expected = f"of every {size} pages the first {most} on node {heavy}, the last {least} on node {light}"
    for index in range(lie.region.first, lie.region.first + lie.region.pages):
        wanted = heavy if (index - WEIGHTED_FIRST) % size < most else light
        if lie.node_of(index) != wanted:
            return failed(expected, f"{lie.told()}; {_stray(lie, index)}", lie.where)
    return passed(expected, lie.told(), lie.where)


def spread(evidence: Evidence) -> Judgement:
    """The third region takes turns over three nodes, page by page."""
    parameters = evidence.request.parameters
    nodes = sorted(numbers(parameters, "nodes")[1:])
    lie = _lie(evidence, Region(SPREAD_FIRST, number(parameters, "spread_pages")))
    share = lie.region.pages // len(nodes)
    expected = f"{share:,} ± {TURNS} pages on each of the nodes {', '.join(map(str, nodes))}, in turns"
    even = all(abs(lie.split[node] - share) <= TURNS for node in nodes)
    if not (lie.whole and even and sum(lie.split[node] for node in nodes) == lie.region.pages):
        return failed(expected, lie.told(), lie.where)
    pairs = range(lie.region.first + 1, lie.region.first + lie.region.pages)
    alike = sum(lie.node_of(index) == lie.node_of(index - 1) for index in pairs)
    if alike > ALIKE * lie.region.pages:
        told = f"{lie.told()}; {alike:,} pages lie on the same node as the page before them"
        return failed(expected, told, lie.where)
    return passed(expected, lie.told(), lie.where)


def _lie(evidence: Evidence, region: Region) -> Lie:
    """The region as it was found, if the program was there to be looked at."""
    scene = require_completed(evidence, "place")
    step = require_step(scene, STEP)
    lie = lie_of(require_reading(scene, after_step(STEP)), region)
    if step.status != 0 and not lie.found:
        raise Decided(failed("place sleeps on its pages", ending(step)))
    return lie


def _stray(lie: Lie, index: int) -> str:
    """The first page that is not where it should be."""
    nodes = lie.found.get(index, ())
    if not nodes:
        return f"page {index} was not found"
    return f"page {index} lies on node " + " and ".join(map(str, nodes))

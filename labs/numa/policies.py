"""Scene policies: where the pages of labkit's processes lay, against what was predicted."""

from __future__ import annotations

from labkit.grade.drawn import number
from labkit.grade.judging import broken, ending, failed, passed, require_completed, require_step
from labkit.grade.witnessed import require_reading
from labkit.model.evidence import Evidence, SceneEvidence, after_step
from labkit.model.verdict import Judgement

from .cases import Region, numbers
from .reading import Lie, judge_said, judge_split, predictions, tenants_lie, zones

SPILL = "spill"  # all of labkit's processes live until this step has ended
# First indices, as lab.toml's steps have them.
LOCAL_FIRST, BIND_FIRST, INTERLEAVE_FIRST, REGION_FIRST, WEIGHTS_FIRST, SPILL_FIRST = range(0, 60_000, 10_000)
STRICT_FIRST = 90_000
WEIGHTS_PAGES, WEIGHT = 800, 3
# numactl's policy is the process': its page tables take their turns too, one for each 512 pages and what is
# above them, and where the turns begin is open.
TURNS = 8
KERNEL_KNOWS_NOT = "Invalid argument"
NO_SUCH_FILE = "cannot create"


def local(evidence: Evidence) -> Judgement:
    """You said where pages come from when nobody has said anything."""
    lie = _lie(evidence, Region(LOCAL_FIRST, number(evidence.request.parameters, "local_pages")))
    return judge_split(predictions(evidence), "local", lie.split)


def nearest(evidence: Evidence) -> Judgement:
    """You said how the pages of a process that is bound to two nodes come to lie on these."""
    lie = _lie(evidence, Region(BIND_FIRST, number(evidence.request.parameters, "bind_pages")))
    return judge_split(predictions(evidence), "bind", lie.split)


def interleaved(evidence: Evidence) -> Judgement:
    """You said how pages are shared out among three nodes that take turns."""
    lie = _lie(evidence, Region(INTERLEAVE_FIRST, number(evidence.request.parameters, "interleave_pages")))
    why = "page tables take turns too"
    return judge_split(predictions(evidence), "interleave", lie.split, within=TURNS, why=why)


def region_wins(evidence: Evidence) -> Judgement:
    """You said whose word counts where a process and a region of its memory have a policy each."""
    lie = _lie(evidence, Region(REGION_FIRST, number(evidence.request.parameters, "region_pages")))
    return judge_split(predictions(evidence), "region", lie.split)


def spill_node(evidence: Evidence) -> Judgement:
    """You said which node takes what the preferred one has no room for."""
    scene = require_completed(evidence, "policies")
    _, preferred = numbers(evidence.request.parameters, "spill")
    lie = _spill(scene, evidence)
    rest = {node: pages for node, pages in enumerate(lie.split) if node != preferred and pages}
    if not rest or not lie.split[preferred]:
        return broken(f"more pages than node {preferred} has room for", lie.told(), lie.where)
    taker = max(rest, key=rest.__getitem__)
    said = predictions(evidence)
    guess = said.integer("spill_to")
    return judge_said(said, "spill_to", right=guess == taker, expected=f"spill_to = {taker}: {lie.told()}")


def kernel_weights(evidence: Evidence) -> Judgement:
    """Linux 6.9 and later count by weights themselves (MPOL_WEIGHTED_INTERLEAVE); older ones refuse."""
    scene = require_completed(evidence, "policies")
    step = require_step(scene, "weights")
    if step.status != 0:
        refused = NO_SUCH_FILE in step.stderr or KERNEL_KNOWS_NOT in step.stderr
        expected = f"Linux {scene.release} has no weights, or follows them"
        return passed(expected, "it has none") if refused else broken(expected, ending(step))
    lie = _lie(evidence, Region(WEIGHTS_FIRST, WEIGHTS_PAGES))
    share = WEIGHTS_PAGES // (WEIGHT + 1)
    wanted = (WEIGHT * share, 0, 0, share)
    expected = f"node0 = {WEIGHT} and node3 = 1: {list(wanted)}"
    return (passed if lie.split == wanted else failed)(expected, str(list(lie.split)), lie.where)


def _lie(evidence: Evidence, region: Region) -> Lie:
    return tenants_lie(require_completed(evidence, "policies"), SPILL, region)


def _spill(scene: SceneEvidence, evidence: Evidence) -> Lie:
    """The process of the step `spill`: it took as many pages as all of its node has, and some more."""
    _, preferred = numbers(evidence.request.parameters, "spill")
    seen = require_reading(scene, after_step(SPILL))
    managed = sum(zone.managed_pages for zone in zones(seen) if zone.node == preferred)
    pages = managed + number(evidence.request.parameters, "spill_pages")
    return tenants_lie(scene, SPILL, Region(SPILL_FIRST, pages))

"""Scene policies: what the kernel counted and logged, against what was predicted and what the course says."""

from __future__ import annotations

import re

from labkit.grade.drawn import number
from labkit.grade.judging import Decided, broken, failed, partial, passed, require_completed, require_file
from labkit.grade.parse.numa import parse_distances
from labkit.grade.parse.oom import OomReport, OomVictim
from labkit.grade.witnessed import Seen, require_reading
from labkit.model.evidence import Evidence, SceneEvidence, after_step
from labkit.model.verdict import Judgement, Outcome

from .cases import NODES, Region, nearest, numbers
from .policies import STRICT_FIRST
from .reading import BOOKS, Lie, books, judge_said, lie_of, numbers_said, point, predictions, zones

TENANT = "tenant"
# A counter that the pages of `bind` (2,000 or more) go to grows by all of them. Another grows by what else
# the guest does on that node in the half second between the two looks: 500 pages where a shell and numactl
# start on its CPU, hardly one on the node without.
GROWN = 0.5
_FALLBACK = re.compile(r"Fallback order for Node (\d+): ([\d ]+)")


def remote_hit(evidence: Evidence) -> Judgement:
    """You said which counters of numastat grow for pages that are wanted on another node, and lie there."""
    parameters = evidence.request.parameters
    cpu_node, *allowed = numbers(parameters, "bind")
    node, pages = nearest(cpu_node, allowed), number(parameters, "bind_pages")
    moved = {name: by[node] for name, by in books(_scene(evidence), "calm", "bind").items()}
    told = ", ".join(f"{name} +{by:,}" for name, by in moved.items())
    grown = [name for name in BOOKS if moved[name] > GROWN * pages]
    said = predictions(evidence)
    right = set(said.words("grown")) == set(grown)
    return judge_said(said, "grown", right=right, expected=f"grown = {grown}: on node {node} {told}")


def spill_books(evidence: Evidence) -> Judgement:
    """You said on which nodes numa_foreign and numa_miss grow for pages that found no room."""
    moved = books(_scene(evidence), "bind", "spill")
    said = predictions(evidence)
    wrong = []
    expected = []
    for answer, name in (("foreign_at", "numa_foreign"), ("miss_at", "numa_miss")):
        node = max(NODES, key=moved[name].__getitem__)
        if not moved[name][node]:
            return broken(f"{name} grows on some node", f"{name} +0 on every node")
        expected.append(f"{answer} = {node} ({name} +{moved[name][node]:,})")
        if said.integer(answer) != node:
            wrong.append(answer)
    lines = [said.line_of(answer) for answer in wrong or ("foreign_at", "miss_at")]
    where = said.source.show(bad=lines) if wrong else said.source.show(good=lines)
    actual = f"foreign_at = {said.integer('foreign_at')}, miss_at = {said.integer('miss_at')}"
    return partial(1 - len(wrong) / 2, ", ".join(expected), actual, where)


def strict_end(evidence: Evidence) -> Judgement:
    """You said how a process ends that is bound to a node, and only to that, when it is full."""
    seen, victims, lie = _strict(evidence)
    said = predictions(evidence)
    guess = said.word("strict"), said.word("constraint")
    if not victims:
        end = "spilled" if lie.found else "refused"
        told = f"strict = '{end}': nobody was killed; {lie.told()}"
        return judge_said(said, "strict", right=guess[0] == end, expected=told)
    victim, report = victims[-1]
    expected = f"strict = 'killed', constraint = '{victim.constraint}'"
    actual = f"strict = {guess[0]!r}, constraint = {guess[1]!r}"
    if guess == ("killed", victim.constraint):
        return passed(expected, actual, seen.log_source().show(good=[victim.line, report.kills[0].line]))
    wrong = "constraint" if guess[0] == "killed" else "strict"
    return failed(expected, actual, said.show(wrong, right=False))


def fallback(evidence: Evidence) -> Judgement:
    """You said in which order each node's list goes through the nodes."""
    seen = require_reading(_scene(evidence), after_step("calm"))
    log = seen.log_source()
    orders = {
        int(match[1]): [int(word) for word in match[2].split()]
        for _, line in log.lines
        if (match := _FALLBACK.fullmatch(line.strip())) is not None
    }
    if set(orders) != set(NODES):
        return broken(
            "the kernel's own word on the fallback order of every node", f"it told of {sorted(orders)}"
        )
    said = predictions(evidence)
    table = said.values.get("fallback")
    if not isinstance(table, dict):
        return failed("a table [fallback]", "there is none", said.source.show(missing=["[fallback]"]))
    names = [f"node{node}" for node in NODES]
    right = [
        name
        for node, name in enumerate(names)
        if [*numbers_said(said, name, table.get(name))] == orders[node]
    ]
    off = [name for name in names if name not in right]
    where = said.source.show(good=map(said.line_of, right), bad=map(said.line_of, off))
    expected = ", ".join(f"node{node} = {orders[node]}" for node in NODES)
    actual = f"{len(right)} of {len(NODES)} right" + (f"; off: {', '.join(off)}" if off else "")
    return partial(len(right) / len(NODES), expected, actual, where)


def slit(evidence: Evidence) -> Judgement:
    """The guest's kernel believes the distances that its firmware told: those the handout shows."""
    scene = _scene(evidence)
    declared = [list(row) for row in scene.machine.distances]
    files = [
        require_file(scene, f"/sys/devices/system/node/node{node}/distance", absent=Outcome.BROKEN)
        for node in NODES
    ]
    found = [list(parse_distances(file.text)) for file in files]
    judge = passed if found == declared else failed
    return judge(f"distances {declared}", str(found), files[0].show(good=[1]))


def elsewhere_free(evidence: Evidence) -> Judgement:
    """The bound process is killed while the other nodes have memory for it, several times over."""
    seen, victims, _ = _strict(evidence)
    _, node = numbers(evidence.request.parameters, "spill")
    if not victims:
        return failed("a kill", "nobody was killed", point(seen, dmesg="no report"))
    asked = number(evidence.request.parameters, "spill_pages") + _managed(seen, node)
    free = sum(zone.counter_pages for zone in zones(seen) if zone.node != node)
    expected = f"more than {asked >> 8:,} MiB free on the nodes that it was not allowed to use"
    judge = passed if free > asked else failed
    return judge(expected, f"{free >> 8:,} MiB", point(seen, zones=f"{free:,} pages free beside node {node}"))


def _scene(evidence: Evidence) -> SceneEvidence:
    return require_completed(evidence, "policies")


def _managed(seen: Seen, node: int) -> int:
    return sum(zone.managed_pages for zone in zones(seen) if zone.node == node)


def _strict(evidence: Evidence) -> tuple[Seen, list[tuple[OomVictim, OomReport]], Lie]:
    """The reading after the step `strict`, the kernel's kills of labkit's process, where its pages lie."""
    seen = require_reading(_scene(evidence), after_step("strict"))
    told = [(report.victim, report) for report in seen.oom().reports]
    killed = [
        (victim, report) for victim, report in told if victim and victim.comm == TENANT and report.kills
    ]
    _, node = numbers(evidence.request.parameters, "spill")
    pages = _managed(seen, node) + number(evidence.request.parameters, "spill_pages")
    lie = lie_of(seen, Region(STRICT_FIRST, pages))
    if not killed and lie.found and not lie.whole:
        raise Decided(broken("labkit's process has all of its pages, or was killed", lie.told(), lie.where))
    return seen, killed, lie

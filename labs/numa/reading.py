"""What the checks of this lab read in the evidence: the node of each tagged page, what the zones counted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labkit.grade.judging import Answers, Decided, answers, broken, failed, passed
from labkit.grade.witnessed import Seen, require_reading
from labkit.model.evidence import Evidence, SceneEvidence, after_step
from labkit.model.tags import Store
from labkit.model.verdict import ExcerptLine, Judgement, Mark, Where
from labkit.model.witness import ZoneView

from .cases import NODES, Region

# What numastat and nodeN/numastat call a counter, and what the kernel's own table calls it (mm/vmstat.c).
BOOKS = {
    "numa_hit": "numa_hit",
    "numa_miss": "numa_miss",
    "numa_foreign": "numa_foreign",
    "local_node": "numa_local",
    "other_node": "numa_other",
}


@dataclass(frozen=True)
class Lie:
    """On which node each page of a region lies; of a page that was found twice, every node."""

    region: Region
    found: Mapping[int, tuple[int, ...]]
    seen: Seen

    def node_of(self, index: int) -> int | None:
        """The node of a page that was found in one place."""
        nodes = self.found.get(index, ())
        return nodes[0] if len(nodes) == 1 else None

    @property
    def split(self) -> tuple[int, ...]:
        """How many pages lie on each node."""
        counted = Counter(node for nodes in self.found.values() for node in nodes)
        return tuple(counted[node] for node in NODES)

    @property
    def missing(self) -> int:
        return self.region.pages - len(self.found)

    @property
    def doubled(self) -> int:
        return sum(len(nodes) > 1 for nodes in self.found.values())

    @property
    def whole(self) -> bool:
        """Whether each page was found, and once."""
        return not self.missing and not self.doubled

    def told(self) -> str:
        """'512 on node 0, 1,024 on node 2; 3 not found'."""
        said = ", ".join(f"{pages:,} on node {node}" for node, pages in enumerate(self.split) if pages)
        said = said or "no page of it was found"
        said += f"; {self.missing:,} not found" if self.missing and self.found else ""
        return said + (f"; {self.doubled:,} found more than once" if self.doubled else "")

    @property
    def where(self) -> Where:
        return point(self.seen, tags=self.told())


def lie_of(seen: Seen, region: Region) -> Lie:
    """Where the pages of a region lie in the nodes' memory."""
    found: dict[int, list[int]] = defaultdict(list)
    for run in seen.tags.runs:
        if run.store is Store.RAM and run.node is not None:
            for index in range(run.index, run.index + run.pages):
                if index in region:
                    found[index].append(run.node)
    return Lie(region=region, found={index: tuple(nodes) for index, nodes in found.items()}, seen=seen)


def tenants_lie(scene: SceneEvidence, step: str, region: Region) -> Lie:
    """The pages of labkit's own process after a step: all of them must be there."""
    lie = lie_of(require_reading(scene, after_step(step)), region)
    if not lie.whole:
        raise Decided(broken(f"the {region.pages:,} pages of labkit's own process", lie.told(), lie.where))
    return lie


def point(seen: Seen, **tables: str) -> Where:
    """Point at tables of a reading, each with a few words about what is in it."""
    lines = seen.witnessed.lines
    excerpt = tuple(
        ExcerptLine(number=lines.get(table), mark=Mark.CONTEXT, text=f"{table}: {text}")
        for table, text in tables.items()
    )
    first = next((line.number for line in excerpt if line.number), None)
    return Where(path=seen.witnessed.where, line=first, excerpt=excerpt)


def zones(seen: Seen) -> tuple[ZoneView, ...]:
    """The zones of a reading that asked for them."""
    if seen.reading.zones is None:
        raise Decided(broken(f"zones in {seen.witnessed.where}", "the lab did not ask for them"))
    return seen.reading.zones


def books(scene: SceneEvidence, before: str, after: str) -> Mapping[str, tuple[int, ...]]:
    """How far each of numastat's counters went from the end of one step to that of another, node by node."""
    first, last = (zones(require_reading(scene, after_step(step))) for step in (before, after))

    def total(reading: tuple[ZoneView, ...], name: str, node: int) -> int:
        return sum(zone.stats[BOOKS[name]] for zone in reading if zone.node == node)

    return {
        name: tuple(total(last, name, node) - total(first, name, node) for node in NODES) for name in BOOKS
    }


def predictions(evidence: Evidence) -> Answers:
    return answers(evidence, "predictions.toml")


def numbers_said(said: Answers, name: str, value: object) -> tuple[int, ...]:
    """A list of a number for each node, among the answers."""
    if isinstance(value, list) and len(value) == len(NODES) and all(type(item) is int for item in value):
        return tuple(value)
    expected = f"{name} = a list of {len(NODES)} whole numbers"
    if value is None:
        raise Decided(failed(expected, "no such answer", said.source.show(missing=[f"{name} ="])))
    raise Decided(failed(expected, f"{name} = {value!r}", said.show(name, right=False)))


def judge_said(said: Answers, name: str, *, right: bool, expected: str) -> Judgement:
    """An answer against what happened, at its line."""
    judge = passed if right else failed
    return judge(expected, f"{name} = {said.values.get(name)!r}", said.show(name, right=right))


def judge_split(
    said: Answers, name: str, real: Sequence[int], *, within: int = 0, why: str = ""
) -> Judgement:
    """The predicted pages on each node against those that were found there."""
    guess = numbers_said(said, name, said.values.get(name))
    right = all(abs(mine - its) <= within for mine, its in zip(guess, real, strict=True))
    margin = f" (each ± {within}: {why})" if within else ""
    return judge_said(said, name, right=right, expected=f"{name} = {list(real)}{margin}")

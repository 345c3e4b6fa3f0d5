"""The machine and a seed's cases: what is placed where, who runs where under which policy, what follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labkit.grade.drawn import number
from labkit.model.lab import Parameters

# As lab.toml declares the machine; a pure test holds the two together.
DISTANCES = ((10, 28, 16, 22), (28, 10, 20, 18), (16, 20, 10, 20), (22, 18, 20, 10))
WITH_CPU = (0, 1, 2)
NODES = tuple(range(len(DISTANCES)))


@dataclass(frozen=True)
class Region:
    """Tagged pages of one kind: the index of the first, and how many there are."""

    first: int
    pages: int

    def __contains__(self, index: int) -> bool:
        return self.first <= index < self.first + self.pages


def fallback(node: int) -> tuple[int, ...]:
    """The nodes in the order in which a node's list goes through them.

    mm/page_alloc.c find_next_best_node(): by distance, with one more for a node of a lower number and one for
    a node with CPUs. (Its last rule, how often a node came second so far, never decides on this machine.)
    """
    others = [other for other in NODES if other != node]
    weigh = {other: DISTANCES[node][other] + (other < node) + (other in WITH_CPU) for other in others}
    return (node, *sorted(others, key=weigh.__getitem__))


def nearest(cpu_node: int, allowed: Sequence[int]) -> int:
    """Of the allowed nodes the one that comes first on the list of the CPU's node."""
    return next(node for node in fallback(cpu_node) if node in allowed)


def numbers(parameters: Mapping[str, object], name: str) -> tuple[int, ...]:
    """The numbers of a case such as '1 0,3' or of a shuffle, in their order."""
    value = parameters[name]
    if isinstance(value, tuple):
        return tuple(int(str(item)) for item in value)
    return tuple(int(word) for word in str(value).replace(",", " ").split())


def key(parameters: Parameters) -> Mapping[str, object]:
    """What the handout tells of the cases, and the answers that the solution's templates fill in."""
    bound, heavy, light, last = numbers(parameters, "nodes")
    weights = numbers(parameters, "weights")
    bind_cpu, *bind_nodes = numbers(parameters, "bind")
    turns = numbers(parameters, "interleave")
    outer, inner = numbers(parameters, "region")
    spill_cpu, spill_from = numbers(parameters, "spill")
    pages, start = number(parameters, "region_pages"), number(parameters, "region_from")
    return {
        "distances": DISTANCES,
        "bound_node": bound,
        "heavy_node": heavy,
        "light_node": light,
        "heavy": weights[0],
        "light": weights[1],
        "weighted_pages": number(parameters, "rounds") * sum(weights),
        "spread_nodes": sorted((heavy, light, last)),
        "bind_cpu": bind_cpu,
        "bind_nodes": bind_nodes,
        "region_outer": outer,
        "region_inner": inner,
        "spill_cpu": spill_cpu,
        "spill_from": spill_from,
        "local": _split({number(parameters, "local"): number(parameters, "local_pages")}),
        "bind": _split({nearest(bind_cpu, bind_nodes): number(parameters, "bind_pages")}),
        "interleave": _split(dict.fromkeys(turns, number(parameters, "interleave_pages") // len(turns))),
        "region": _split({outer: start, inner: pages - start}),
        "spill_to": fallback(spill_from)[1],
        "fallback": [list(fallback(node)) for node in NODES],
    }


def _split(pages: Mapping[int, int]) -> list[int]:
    return [pages.get(node, 0) for node in NODES]

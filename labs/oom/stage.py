"""The five processes on stage when memory runs out: a seed's names and sizes, and what follows of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labkit.model.lab import Parameters

# totalram_pages of these guests, in MiB: 136.3 on 6.1, 131.2 on 6.12. The key takes the middle.
REFERENCE_TOTAL_MIB = 133.7
COMMITTED_MIB = 8  # Committed_AS of labkit's own processes: 7.2 on both


@dataclass(frozen=True)
class Actor:
    """A process on stage. `caged`: its cpuset has node 0 alone; `bound`: its own policy has."""

    name: str
    mib: int
    caged: bool = False
    bound: bool = False
    mate: bool = False


def actors(parameters: Mapping[str, object]) -> tuple[Actor, ...]:
    """All five in the order in which they start. src/event.sh puts the same on stage."""
    names = parameters["names"]
    assert isinstance(names, tuple)
    sizes = map(int, str(parameters["sizes"]).split())
    roles = (
        {"caged": True, "bound": True},
        {"bound": True},
        {"caged": True},
        {"mate": True},
        {"mate": True},
    )
    return tuple(
        Actor(name=str(name), mib=mib, **role) for name, mib, role in zip(names, sizes, roles, strict=False)
    )


def first_victims(cast: tuple[Actor, ...]) -> dict[str, str]:
    """Whom oom_cpuset_eligible() and size choose where node 1 runs out, the cgroup, or all of it."""
    eligible = {
        "global": cast,
        "mempolicy": tuple(actor for actor in cast if not actor.bound),
        "cpuset": tuple(actor for actor in cast if not actor.caged),
        "memcg": tuple(actor for actor in cast if actor.mate),
    }
    return {kind: max(who, key=lambda actor: actor.mib).name for kind, who in eligible.items()}


def room_mib(parameters: Parameters) -> float:
    """What may still be promised under strict accounting with this seed's ratio."""
    ratio = int(str(parameters["commit"]).split()[0])
    return REFERENCE_TOTAL_MIB * ratio / 100 - COMMITTED_MIB


def key(parameters: Parameters) -> Mapping[str, object]:
    """What the handout tells of the seed, and the answers that the solution's template fills in."""
    ratio, ask = map(int, str(parameters["commit"]).split())
    pieces, piece = map(int, str(parameters["pieces"]).split())
    cast = actors(parameters)
    return {
        "actors": cast,
        "victim": first_victims(cast),
        "total_mib": REFERENCE_TOTAL_MIB,
        "committed_mib": COMMITTED_MIB,
        "ratio": ratio,
        "ask_mib": ask,
        "ask_fits": ask < room_mib(parameters),
        "pieces": pieces,
        "piece_mib": piece,
    }

"""The seven processes of the scene `choice`: a seed's names, sizes and adjustments, and their right order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labkit.model.lab import Parameters

PLAN_BOUND = 300  # of |oom_score_adj| in a plan: -1000 and 1000 would decide without any thought
BALLAST_MIB = 43  # more than any candidate: the biggest, and protected
TWIN_MIB = 5
TWIN_ADJ = -400
NOBODY = 65534

# totalram_pages of the 256 MiB guest, in MiB: 200 on 6.1, 195 on 6.12. The key takes the middle.
REFERENCE_TOTAL_MIB = 197.7


@dataclass(frozen=True)
class Member:
    """A process of the scene `choice`, as the handout lists it."""

    name: str
    mib: int
    adj: int
    uid: int

    def permille(self, adj: int | None = None) -> float:
        """Its badness in thousandths of all memory, the scale on which the kernel ranks it."""
        return self.mib * 1000 / REFERENCE_TOTAL_MIB + (self.adj if adj is None else adj)

    @property
    def score(self) -> int:
        """What /proc/PID/oom_score shows: proc_oom_score() in fs/proc/base.c."""
        return 0 if self.adj == -1000 else int((1000 + int(self.permille())) * 2 / 3)


def candidates(parameters: Parameters) -> tuple[Member, ...]:
    """The four that can die, by the seed's names and cast; every other one belongs to nobody, not to root."""
    cast = [pair.split(":") for pair in str(parameters["cast"]).split()]
    names = _names(parameters)
    return tuple(
        Member(name=names[at], mib=int(mib), adj=int(adj), uid=NOBODY * (at % 2))
        for at, (mib, adj) in enumerate(cast)
    )


def herd(parameters: Parameters) -> tuple[Member, ...]:
    """All seven in the order in which they start. src/acts.sh builds the same in the guest."""
    names = _names(parameters)
    elder = Member(name=names[5], mib=TWIN_MIB, adj=TWIN_ADJ, uid=0)
    ballast = Member(name=names[4], mib=BALLAST_MIB, adj=-1000, uid=0)
    junior = Member(name=names[6], mib=TWIN_MIB, adj=TWIN_ADJ, uid=NOBODY)
    return (elder, *candidates(parameters), ballast, junior)


def key(parameters: Parameters) -> Mapping[str, object]:
    """What the handout tells of the herd, and the answers that the solution's templates fill in."""
    four = candidates(parameters)
    by_size = sorted(four, key=lambda member: member.mib)
    smallest, biggest = by_size[0], by_size[-1]
    return {
        "herd": herd(parameters),
        "ballast": _names(parameters)[4],
        "elder": _names(parameters)[5],
        "junior": _names(parameters)[6],
        "plan_first": smallest.name,
        "plan_lives": biggest.name,
        "plan_bound": PLAN_BOUND,
        "total_mib": REFERENCE_TOTAL_MIB,
        "order": [member.name for member in sorted(four, key=Member.permille, reverse=True)],
        "lead": round(by_size[-1].permille(0) - by_size[0].permille(0)),
    }


def _names(parameters: Parameters) -> tuple[str, ...]:
    names = parameters["names"]
    assert isinstance(names, tuple)
    return tuple(str(name) for name in names)

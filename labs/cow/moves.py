"""The moves of a seed's play after a fork, and what they must lead to: faults, copies, whose frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from labkit.grade.drawn import number
from labkit.model.lab import Parameters

PARENT, CHILD = "parent", "child"
_WHO = {"p": PARENT, "c": CHILD}


@dataclass(frozen=True)
class Move:
    """`who` reads every page, writes pages first, first + step, …, or ends; src/family.c plays it."""

    who: str
    does: str
    first: int = 0
    step: int = 1

    @property
    def says(self) -> str:
        if self.does == "x":
            return f"the {self.who} ends"
        if self.does == "r":
            return f"the {self.who} reads every page"
        if self.step == 1:
            return f"the {self.who} writes every page"
        pages = ", ".join(str(self.first + self.step * at) for at in range(3))
        return f"the {self.who} writes pages {pages}, …"


@dataclass
class Family:
    """Parent and child after a fork: the pages each has from before, and those it may not write to."""

    pages: int
    kept: dict[str, set[int]] = field(init=False)  # in the frame from before the fork
    guarded: dict[str, set[int]] = field(init=False)  # mapped read-only
    alone: bool = False

    def __post_init__(self) -> None:
        self.kept = {PARENT: set(range(self.pages)), CHILD: set(range(self.pages))}
        self.guarded = {PARENT: set(range(self.pages)), CHILD: set(range(self.pages))}

    def play(self, move: Move) -> int:
        """Make a move; how many faults it takes."""
        if move.does == "x":
            self.alone = True
            return 0
        if move.does == "r":
            return 0
        faults = set(range(move.first, self.pages, move.step)) & self.guarded[move.who]
        self.guarded[move.who] -= faults
        if not self.alone:
            self.kept[move.who] -= faults & self.kept[CHILD if move.who == PARENT else PARENT]
        return len(faults)

    @property
    def shared(self) -> int:
        return len(self.kept[PARENT] & self.kept[CHILD])


def moves(parameters: Parameters) -> tuple[Move, ...]:
    """The play of a seed."""
    played = []
    for word in str(parameters["play"]).split():
        who, does, *rest = word.split(":")
        played.append(Move(_WHO[who], does, *map(int, rest)))
    return tuple(played)


def changed(parameters: Parameters) -> range:
    """The pages of the table that the snapshot's parent changes while the saver lives."""
    return range(number(parameters, "first"), number(parameters, "table"), number(parameters, "every"))


def key(parameters: Parameters) -> Mapping[str, object]:
    """The play in words for the handout, and the answers that the solution's templates fill in."""
    family = Family(number(parameters, "pages"))
    played = moves(parameters)
    faults, shared, far = [], [], 0
    for move in played:
        count = family.play(move)
        if move.does != "x":
            faults.append(count)
        if not family.alone:
            shared.append(family.shared)
            far = family.pages - len(family.kept[CHILD])
    return {
        "moves": [move.says for move in played],
        "asked": [at for at, move in enumerate(played, start=1) if move.does != "x"],
        "living": [at for at, move in enumerate(played, start=1) if at <= len(shared)],
        "faults": faults,
        "shared": shared,
        "moved": family.pages - len(family.kept[PARENT]),
        "far": far,
        "changed": list(changed(parameters)),
    }

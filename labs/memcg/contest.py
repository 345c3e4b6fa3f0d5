"""The contest of the scene `fates`: a seed's sizes, and who must lose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labkit.model.lab import Parameters

SHOP_MIB = 40  # of lab.toml's scene `protect`


@dataclass(frozen=True)
class Contest:
    """MiB: `db` sleeps in a cgroup of `both` under its protection, then `batch` comes and has no swap."""

    db: int
    both: int
    batch: int

    @property
    def left(self) -> int:
        """What batch can have of it where db gives nothing."""
        return self.both - self.db

    @property
    def db_dies(self) -> bool:
        """Under memory.min: the cgroup is full, nothing can be reclaimed, and the bigger one is killed."""
        return self.db > self.left


def contest(parameters: Mapping[str, object]) -> Contest:
    db, both, batch = map(int, str(parameters["contest"]).split())
    return Contest(db=db, both=both, batch=batch)


def key(parameters: Parameters) -> Mapping[str, object]:
    """What the handout tells of the seed, and the answers that the solution's template fills in."""
    drawn = contest(parameters)
    return {
        "contest": drawn,
        "db_mib": drawn.db,
        "batch_left_mib": drawn.left,
        "db_dies": drawn.db_dies,
        "shop_mib": SHOP_MIB,
    }

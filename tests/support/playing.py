"""Many submissions of many labs in one go, as tests want them: all out of one pool, each its own result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from labkit.batch import Entry, graded
from labkit.labfile.load import load
from labkit.model.errors import LabkitError
from labkit.model.events import Event, Listener, Mood, silent
from labkit.model.lab import Lab
from labkit.model.rows import RunDone
from labkit.model.verdict import Outcome, Status, Verdict
from labkit.order import guest_capacity
from labkit.places import places
from labkit.pools.local import LocalPool
from labkit.provision import Platform
from labkit.session import HandedIn, House, housed, stand_on, take_in, with_kernel
from labkit.tally import Tally
from labkit.work import load_work

AT_ONCE = 12  # submissions: enough for the pool to choose from, few enough for the compilers' memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One submission of a lab on one kernel; both are folders."""

    lab: Path
    work: Path
    kernel: str
    seed: str

    @property
    def name(self) -> str:
        return f"{self.lab.name}-{self.work.name}-{self.kernel}"


def play_all(
    cases: Iterable[Case], runs: Path, say: Callable[[str], object]
) -> Mapping[Case, RunDone | LabkitError]:
    """What became of each; `say` is told of every one that is done."""
    here = places(runs=runs)
    # One lab on one kernel after the other: each template is made once, even where not all of them are kept.
    turns = sorted(set(cases), key=lambda case: (case.lab, case.kernel, case.work))
    wanted = {(case.lab, case.kernel) for case in turns}
    labs = {(folder, kernel): with_kernel(load(folder), kernel) for folder, kernel in wanted}
    grounds: dict[tuple[str, bool], Platform] = {}
    for lab in labs.values():
        if _ground(lab) not in grounds:
            grounds[_ground(lab)] = stand_on(here, lab, "auto", silent)
    accel = next(iter(grounds.values())).probe.accel
    with LocalPool(guest_capacity(accel)) as pool:

        def taken(case: Case) -> tuple[House, HandedIn]:
            lab = labs[case.lab, case.kernel]
            house = housed(lab, grounds[_ground(lab)], here, pool, cold=False)
            return house, take_in(lab, load_work(lab, case.work, case.seed))

        entries = [
            Entry(name=case.name, lab=case.lab.name, path=case.work, take=partial(taken, case))
            for case in turns
        ]
        rows = graded(entries, AT_ONCE, Tally(of=len(turns), what="submission", listen=_lines(say)))
    return {case: row.outcome for case, row in zip(turns, rows, strict=True)}


def _ground(lab: Lab) -> tuple[str, bool]:
    return lab.scenes[0].machine.kernel, bool(lab.looks)


def _lines(say: Callable[[str], object]) -> Listener:
    def hear(event: Event) -> None:
        if event.mood is Mood.WARN or (event.mood is Mood.NOTE and event.fraction is None):
            say(event.text)

    return hear


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """The graded checks by how they ended. `odd` says why they cannot be compared with anything."""

    failed: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()
    odd: str = ""

    def __str__(self) -> str:
        words = [f"fails {', '.join(sorted(self.failed))}"] * bool(self.failed)
        words += [f"blocks {', '.join(sorted(self.blocked))}"] * bool(self.blocked)
        return self.odd or " ".join(words)


def ends(lab: Lab, verdict: Verdict) -> Ends:
    """How the graded checks of a lab ended. A part of the points counts as failed."""
    if verdict.status is not Status.GRADED:
        return Ends(odd=f"ungraded: {verdict.reason}")
    graded_checks = {check.id for check in lab.checks if check.points}
    found = {check.id: check.outcome for check in verdict.checks if check.id in graded_checks}
    if found.keys() != graded_checks:
        return Ends(odd=f"no word of {', '.join(sorted(graded_checks - found.keys()))}")
    return Ends(
        failed=_those(found, (Outcome.FAIL, Outcome.PARTIAL)), blocked=_those(found, (Outcome.BLOCKED,))
    )


def _those(found: Mapping[str, Outcome], wanted: Iterable[Outcome]) -> frozenset[str]:
    return frozenset(name for name, outcome in found.items() if outcome in wanted)

"""Hallway: many submissions graded in one go; one that cannot be graded stops no other."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from labkit.labfile.load import load
from labkit.model.errors import Broken, LabkitError
from labkit.model.events import Listener
from labkit.model.need import Capacity, Need
from labkit.model.rows import RunDone, SubmissionRow
from labkit.order import guest_need
from labkit.places import lab_folder, places
from labkit.pools.cancel import Token
from labkit.pools.local import LocalPool, gather
from labkit.qemu.live import reap
from labkit.session import HandedIn, House, RunAsk, opened, perform, stand_on, take_in, with_kernel
from labkit.tally import Tally
from labkit.work import load_work

SPARE = 1  # submissions beyond the guests that fit at once: one compiles or is judged while they run


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One submission: the name of its row, the lab it is for, and how it is read.

    `take` raises what keeps it from being graded, which then stands in its row.
    """

    name: str
    lab: str
    path: Path
    take: Callable[[], tuple[House, HandedIn]]


def run(
    ask: RunAsk, paths: tuple[Path, ...], jobs: int | None, listen: Listener
) -> tuple[SubmissionRow, ...]:
    """Grade the work in each of `paths` instead of `ask.path`; one row each, in the order given.

    At most `jobs` at once, None for as many as keep this machine busy. What keeps a single one from being
    graded stands in its row. Raises BadInput for the lab or the arguments, HostError when this machine cannot
    run the lab at all.
    """
    here = places(runs=ask.runs)
    reap(here.live)
    lab = with_kernel(load(lab_folder(here, ask.lab)), ask.kernel)
    base = stand_on(here, lab, ask.accel, listen)
    tally = Tally(of=len(paths), what="submission", listen=listen)
    with opened(lab, base, here, cold=ask.cold) as house:

        def taken(path: Path) -> tuple[House, HandedIn]:
            return house, take_in(lab, load_work(lab, path, ask.seed))

        entries = [
            Entry(name=name, lab=lab.id, path=path, take=partial(taken, path))
            for name, path in zip(labels(paths), paths, strict=True)
        ]
        return graded(entries, jobs or fitting(house), tally)


def graded(entries: Iterable[Entry], at_once: int, tally: Tally) -> tuple[SubmissionRow, ...]:
    """A row for each, in their order, at most `at_once` under way; guests wait for room in the houses' pools.

    A submission's own thread only prepares and judges: what costs is its guests'.
    """
    with tally.shown(), LocalPool(Capacity(cpus=at_once)) as desk:
        return gather((desk.submit(_grade, entry, tally, need=Need()) for entry in entries), Token())


def labels(paths: tuple[Path, ...]) -> tuple[str, ...]:
    """Short names: of each path as many last parts as it takes to tell them all apart.

    >>> labels((Path("/in/ada/lab2"), Path("/in/bob/lab2")))
    ('ada/lab2', 'bob/lab2')
    """
    parts = [path.resolve().parts for path in paths]
    different = set(parts)
    depth = 1
    while len({own[-depth:] for own in different}) < len(different):
        depth += 1
    return tuple(str(Path(*own[-depth:])) for own in parts)


def fitting(house: House) -> int:
    """How many submissions at once keep this machine busy: as many as have room for their largest guest."""
    accel = house.base.probe.accel
    needs = (guest_need(scene.machine, accel) for scene in house.lab.scenes)
    return min(map(house.pool.capacity.fitting, needs)) + SPARE


def _grade(token: Token, entry: Entry, tally: Tally) -> SubmissionRow:
    token.check()
    with tally.heard(entry.name) as listen:
        outcome = outcome_of(token, entry.take, listen)
    row = SubmissionRow(name=entry.name, lab=entry.lab, path=entry.path, outcome=outcome)
    tally.end(row)
    return row


def outcome_of(
    token: Token, take: Callable[[], tuple[House, HandedIn]], listen: Listener
) -> RunDone | LabkitError:
    """What becomes of one submission; only Cancelled is raised."""
    try:
        house, handed_in = take()
        return perform(house, handed_in, token, listen)
    except CancelledError:
        raise
    except LabkitError as error:
        token.check()
        return error
    except Exception as error:  # noqa: BLE001  a border: labkit's own fault must not cost the others their grades
        return Broken(
            where="labkit",
            found=f"{type(error).__name__}: {error}",
            fix="report this",
            detail="".join(traceback.format_exception(error)),
        )

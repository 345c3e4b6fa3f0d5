"""Hallway: every lab of the checkout in one go: guests of different labs come out of one pool."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from labkit.batch import Entry, graded
from labkit.catalogue import in_order
from labkit.labfile.workfolder import Marker, find_marker, work_folders
from labkit.model.errors import LabkitError, UsageError
from labkit.model.events import Event, Listener, Mood
from labkit.model.lab import Lab
from labkit.model.machine import Accel
from labkit.model.rows import Tour
from labkit.order import guest_capacity
from labkit.places import Places, no_lab, places
from labkit.pools.local import LocalPool
from labkit.provision import Platform
from labkit.qemu.live import reap
from labkit.session import HandedIn, House, housed, stand_on, take_in, with_kernel
from labkit.tally import Tally
from labkit.work import Work, load_work, reference

SHOWN = "No working folder here: this run shows the reference solutions. `labkit start LAB` begins yours."


@dataclass(frozen=True, slots=True, kw_only=True)
class TourAsk:
    """What was asked for; the fields are RunAsk's."""

    kernel: str | None = None
    seed: str | None = None
    accel: str = "auto"
    runs: Path | None = None
    cold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stop:
    """A work and its lab, or why one of them cannot be had."""

    name: str
    lab: str
    path: Path
    loaded: Lab | LabkitError


def run(ask: TourAsk, folder: Path, jobs: int | None, listen: Listener) -> Tour:
    """Run every lab that has a working folder in `folder`; if none has, the reference solution of each lab.

    A row each, in the course's order. At most `jobs` at once; None leaves it to the pool of guests, which
    takes the biggest first. What keeps one lab from being graded stands in its row. Raises BadInput for the
    arguments, HostError when this machine cannot run labs at all.
    """
    here = places(runs=ask.runs)
    reap(here.live)
    shipped = {entry.id: entry.lab for entry in in_order(here)}
    stops = tuple(_own(here, folder, shipped))
    demonstration = not stops
    if demonstration:
        listen(Event(scope="run", phase="work", mood=Mood.NOTE, text=SHOWN))
        stops = tuple(_shown(here, shipped))
    began = time.monotonic()
    grounds = _grounds(here, stops, ask, listen)
    accel = Accel.KVM if any(base.probe.accel is Accel.KVM for base in grounds.values()) else Accel.TCG
    tally = Tally(of=len(stops), what="lab", listen=listen)
    with LocalPool(guest_capacity(accel)) as pool:

        def taken(stop: _Stop) -> tuple[House, HandedIn]:
            if isinstance(stop.loaded, LabkitError):
                raise stop.loaded
            lab = with_kernel(stop.loaded, ask.kernel)
            house = housed(lab, grounds[_ground(lab)], here, pool, cold=ask.cold)
            return house, take_in(lab, _work(lab, stop, ask.seed, demonstration=demonstration))

        entries = [
            Entry(name=stop.name, lab=stop.lab, path=stop.path, take=partial(taken, stop)) for stop in stops
        ]
        # All may be under way: those whose guests do not fit yet wait for nothing but that.
        rows = graded(entries, jobs or len(entries), tally)
    seen = {stop.lab for stop in stops}
    return Tour(
        rows=rows,
        demonstration=demonstration,
        untouched=tuple(name for name in shipped if name not in seen),
        seconds=time.monotonic() - began,
    )


def _own(here: Places, folder: Path, shipped: Mapping[str, Lab | LabkitError]) -> Iterator[_Stop]:
    """The works in working folders, in the course's order; those of unknown labs come last."""
    if (marker := find_marker(folder)) is not None:
        raise UsageError(
            where="labkit run --all",
            found=f"you are in the working folder of {marker.lab}",
            fix=f"`labkit run {marker.lab}` grades it; for all of them say it in the folder around: cd ..",
        )
    found = [(path, *_lab_of(here, marker, shipped)) for path, marker in work_folders(folder)]
    order = [*shipped, *(lab for _, lab, _ in found)]
    several = Counter(lab for _, lab, _ in found)
    for path, lab, loaded in sorted(found, key=lambda one: order.index(one[1])):
        name = lab if lab and several[lab] == 1 else f"{lab} {path.name}".strip()
        yield _Stop(name=name, lab=lab, path=path, loaded=loaded)


def _lab_of(
    here: Places, marker: Marker | LabkitError, shipped: Mapping[str, Lab | LabkitError]
) -> tuple[str, Lab | LabkitError]:
    """The id of a working folder's lab, empty if its marker cannot be read, and the lab."""
    if not isinstance(marker, Marker):
        return "", marker
    return marker.lab, shipped.get(marker.lab) or no_lab(here, marker.lab)


def _shown(here: Places, shipped: Mapping[str, Lab | LabkitError]) -> Iterator[_Stop]:
    """The reference solution of every lab."""
    for name, lab in shipped.items():
        path = reference(lab, None).folder if isinstance(lab, Lab) else here.labs / name
        yield _Stop(name=name, lab=name, path=path, loaded=lab)


def _work(lab: Lab, stop: _Stop, seed: str | None, *, demonstration: bool) -> Work:
    return reference(lab, seed) if demonstration else load_work(lab, stop.path, seed)


def _ground(lab: Lab) -> tuple[str, bool]:
    """What tells platforms apart: the kernel, and whether its symbols are wanted."""
    return lab.scenes[0].machine.kernel, bool(lab.looks)


def _grounds(
    here: Places, stops: tuple[_Stop, ...], ask: TourAsk, listen: Listener
) -> Mapping[tuple[str, bool], Platform]:
    """The platforms that the labs stand on, each made once. Raises what keeps all of them from running."""
    labs = [with_kernel(stop.loaded, ask.kernel) for stop in stops if isinstance(stop.loaded, Lab)]
    grounds: dict[tuple[str, bool], Platform] = {}
    for lab in labs:
        if _ground(lab) not in grounds:
            grounds[_ground(lab)] = stand_on(here, lab, ask.accel, listen)
    return grounds

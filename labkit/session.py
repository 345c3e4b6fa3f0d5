"""Hallway: the one file that knows the order of a run, from a lab's name to a verdict on disk."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

from labkit.grade.run import grade
from labkit.guest.terminal import interact
from labkit.keyring import COURSE, Seal, sealed
from labkit.labfile.draw import TAG_NONCE, environment, parameters
from labkit.labfile.load import load
from labkit.labfile.submission import load_submission
from labkit.model.errors import UsageError
from labkit.model.events import Listener
from labkit.model.evidence import Request
from labkit.model.lab import Lab, Parameters
from labkit.model.official import Official
from labkit.model.rows import RunDone
from labkit.model.verdict import Status
from labkit.order import Clock, guest_capacity, guest_need
from labkit.page import put_page
from labkit.places import Places, is_shipped, lab_folder, lab_word, places
from labkit.pools.cancel import Token
from labkit.pools.local import LocalPool, gather
from labkit.provision import Kit, Platform, outfit, platform
from labkit.qemu.live import live_folder, reap
from labkit.report.verdict_json import render_verdict_json
from labkit.scene import Cast, loaded_modules, ordered, play
from labkit.stage import raised
from labkit.standing import announced
from labkit.store.reader import digest, read
from labkit.store.writer import create, write_attestation
from labkit.work import Work, find_work, load_work, shown, starter


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAsk:
    """What a run was asked for. `lab` is an id or a lab folder; `path` the work to grade, see `find_work`.

    With `official` the run is signed with the key `key`, and its seed drawn from that key's secret.
    """

    lab: str
    path: Path | None = None
    kernel: str | None = None
    seed: str | None = None
    accel: str = "auto"
    runs: Path | None = None
    cold: bool = False
    official: Official | None = None
    key: str = COURSE


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellAsk:
    """What `labkit shell` was asked for; the fields are RunAsk's."""

    lab: str
    path: Path | None = None
    kernel: str | None = None
    seed: str | None = None
    accel: str = "auto"
    cold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """A work as it was read, and the numbers that its seed drew. `seal` makes its run official."""

    work: Work
    numbers: Parameters
    files: Mapping[str, str]
    seal: Seal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What all runs of one lab on this host have in common, and the pool that their guests share."""

    lab: Lab
    base: Platform
    here: Places
    pool: LocalPool
    cold: bool = False


def run(ask: RunAsk, listen: Listener) -> RunDone:
    """Run a lab and judge it. The run directory is whole only when its verdict stands in it.

    Raises BadInput for the lab, the submission or the arguments, HostError for this machine. A guest that
    fails is not an error: the verdict says so.
    """
    here = places(runs=ask.runs)
    reap(here.live)
    lab = with_kernel(load(lab_folder(here, ask.lab)), ask.kernel)
    if ask.official is not None:
        handed_in = _official(lab, ask, ask.official)
    else:
        handed_in = take_in(lab, find_work(lab, ask.path, ask.seed) or shown(here, lab, ask.seed, listen))
    base = stand_on(here, lab, ask.accel, listen)
    with opened(lab, base, here, cold=ask.cold) as house:
        return perform(house, handed_in, Token(), listen)


def stand_on(here: Places, lab: Lab, accel: str, listen: Listener) -> Platform:
    """What the guests of a lab need: with symbols where the host reads their memory. Raises HostError."""
    witnessed = bool(lab.looks)
    return platform(here, lab.scenes[0].machine.kernel, accel, listen, symbols=witnessed)


@contextmanager
def opened(lab: Lab, base: Platform, here: Places, *, cold: bool) -> Iterator[House]:
    """A house for runs of a lab; its guests get all that this host can spare.

    Raises HostError when that is too little for one of them.
    """
    with LocalPool(guest_capacity(base.probe.accel)) as pool:
        yield housed(lab, base, here, pool, cold=cold)


def housed(lab: Lab, base: Platform, here: Places, pool: LocalPool, *, cold: bool) -> House:
    """A house for runs of a lab whose guests come out of a pool that others may share.

    Raises HostError when one of them can never fit.
    """
    for scene in lab.scenes:
        pool.check(guest_need(scene.machine, base.probe.accel))
    return House(lab=lab, base=base, here=here, pool=pool, cold=cold)


def take_in(lab: Lab, work: Work) -> HandedIn:
    """Read a work. Raises SubmissionError for one that is incomplete."""
    numbers = parameters(lab, work.seed)
    return HandedIn(work=work, numbers=numbers, files=load_submission(lab, work.folder, numbers))


def perform(house: House, handed_in: HandedIn, token: Token, listen: Listener) -> RunDone:
    """Compile, play every scene as soon as its guest fits, judge.

    Raises what `run` raises, and Cancelled soon after `token` is.
    """
    lab, base = house.lab, house.base
    kit = outfit(house.here, lab, handed_in.files, base, listen)
    token.check()
    request = Request(
        lab=lab.id,
        lab_digest=lab.digest,
        seed=handed_in.work.seed,
        parameters=handed_in.numbers,
        kernel=base.pack.name,
        accel=base.probe.accel,
        submission_name=handed_in.work.name,
        submission=handed_in.files,
        labkit=version("labkit"),
        started_at=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        pack=base.pack.key,
        official=handed_in.seal.official if handed_in.seal else None,
        demonstration=handed_in.work.demonstration,
        lab_folder="" if is_shipped(house.here, lab.folder) else str(lab.folder),
    )
    writer = create(house.here.runs, request)
    cast = _cast(house.here, lab, kit, handed_in, cold=house.cold)
    needs = [guest_need(scene.machine, base.probe.accel) for scene in lab.scenes]
    scenes = zip(lab.scenes, needs, strict=True)
    gather((house.pool.submit(play, scene, cast, writer, listen, need=need) for scene, need in scenes), token)
    evidence = read(writer.folder)
    verdict = grade(lab, evidence, evidence_digest=digest(writer.folder))
    text = render_verdict_json(verdict)
    writer.verdict(text)
    if handed_in.seal is not None and verdict.status is Status.GRADED:  # no grade, no vouching
        write_attestation(writer.folder, handed_in.seal.attestation(verdict, request, text))
    word = lab_word(house.here, lab.folder)
    put_page(writer.folder, verdict, evidence, word, listen)
    return RunDone(run=writer.folder, verdict=verdict, lab=word)


def shell(ask: ShellAsk, listen: Listener) -> int:
    """A root shell in the guest of a lab's first scene, everything laid out; returns the shell's status.

    Without work of the student's own the starter lies there, never the solution.
    """
    here = places()
    reap(here.live)
    lab = with_kernel(load(lab_folder(here, ask.lab)), ask.kernel)
    handed_in = take_in(lab, find_work(lab, ask.path, ask.seed) or starter(here, lab, ask.seed, listen))
    base = platform(here, lab.scenes[0].machine.kernel, ask.accel, listen)
    kit = outfit(here, lab, handed_in.files, base, listen)
    scene = lab.scenes[0]
    cast = _cast(here, lab, kit, handed_in, cold=ask.cold)
    clock = Clock(scope=scene.name, listen=listen)
    with live_folder(here.live) as record, raised(ordered(scene, cast, record), clock) as stage:
        loaded_modules(scene, cast, stage)
        env, nonce = environment(cast.parameters), str(cast.parameters.get(TAG_NONCE, ""))
        with announced(stage, scene.machine, f"{lab.id}, scene {scene.name}", nonce):
            return interact(stage.guest, term=os.environ.get("TERM", "dumb"), env=env)


def _official(lab: Lab, ask: RunAsk, official: Official) -> HandedIn:
    """The work of an official run; its numbers are drawn from the course's secret, whatever PATH says."""
    seal = sealed(lab, official, ask.key)
    if ask.path is None:
        raise UsageError(where="--official", found="no PATH", fix="name the folder of the submission")
    return replace(take_in(lab, load_work(lab, ask.path, seal.seed(lab.id))), seal=seal)


def with_kernel(lab: Lab, kernel: str | None) -> Lab:
    """The lab with every guest on this kernel; as it is for None."""
    if kernel is None:
        return lab
    scenes = tuple(replace(scene, machine=replace(scene.machine, kernel=kernel)) for scene in lab.scenes)
    return replace(lab, scenes=scenes)


def _cast(here: Places, lab: Lab, kit: Kit, handed_in: HandedIn, *, cold: bool) -> Cast:
    return Cast(
        lab=lab,
        kit=kit,
        parameters=handed_in.numbers,
        submission=handed_in.files,
        here=here,
        cold=cold,
        official=handed_in.seal is not None,
    )

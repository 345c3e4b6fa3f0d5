"""Hallway: one scene played: steps in order, evidence written as it comes, the end told truly."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from labkit.act import Act, Cargo, Opening, look, take
from labkit.guest.capture import Captured, capture
from labkit.guest.console import last_resort
from labkit.guest.deploy import PLAIN, Load, Loaded, load_module
from labkit.guest.door import Ending, GuestLost
from labkit.guest.kmsg import read_kmsg
from labkit.guest.logbook import Word, last_lines, read_log, sightings
from labkit.labfile.draw import TAG_NONCE, expand
from labkit.model.errors import Broken
from labkit.model.events import Event, Listener, Mood
from labkit.model.evidence import AFTER, BEFORE, SceneEnd, after_step
from labkit.model.lab import FileKind, Lab, Parameters, RunsAs, Scene, Tier
from labkit.model.machine import Started
from labkit.onlooker import Onlooker, looking
from labkit.order import DEPLOY_SECONDS, Clock, Order
from labkit.places import Places
from labkit.pools.cancel import Token
from labkit.provision import LABKIT_MODULE, Kit
from labkit.qemu.death import describe_status
from labkit.stage import Stage, raised
from labkit.store.writer import RunWriter, SceneWriter

MOMENT_BOOT = "boot"
EXECUTABLE = 0o755
KMSG_SECONDS = 30.0
AFTERMATH_SECONDS = 5.0
LAST_RESORT_SECONDS = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """What every scene of one run has in common."""

    lab: Lab
    kit: Kit
    parameters: Parameters
    submission: Mapping[str, str]
    here: Places
    cold: bool = False
    official: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finale:
    """How a scene ended, and why if not well."""

    end: SceneEnd
    detail: str = ""


def play(token: Token, scene: Scene, cast: Cast, run: RunWriter, listen: Listener) -> None:
    """Play a scene in a guest of its own. What the guest does, its death included, becomes evidence.

    An apparatus that fails (no boot, wrong topology) ends the scene as BROKEN; HostError is passed on. When
    `token` is cancelled the scene ends at once, its evidence without an end, and Cancelled is raised.
    """
    token.check()
    order = replace(ordered(scene, cast, run.folder / scene.name), token=token)
    writer = run.scene(
        scene.name,
        number=cast.lab.scenes.index(scene) + 1,
        machine=scene.machine,
        release=order.platform.pack.release,
        accel=order.platform.probe.accel,
        started=Started.COLD if order.cold else Started.CLONE,
    )
    order = replace(order, on_argv=writer.argv)
    clock = Clock(scope=scene.name, listen=listen, token=token)
    try:
        with (
            raised(order, clock) as stage,
            looking(
                scene,
                stage,
                cast.kit.platform,
                writer,
                nonce=str(cast.parameters.get(TAG_NONCE, "")),
                unannounced=cast.official,
            ) as onlooker,
        ):
            finale = _perform(scene, cast, stage, writer, onlooker)
    except Broken as error:
        token.check()
        finale = Finale(end=SceneEnd.BROKEN, detail="\n".join(filter(None, (str(error), error.detail))))
        listen(Event(scope=scene.name, phase="scene", mood=Mood.WARN, text=error.found))
    token.check()  # a guest that was killed looks lost
    writer.end(
        finale.end,
        detail=finale.detail,
        timings=clock.seconds,
        console_tail=last_lines(writer.console_log),
    )


def ordered(scene: Scene, cast: Cast, record: Path) -> Order:
    """The guest of a scene."""
    cold = cast.cold or scene.fresh
    return Order(
        machine=scene.machine,
        platform=cast.kit.platform,
        modules=tuple(cast.kit.modules[name] for name in _early(scene, cast)),
        tier=cast.lab.tier,
        record=record,
        here=cast.here,
        cargo=_cargo(scene, cast),
        opening=None if cold or not scene.opening else _opening(scene, cast),
        cold=cold,
    )


def _early(scene: Scene, cast: Cast) -> tuple[str, ...]:
    """The modules that are in before the tier's doors shut: where they do, none comes in later."""
    if cast.lab.tier is Tier.KERNEL:
        return tuple(name for name in scene.modules if name == LABKIT_MODULE)
    return scene.modules


def loaded_modules(scene: Scene, cast: Cast, stage: Stage) -> Mapping[str, Loaded]:
    """Load the lab's and the student's modules; tells what became of each. Raises GuestLost."""
    early = _early(scene, cast)
    wanted = [name for name in scene.modules if name not in early]
    if not wanted:
        return {}
    with stage.clock.phase("modules"):
        deadline = stage.pace.deadline(DEPLOY_SECONDS, "modules")
        return {name: load_module(stage.guest, cast.kit.modules[name].path, deadline) for name in wanted}


def _perform(scene: Scene, cast: Cast, stage: Stage, writer: SceneWriter, onlooker: Onlooker) -> Finale:
    """From the first capture to the last; a guest that is lost on the way is looked at over its console."""
    past = stage.past
    _store(writer, MOMENT_BOOT, past.boot_files)
    # Whether a student has been root by now, or more: a module is in the kernel from its loading on.
    lord = cast.lab.tier is Tier.KERNEL and bool(scene.modules)
    try:
        if not scene.opening:
            onlooker.look(BEFORE, scene.witness)
        with _answers(forgeable=lord):
            modules = loaded_modules(scene, cast, stage)
        for name, loaded in modules.items():
            if loaded.load is not Load.LOADED:
                if loaded.load is Load.GONE:
                    return _post_mortem(scene, cast, stage, writer, Ending.LOST)
                return _fell_with(name, loaded, writer)
        with _answers(forgeable=lord):
            seen = past.before if past.acts else _look(stage, BEFORE, scene.capture, cast)
        _store(writer, BEFORE, seen)
        for act in past.acts:
            _keep(act, writer, once=True)
        for number, step in list(enumerate(scene.steps))[len(past.acts) :]:
            if number and number == len(scene.opening):
                onlooker.look(BEFORE, scene.witness)
            lord |= step.runs_as is RunsAs.STUDENT and cast.lab.tier is not Tier.USER
            with stage.clock.phase(step.name), onlooker.during(step), _answers(forgeable=lord):
                act = take(stage.guest, step, stage.pace, cast.parameters, cast.lab.tier)
                _keep(act, writer)
            if act.done.guest_gone:
                return _post_mortem(scene, cast, stage, writer, act.done.ending)
            onlooker.look(after_step(step.name), step.witness)
        onlooker.look(AFTER, scene.witness)
        with stage.clock.phase("collect"), _answers(forgeable=lord):
            _store(writer, AFTER, _look(stage, AFTER, scene.capture, cast))
            writer.dmesg(read_kmsg(stage.guest, stage.pace.deadline(KMSG_SECONDS, "kernel log")))
    except GuestLost as lost:
        return _post_mortem(scene, cast, stage, writer, lost.ending)
    return _verdict_of_log(writer)


@contextmanager
def _answers(*, forgeable: bool) -> Iterator[None]:
    """What labkit's process in the guest says is a student's word once a student was root: nonsense of it is
    no fault of labkit's then, but a guest that is lost. Raises GuestLost.
    """
    try:
        yield
    except GuestLost:
        raise
    except (Broken, ValueError, struct.error) as error:
        if not forgeable:
            raise
        raise GuestLost(ending=Ending.FORGED, where="guest, attendant", detail=str(error)) from error


def _fell_with(name: str, loaded: Loaded, writer: SceneWriter) -> Finale:
    """A lab's or a student's module that did not load ends the scene: its steps were written for it."""
    writer.dmesg(loaded.dmesg)
    said = next((record.text for record in loaded.dmesg if record.from_kernel), "")
    detail = f"module {name} {loaded.load.value}: {loaded.message or said}"
    return Finale(end=SceneEnd.OOPSED if loaded.load is Load.CRASHED else SceneEnd.HUNG, detail=detail)


def _verdict_of_log(writer: SceneWriter) -> Finale:
    """A scene that went through to its end, unless the kernel lost a thread of its own on the way."""
    for seen in sightings(read_log(writer.console_log)):
        if seen.word is Word.OOPS:
            return Finale(end=SceneEnd.OOPSED, detail=f"console.log:{seen.line}: {seen.text}")
    return Finale(end=SceneEnd.COMPLETED)


def _keep(act: Act, writer: SceneWriter, *, once: bool = False) -> None:
    done = act.done
    writer.step(
        act.name,
        status=done.status,
        timed_out=done.timed_out,
        seconds=round(done.seconds, 3),
        stdout=done.stdout,
        stderr=done.stderr,
        cut=done.cut,
        once=once,
    )
    _store(writer, after_step(act.name), act.files)


def _look(stage: Stage, moment: str, paths: tuple[str, ...], cast: Cast) -> tuple[Captured, ...]:
    return look(stage.guest, paths, moment, stage.pace, cast.parameters)


def _store(writer: SceneWriter, moment: str, files: tuple[Captured, ...]) -> None:
    writer.capture(moment, ((file.path, file.data, file.cut) for file in files))


def _post_mortem(scene: Scene, cast: Cast, stage: Stage, writer: SceneWriter, ending: Ending) -> Finale:
    """Why the guest went: a panic is on its console; QEMU that ended otherwise lost it; else it hangs.

    A guest whose SSH alone is gone still tells over its serial shell what it was asked to tell.
    """
    with stage.clock.phase("post-mortem"):
        # A panic reboots at once (panic=-1) and -no-reboot ends QEMU: give it the moment that takes.
        for _ in stage.pace.deadline(AFTERMATH_SECONDS, "aftermath").polls(0.1):
            if not stage.vm.alive:
                break
        seen = sightings(read_log(writer.console_log))
        panics = [sighting for sighting in seen if sighting.word is Word.PANIC]
        if panics:
            return Finale(end=SceneEnd.PANICKED, detail=f"console.log:{panics[-1].line}: {panics[-1].text}")
        if not stage.vm.alive:
            status = stage.vm.exit_status or 0
            if status < 0:  # a hand on this host, its OOM killer, or a fault of QEMU: for a person
                return Finale(end=SceneEnd.BROKEN, detail=f"QEMU was ended by {describe_status(status)}")
            reason = stage.vm.shutdown_reason or f"QEMU's {describe_status(status)}"
            return Finale(end=SceneEnd.LOST, detail=f"the guest was switched off: {reason}")
        deadline = stage.pace.deadline(LAST_RESORT_SECONDS, "last resort")
        try:
            with last_resort(stage.vm.console, deadline) as shell:
                writer.dmesg(read_kmsg(shell, deadline))
                wanted = tuple(expand(path, cast.parameters) for path in scene.capture)
                _store(writer, AFTER, capture(shell, wanted, deadline).files)
        except Broken as silent:
            return Finale(end=SceneEnd.HUNG, detail=f"{ending.value}, and its console is {silent.found}")
    return Finale(end=SceneEnd.LOST, detail=f"{ending.value}; its serial console still answered")


def _opening(scene: Scene, cast: Cast) -> Opening:
    """What is played before the guest is frozen, with the lab's own files and programs."""
    handed_in = cast.submission.keys()
    programs = tuple(name for name in scene.programs if f"{name}.c" not in handed_in)
    return Opening(
        cargo=_cargo(replace(scene, submission=(), programs=programs), cast),
        capture=scene.capture,
        steps=scene.opening,
    )


def _cargo(scene: Scene, cast: Cast) -> Cargo:
    """All of the scene that lies in /lab, with its mode. The lab's own files win over handed-in ones."""
    scripts = {item.name for item in cast.lab.hand_in if item.kind is FileKind.SHELL}
    cargo: dict[str, tuple[bytes | Path, int]] = {}
    for name in scene.submission:
        cargo[name] = (cast.submission[name].encode(), EXECUTABLE if name in scripts else PLAIN)
    for name in scene.files:
        cargo[name] = (cast.lab.folder / "src" / name, EXECUTABLE)
    for name in scene.programs:
        cargo[name] = (cast.kit.programs[name].path, EXECUTABLE)
    return cargo

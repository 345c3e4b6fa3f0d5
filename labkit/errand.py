"""Hallway: a fresh guest of no lab: a command run in it, or a person let in; gone afterwards."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from labkit.act import Cargo
from labkit.aftermath import fate
from labkit.guest.door import Ending, GuestLost
from labkit.guest.logbook import Word, read_log, sightings
from labkit.guest.stream import Files, stream
from labkit.labfile.nodes import machine_of_nodes
from labkit.model.errors import ExitCode, LabkitError, UsageError
from labkit.model.events import Event, Listener, Mood
from labkit.model.machine import MachineSpec
from labkit.order import Clock, Order
from labkit.places import places
from labkit.provision import own_module, platform
from labkit.qemu.live import live_folder, reap
from labkit.stage import Stage, raised
from labkit.standing import announced
from labkit.targets import check_file, check_folder

DEFAULT_NODES = "2x256M"
_SCOPE = "guest"
_USUAL = ("clone", "connect")  # the phases of every guest
_FETCH_SECONDS = 300.0
_DISK_SHARE = 0.4  # of its memory that a guest may be given in files: half is its disk (images/packs.toml)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestAsk:
    """Which guest: its nodes as `--nodes` spells them or a machine file, and what is laid into its /lab."""

    kernel: str | None = None
    nodes: str | None = None
    machine: Path | None = None
    push: tuple[Path, ...] = ()
    accel: str = "auto"
    cold: bool = False
    kmod: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A command, and what is brought back when it has ended. `timeout` is seconds for the command alone.

    `console` is a file of ours for what the kernel said meanwhile.
    """

    command: tuple[str, ...]
    timeout: float | None = None
    fetch: tuple[str, ...] = ()
    into: Path = field(default_factory=Path.cwd)
    console: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What this process is to exit with, and sentences that say what the status alone cannot."""

    status: int
    said: tuple[str, ...] = ()


def execute(ask: GuestAsk, errand: Errand, progress: AbstractContextManager[Listener]) -> Outcome:
    """Run a command in a fresh guest on our own standard streams, then fetch what is asked for.

    `progress` is open until the guest is ready: what the command says stands alone. The status is the
    command's, 128+n for a signal; TIMED_OUT; NOT_THE_COMMAND when the guest ended under it, or when it went
    well and something could not be fetched. Raises BadInput, HostError, and Broken when no guest comes up.
    """
    if errand.console is not None:
        check_file(errand.console, "--console")
    if errand.fetch:
        from labkit.guest.fetch import check_pattern

        check_folder(errand.into, "--into")
        for pattern in errand.fetch:
            check_pattern(pattern)
    with _visited(ask, progress) as stage:
        outcome = _run(stage, errand.command, errand.timeout)
        problems = (*_fetch(stage, errand), *_keep_console(stage, errand.console))
    failed = problems and outcome.status == 0
    return Outcome(
        status=ExitCode.NOT_THE_COMMAND if failed else outcome.status, said=(*outcome.said, *problems)
    )


def visit(ask: GuestAsk, progress: AbstractContextManager[Listener]) -> Outcome:
    """Let a person into a fresh guest, or a script through a pipe: bash on our own standard streams."""
    with _visited(ask, progress) as stage:
        return _run(stage, ("bash",))


@contextmanager
def _visited(ask: GuestAsk, progress: AbstractContextManager[Listener]) -> Iterator[Stage]:
    """The guest, with everything that is pushed in its /lab."""
    here = places()
    reap(here.live)
    machine = _machine(ask)
    with ExitStack() as stack:
        record = stack.enter_context(live_folder(here.live))
        with progress as listen:
            cargo = _cargo(ask.push, machine, listen)
            base = platform(here, machine.kernel, ask.accel, listen)
            order = Order(
                machine=machine,
                platform=base,
                modules=(own_module(here, base.pack, listen),) if ask.kmod else (),
                record=record,
                here=here,
                cargo=cargo,
                cold=ask.cold,
            )
            clock = Clock(scope=_SCOPE, listen=_without_the_usual(listen))
            stage = stack.enter_context(raised(order, clock))
        with announced(stage, machine, "a guest of no lab"):
            yield stage


def _machine(ask: GuestAsk) -> MachineSpec:
    if ask.nodes is not None and ask.machine is not None:
        raise UsageError(where="--nodes and --machine", found="both", fix="give one of them")
    if ask.machine is None:
        spec = machine_of_nodes(ask.nodes or DEFAULT_NODES)
    else:
        from labkit.labfile.machines import load_machine

        spec = load_machine(ask.machine)
    return replace(spec, kernel=ask.kernel) if ask.kernel else spec


def _cargo(paths: tuple[Path, ...], machine: MachineSpec, listen: Listener) -> Cargo:
    if not paths:
        return {}
    from labkit.guest.push import pack

    pushed = pack(paths)
    if pushed.bytes > machine.memory * _DISK_SHARE:
        raise UsageError(
            where="--push",
            found=f"{pushed.bytes >> 20} MiB for a guest whose disk is half of its {machine.memory}",
            fix="push less, or give it more memory with --nodes",
        )
    for path in pushed.left_out:
        text = f"{path} is left out: neither a file, a folder nor a link"
        listen(Event(scope=_SCOPE, phase="push", mood=Mood.WARN, text=text))
    return pushed.cargo


def _without_the_usual(listen: Listener) -> Listener:
    """A listener that is told what is worth it: where the time goes when it goes."""

    def hear(event: Event) -> None:
        if event.phase not in _USUAL or event.mood is Mood.WARN:
            listen(event)

    return hear


def _run(stage: Stage, words: tuple[str, ...], timeout: float | None = None) -> Outcome:
    files = _our_files()
    env = {"TERM": os.environ.get("TERM", "dumb")} if files.are_terminals else {}
    try:
        done = stream(stage.guest, words, files, seconds=timeout, env=env)
    except GuestLost as lost:
        return Outcome(status=ExitCode.NOT_THE_COMMAND, said=(fate(stage, lost.ending).says,))
    if done.ending is Ending.TIMED_OUT:
        return Outcome(status=ExitCode.TIMED_OUT, said=(f"the command did not end within {timeout:g} s",))
    if done.status is None:
        return Outcome(status=ExitCode.NOT_THE_COMMAND, said=(fate(stage, done.ending).says,))
    return Outcome(status=done.status, said=_oops(stage))


def _our_files() -> Files:
    """Our standard streams. The number of one that was closed before we began is another file's by now."""
    if sys.stdin and sys.stdout and sys.stderr:
        return Files()
    null = os.open(os.devnull, os.O_RDWR)
    return Files(
        stdin=0 if sys.stdin else null, stdout=1 if sys.stdout else null, stderr=2 if sys.stderr else null
    )


def _oops(stage: Stage) -> tuple[str, ...]:
    """What the kernel said when it lost a thread of its own, if it did: the command may not know."""
    seen = sightings(read_log(stage.vm.plan.console_log))
    texts = [sighting.text for sighting in seen if sighting.word is Word.OOPS]
    return tuple(f"the guest's kernel failed meanwhile: {text}" for text in texts[:1])


def _fetch(stage: Stage, errand: Errand) -> tuple[str, ...]:
    """What could not be brought back, and why. A guest that is gone by now is no error of labkit's."""
    if not errand.fetch:
        return ()
    from labkit.guest.fetch import fetch

    if not stage.vm.alive:
        return ("nothing was fetched: the guest is gone",)
    try:
        left_out = fetch(stage.guest, errand.fetch, errand.into, stage.pace.deadline(_FETCH_SECONDS, "fetch"))
    except (LabkitError, OSError) as error:
        return (f"not all was fetched: {error}",)
    return tuple(f"not fetched: {sentence}" for sentence in left_out)


def _keep_console(stage: Stage, target: Path | None) -> tuple[str, ...]:
    if target is None:
        return ()
    try:
        shutil.copyfile(stage.vm.plan.console_log, target)
    except OSError as error:
        return (f"the console was not kept: {error}",)
    return ()

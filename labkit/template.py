"""Hallway: templates: guests booted once, proven, frozen and kept, of which every run takes a clone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import filelock

from labkit.act import CAPTURE_SECONDS, Past, load_past, play_opening, write_past
from labkit.boot import entered, launch_plan, load_cargo, ready, settled
from labkit.build.cache import Cache
from labkit.build.key import content_key
from labkit.build.trees import allocated
from labkit.guest.arrive import leave, rehearse
from labkit.guest.keys import KeyFiles, make_keys
from labkit.guest.tiers import doors
from labkit.guest.wire import hear_greeting
from labkit.model.artefact import Artefact, ArtefactKind
from labkit.model.errors import DeadlineExpired, UsageError
from labkit.model.machine import MachineSpec
from labkit.model.rows import TemplateRow
from labkit.model.units import Deadline, Size
from labkit.order import DEPLOY_SECONDS, QEMU_SECONDS, Clock, Order
from labkit.places import Places, places
from labkit.qemu.argv import argv
from labkit.qemu.binary import load_identity
from labkit.qemu.launch import Frozen
from labkit.qemu.live import live_folder
from labkit.qemu.template import SEAL, Sealed, check_seal, seal

KEPT_BYTES = Size.gib(16)  # of disk for all templates together: those of all labs on two kernels take 13
KEPT_DAYS = 30.0
_LAYOUT = "2"  # of a template's files
_PAST = "past.json"
_GREETING = "greeting"
_USED = "used"
_TURN_SECONDS = 1800.0  # for the boots of other labkits before this one's
_ELSEWHERE = Path("/labkit")  # stands in a key for the folders that differ from run to run


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A frozen guest, and what it had seen before it was."""

    artefact: Artefact
    past: Past

    @property
    def folder(self) -> Path:
        return self.artefact.path

    @property
    def greeting(self) -> bytes:
        """What the guest's dropbear said before it was frozen; it waits for the other side's greeting."""
        return (self.folder / _GREETING).read_bytes()


def find_or_make(order: Order, clock: Clock) -> Template:
    """The template of an ordered guest; booted and frozen now if it is not there or no longer what it was.

    Two that want the same one at once make it once. Raises Broken when the guest does not come up as
    declared, HostError when this machine has no room.
    """
    cache = Cache(order.here.cache)
    name, key = _name(order.machine), _key(order)
    found = cache.find(ArtefactKind.TEMPLATE, name, key)
    if found is not None and not _is_whole(cache, found):
        clock.warn("template", "the template's files were changed since it was made; it is made again")
        cache.remove(found)
        found = None
    if found is None:
        with _turn(order.here):
            found = cache.get_or_build(
                ArtefactKind.TEMPLATE,
                name,
                key,
                lambda data: _make(order, clock, data),
                clock.listen,
                room=Size(2 * order.machine.memory),
            )
            seal(found.path, _beside(found, SEAL))
        _evict(cache, keep=found)
    _beside(found, _USED).touch()
    return Template(artefact=found, past=load_past(found.path / _PAST))


def discard(order: Order, template: Template) -> None:
    """Forget a template that yields no guest."""
    Cache(order.here.cache).remove(template.artefact)


def listing() -> tuple[TemplateRow, ...]:
    """What templates there are, the last used first."""
    held = sorted(_held(Cache(places().cache)), key=_last_used, reverse=True)
    return tuple(_row(artefact) for artefact in held)


def remove(names: tuple[str, ...], *, everything: bool) -> tuple[TemplateRow, ...]:
    """Remove templates by name or by the start of their key; tells what went. Raises UsageError."""
    cache = Cache(places().cache)
    held = _held(cache)
    for name in names:
        if not any(_is_called(artefact, name) for artefact in held):
            raise UsageError(
                where="NAME", found=f"no template called '{name}'", fix="see `labkit template list`"
            )
    doomed = [it for it in held if everything or any(_is_called(it, name) for name in names)]
    rows = tuple(_row(artefact) for artefact in doomed)
    for artefact in doomed:
        cache.remove(artefact)
    return rows


def _held(cache: Cache) -> tuple[Artefact, ...]:
    return tuple(artefact for artefact in cache.list() if artefact.kind is ArtefactKind.TEMPLATE)


def _is_called(artefact: Artefact, name: str) -> bool:
    return artefact.name == name or artefact.key.startswith(name)


def _row(artefact: Artefact) -> TemplateRow:
    return TemplateRow(
        name=artefact.name,
        key=artefact.key,
        bytes=allocated(artefact.path),
        seconds=artefact.seconds,
        used_at=_last_used(artefact),
    )


def _make(order: Order, clock: Clock, data: Path) -> None:
    """Boot the guest on memory that stays, prove it, rehearse, play its opening, freeze it with nobody in."""
    pace = order.pace
    with live_folder(order.here.live) as live:
        keys = make_keys(data)
        load_cargo(order.opening.cargo if order.opening else {}, live)  # laid out by the rehearsal
        plan = replace(launch_plan(order, live, keys.files, Frozen(folder=data, making=True)), record=live)
        with ready(order, plan, clock) as vm:
            with entered(order, vm, keys, clock) as guest:
                seen = settled(order, guest, clock)
                with clock.phase("rehearse"):
                    rehearse(guest, pace.deadline(DEPLOY_SECONDS, "rehearsal"))
                past = Past(boot_files=seen)
                if order.opening:
                    with clock.phase("opening", text=" ".join(step.name for step in order.opening.steps)):
                        past = play_opening(guest, order.opening, pace, order.tier, seen)
                leave(guest, pace.deadline(CAPTURE_SECONDS, "farewell"))
            with clock.phase("freeze"):
                deadline = pace.deadline(QEMU_SECONDS, "freeze")
                (data / _GREETING).write_bytes(hear_greeting(vm.door, deadline))
                vm.freeze(deadline)
    write_past(data / _PAST, past)


def _key(order: Order) -> str:
    """All that shapes the guest: image, kernel, machine, command line, QEMU, accelerator, modules, opening.

    The command line names the artefacts, and their folders' names are their own keys.
    """
    here = Frozen(folder=_ELSEWHERE, making=True)
    plan = replace(launch_plan(order, _ELSEWHERE, KeyFiles(_ELSEWHERE), here), record=_ELSEWHERE)
    base = order.platform
    qemu = load_identity(plan.binary, order.here.probes, Deadline.after(QEMU_SECONDS, "QEMU's version"))
    return content_key(
        "template",
        _LAYOUT,
        *argv(order.machine, plan),
        repr(order.machine),
        qemu,
        base.image.key,
        base.pack.key,
        *(module.digest for module in order.modules),
        doors(order.tier),
        order.opening.digest if order.opening else "",
    )


def _name(machine: MachineSpec) -> str:
    return f"{machine.kernel}-{len(machine.nodes)}nodes-{machine.memory}"


@contextmanager
def _turn(here: Places) -> Iterator[None]:
    """One boot at a time on this machine, whoever asks: four at once take three times as long as one."""
    lock = filelock.FileLock(here.cache / "locks" / "boot.lock")
    lock_folder = here.cache / "locks"
    lock_folder.mkdir(parents=True, exist_ok=True)
    try:
        with lock.acquire(timeout=_TURN_SECONDS):
            yield
    except filelock.Timeout:
        raise DeadlineExpired(
            phase="wait for other guests' boots",
            seconds=_TURN_SECONDS,
            where=str(lock.lock_file),
            fix=f"see who holds it: fuser {lock.lock_file}",
        ) from None


def _is_whole(cache: Cache, artefact: Artefact) -> bool:
    match check_seal(artefact.path, _beside(artefact, SEAL)):
        case Sealed.WHOLE:
            return True
        case Sealed.BROKEN:
            return False
        case Sealed.UNSURE:
            whole = cache.verify(artefact)
            if whole:
                seal(artefact.path, _beside(artefact, SEAL))
            return whole


def _beside(artefact: Artefact, name: str) -> Path:
    return artefact.path.parent / name


def _last_used(artefact: Artefact) -> float:
    """Seconds since the epoch; one without the mark was just made, or is just being removed by another."""
    for path in (_beside(artefact, _USED), artefact.path.parent):
        with suppress(FileNotFoundError):
            return path.stat().st_mtime
    return 0.0


def _evict(cache: Cache, keep: Artefact) -> None:
    """Forget templates that nobody used for a month, then the longest unused until the rest fits."""
    held = [artefact for artefact in _held(cache) if artefact.key != keep.key]
    room = KEPT_BYTES - allocated(keep.path)
    for artefact in sorted(held, key=_last_used, reverse=True):
        with suppress(FileNotFoundError):  # another evicts as well
            room -= allocated(artefact.path)
        if room < 0 or time.time() - _last_used(artefact) > KEPT_DAYS * 86400:
            cache.remove(artefact)

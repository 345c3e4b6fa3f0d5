"""Hallway: guests that stand just now and may be looked at from outside: those that a person was let into.

A guest of `labkit run` announces nothing: its monitor is its own onlooker's, and a stop of ours would be in
its evidence.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit.model.errors import Broken, HostError
from labkit.model.events import Listener
from labkit.model.machine import MachineSpec
from labkit.model.physical import ram_ranges
from labkit.model.units import Pace
from labkit.model.witness import Probe, Reading
from labkit.places import Places
from labkit.provision import platform
from labkit.qemu.launch import WITNESS_SOCKET
from labkit.qemu.live import abandoned
from labkit.stage import Stage
from labkit.store import codec
from labkit.store.disk import write_whole

if TYPE_CHECKING:
    from labkit.witness.memory import Memory

CARD = "guest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a guest's owner tells those who would look at it: QEMU is process `pid`.

    `nonce` is what its pages may be tagged with (model/tags.py), empty for nothing.
    """

    who: str
    machine: MachineSpec
    pid: int
    nonce: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A guest that was announced, and the folder of its sockets."""

    card: Card
    folder: Path


@contextmanager
def announced(stage: Stage, machine: MachineSpec, who: str, nonce: str = "") -> Iterator[None]:
    """The guest may be looked at within."""
    path = stage.vm.plan.live / CARD
    card = Card(who=who, machine=machine, pid=stage.vm.pid, nonce=nonce)
    write_whole(path, codec.to_text(card).encode())
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def standing(here: Places) -> tuple[Standing, ...]:
    """The guests that stand, the one announced last first."""
    dead = abandoned(here.live)
    found: list[tuple[float, Standing]] = []
    for path in here.live.glob(f"*/{CARD}"):
        try:
            card: Card = codec.from_text(Card, path.read_text(encoding="utf-8"))
            since = path.stat().st_mtime
        except (OSError, codec.CodecError):  # it goes just now, or is another labkit's
            continue
        if path.parent not in dead:
            found.append((since, Standing(card=card, folder=path.parent)))
    return tuple(guest for _, guest in sorted(found, key=lambda pair: pair[0], reverse=True))


def named(guests: tuple[Standing, ...], word: str) -> tuple[Standing, ...]:
    """Those of a lab, or the one whose QEMU is that process."""
    return tuple(it for it in guests if word in (it.card.who.split(",")[0], str(it.card.pid)))


def look(here: Places, guest: Standing, probes: tuple[Probe, ...], listen: Listener) -> Reading:
    """Stop the guest for an instant and read; with its tagged pages, if it may have any.

    Raises HostError where this user may not read another process' memory, Broken when the guest goes.
    """
    from labkit.onlooker import LOOK_SECONDS, PHASE
    from labkit.witness.attach import TagsOf, attach

    with _met(here, guest, listen) as (pace, how), attach(**how) as witness:
        nonce = guest.card.nonce
        tags = TagsOf(nonce=int(nonce, 16), swap=None) if nonce else None
        return witness.read(probes, pace.deadline(LOOK_SECONDS, PHASE), tags=tags)


@contextmanager
def peeked(here: Places, guest: Standing, listen: Listener) -> Iterator[Memory]:
    """The guest's memory, while it runs on. Raises what `look` does."""
    from labkit.witness.attach import peek

    with _met(here, guest, listen) as (_, how), peek(**how) as memory:
        yield memory


@contextmanager
def _met(here: Places, guest: Standing, listen: Listener) -> Iterator[tuple[Pace, dict[str, Any]]]:
    """What attaching to a guest takes; within, what goes wrong is told of the guest."""
    from labkit.onlooker import LOOK_SECONDS, PHASE, require_symbols

    card = guest.card
    base = platform(here, card.machine.kernel, "auto", listen, symbols=True)
    pace = Pace(factor=base.probe.factor)
    sizes = tuple(node.memory for node in card.machine.nodes)
    how = {
        "socket": guest.folder / WITNESS_SOCKET,
        "symbols": require_symbols(base),
        "pid": card.pid,
        "ranges": ram_ranges(sizes, card.machine.max_ram_below_4g),
        "deadline": pace.deadline(LOOK_SECONDS, PHASE),
    }
    try:
        yield pace, how
    except HostError as error:
        raise HostError(
            where=f"the guest of process {card.pid}",
            found=error.found,
            fix="it is no child of ours: allow that (sysctl kernel.yama.ptrace_scope=0), or look as root",
        ) from error
    except Broken as error:
        raise Broken(
            where=f"the guest of process {card.pid}",
            found=error.found,
            fix="it may have ended just now: look again",
        ) from error

"""Hallway: the host looks into a scene's guest: when the lab says so, and in official runs unannounced too.

A reading stands in the run directory as soon as it was made.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.guest.door import Ending, GuestLost
from labkit.model.errors import Broken, HostError
from labkit.model.events import silent
from labkit.model.evidence import during_step
from labkit.model.lab import RunsAs, Scene, Step
from labkit.model.physical import ram_ranges
from labkit.model.witness import Look, Probe
from labkit.order import Clock
from labkit.provision import Platform
from labkit.qemu.launch import SWAP
from labkit.stage import Stage
from labkit.store.writer import SceneWriter

if TYPE_CHECKING:
    from labkit.witness.attach import TagsOf, Witness

PHASE = "witness"
LOOK_SECONDS = 20.0  # a look takes 0.02 s; several guests of one kernel take turns
DYING_SECONDS = 2.0  # that QEMU may take to end when its guest panicked under a look
# When a student's step is looked at unannounced: its programs need 0.1 s to start under TCG.
EARLIEST_SECONDS, LATEST_SECONDS = 0.1, 0.8
# 0.01 s all together
_CHEAP = {Probe.TASKS, Probe.MEMCGS, Probe.VMSTAT, Probe.TOTALS, Probe.THP, Probe.HUGEPAGES}


@dataclass(slots=True, kw_only=True)
class Onlooker:
    """Looks into one guest, and writes down what it sees. Without a witness nobody asked for anything."""

    stage: Stage
    writer: SceneWriter
    witness: Witness | None = None
    usual: Look | None = None
    unannounced: bool = False
    tags: TagsOf | None = None

    def look(self, moment: str, look: Look | None) -> None:
        """Read what is asked for, if anything is. Raises GuestLost when the guest is gone, Broken."""
        if look is None or self.witness is None:
            return
        deadline = self.stage.pace.deadline(LOOK_SECONDS, PHASE)
        with self.stage.clock.phase(PHASE):
            try:
                reading = self.witness.look(look, deadline, self.tags)
            except Broken:
                if self._dies():
                    raise GuestLost(ending=Ending.LOST, where=f"guest, {PHASE}") from None
                raise
        self.writer.witness(moment, reading)

    @contextmanager
    def during(self, step: Step) -> Iterator[None]:
        """In an official run, a look at an instant of a student's step, drawn now, if it lasts so long.

        What cannot be read then is no evidence: what the guest does to itself, the looks that follow tell.
        """
        look = _cheap(step.witness or self.usual)
        if not self.unannounced or self.witness is None or look is None or step.runs_as is RunsAs.LABKIT:
            yield
            return
        ended = threading.Event()
        delay = random.SystemRandom().uniform(EARLIEST_SECONDS, LATEST_SECONDS)
        full: list[HostError] = []

        def glance() -> None:
            if ended.wait(delay):
                return
            quiet = replace(self, stage=replace(self.stage, clock=Clock(scope="", listen=silent)))
            try:
                with suppress(Broken, GuestLost):
                    quiet.look(during_step(step.name), look)
            except HostError as error:
                full.append(error)

        thread = threading.Thread(target=glance, name=f"look during {step.name}")
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
        if full:
            raise full[0]

    def _dies(self) -> bool:
        for _ in self.stage.pace.deadline(DYING_SECONDS, PHASE).polls(0.05):
            if not self.stage.vm.alive:
                return True
        return False


@contextmanager
def looking(
    scene: Scene,
    stage: Stage,
    platform: Platform,
    writer: SceneWriter,
    *,
    nonce: str = "",
    unannounced: bool = False,
) -> Iterator[Onlooker]:
    """Who looks into the scene's guest, attached before any code of a student's runs there.

    `nonce` is what the pages are tagged with that a look may search for, in hexadecimal digits.
    Raises HostError without symbols of the kernel, Broken when the guest's memory cannot be read.
    """
    if not scene.looks:
        yield Onlooker(stage=stage, writer=writer)
        return
    from labkit.witness.attach import TagsOf, attach

    swap = stage.vm.plan.live / f"{SWAP}.raw" if scene.machine.swap is not None else None
    nodes = tuple(node.memory for node in scene.machine.nodes)
    with ExitStack() as stack:
        with stage.clock.phase(PHASE):
            witness = stack.enter_context(
                attach(
                    stage.vm.plan.witness_socket,
                    require_symbols(platform),
                    pid=stage.vm.pid,
                    ranges=ram_ranges(nodes, scene.machine.max_ram_below_4g),
                    deadline=stage.pace.deadline(LOOK_SECONDS, PHASE),
                )
            )
        yield Onlooker(
            stage=stage,
            writer=writer,
            witness=witness,
            usual=scene.witness,
            unannounced=unannounced,
            tags=TagsOf(nonce=int(nonce, 16), swap=swap) if nonce else None,
        )


def require_symbols(platform: Platform) -> Path:
    """The symbols of a platform's kernel. Raises HostError where it has none."""
    if platform.pack.symbols is None:
        raise HostError(
            where=f"kernel pack '{platform.pack.name}'",
            found="it has no debug symbols, without which the host cannot read a guest's memory",
            fix="add the kernel again with --vmlinux FILE, built with CONFIG_DEBUG_INFO",
        )
    return platform.pack.symbols


def _cheap(look: Look | None) -> Look | None:
    """What of a look takes so little time that one more of it disturbs nothing."""
    wanted = tuple(probe for probe in look.probes if probe in _CHEAP) if look else ()
    return Look(probes=wanted) if wanted else None

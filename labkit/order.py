"""Hallway: a guest as it is ordered, what it takes of this host, and what is said while it is made."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from labkit.act import Cargo, Opening
from labkit.model.artefact import Module
from labkit.model.events import Event, Listener, Mood
from labkit.model.lab import Tier
from labkit.model.machine import Accel, MachineSpec
from labkit.model.need import Capacity, Need
from labkit.model.units import Pace, Size
from labkit.places import Places
from labkit.pools.cancel import CancellablePace, Token
from labkit.pools.capacity import load_capacity
from labkit.provision import Platform

# Seconds on the reference host under TCG, each with room for a host that is twice as busy as its probe said:
# QEMU's monitor answers in 0.1 s, a 640 MiB guest is ready in 4 s, SSH in 0.3 s.
QEMU_SECONDS = 20.0
BOOT_SECONDS = 60.0
SSH_SECONDS = 30.0
DEPLOY_SECONDS = 60.0

QEMU_MEMORY = Size.mib(100)  # beside the guest's own: QEMU, and TCG's translations
CPUS_A_CORE = 3  # of guests'; two of lab2's, with two CPUs each, leave a tenth of two cores idle


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A guest as it is wanted. QEMU writes to the folder `record`; `modules` are labkit's own, loaded first.

    Then it is held to its `tier`; one without is nobody's but its caller's.

    `cargo` lies in its /lab: name → (content or host file, mode). `cold` boots it from nothing; otherwise it
    is a clone of a template, which is made on first need and in which `opening`, if there is one, is played.
    When `token` is cancelled the guest is ended at once, and every wait for it gives up.
    """

    machine: MachineSpec
    platform: Platform
    modules: tuple[Module, ...] = ()
    tier: Tier | None = None
    record: Path
    here: Places
    cargo: Cargo = field(default_factory=dict)
    opening: Opening | None = None
    cold: bool = False
    on_argv: Callable[[str], None] = lambda _: None
    token: Token = field(default_factory=Token)

    @property
    def pace(self) -> Pace:
        return CancellablePace(factor=self.platform.probe.factor, token=self.token)


def guest_need(machine: MachineSpec, accel: Accel) -> Need:
    """What a guest takes of a host's `guest_capacity` while it lives."""
    return Need(
        cpus=machine.cpus,
        memory=Size(machine.memory + QEMU_MEMORY),
        kvm=accel is Accel.KVM,
    )


def guest_capacity(accel: Accel) -> Capacity:
    """What this host has for guests at once; its cores are told as the guests' CPUs that they bear."""
    capacity = load_capacity(kvm=accel is Accel.KVM)
    return replace(capacity, cpus=capacity.cpus * CPUS_A_CORE)


@dataclass(slots=True, kw_only=True)
class Clock:
    """Seconds by phase, told to the listener as they pass. No phase begins once `token` is cancelled."""

    scope: str
    listen: Listener
    token: Token = field(default_factory=Token)
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str, text: str = "") -> Iterator[None]:
        self.token.check()
        began = time.monotonic()
        self.listen(Event(scope=self.scope, phase=name, mood=Mood.BEGIN, text=text))
        try:
            yield
        except BaseException:
            self.listen(Event(scope=self.scope, phase=name, mood=Mood.FAILED, text=text))
            raise
        took = time.monotonic() - began
        self.seconds[name] = round(self.seconds.get(name, 0.0) + took, 3)
        self.listen(Event(scope=self.scope, phase=name, mood=Mood.DONE, text=text, seconds=took))

    def warn(self, phase: str, text: str) -> None:
        self.listen(Event(scope=self.scope, phase=phase, mood=Mood.WARN, text=text))

"""A real guest for tests and benchmarks, put up by the same code as a lab's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labkit.act import Cargo
from labkit.model.events import Listener, silent
from labkit.model.lab import Tier
from labkit.model.machine import MachineSpec
from labkit.order import Clock, Order
from labkit.places import places
from labkit.provision import own_module, platform
from labkit.stage import Stage, raised


@contextmanager
def raise_guest(
    machine: MachineSpec,
    record: Path,
    *,
    kmod: bool = False,
    tier: Tier | None = None,
    cold: bool = False,
    cargo: Cargo | None = None,
    listen: Listener = silent,
) -> Iterator[Stage]:
    """A guest, kmod/ loaded if wanted; a clone unless it is to be `cold`. QEMU's logs go to `record`."""
    here = places()
    base = platform(here, machine.kernel, "auto", silent)
    order = Order(
        machine=machine,
        platform=base,
        modules=(own_module(here, base.pack, silent),) if kmod else (),
        tier=tier,
        record=record,
        here=here,
        cargo=cargo or {},
        cold=cold,
    )
    with raised(order, Clock(scope="test", listen=listen)) as stage:
        yield stage

"""Hallway: a guest from nothing: booted, its topology proven, labkit's own modules loaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from labkit.act import CAPTURE_SECONDS, Cargo
from labkit.grade.topology import TOPOLOGY_PATHS, mismatches
from labkit.guest.attendant import write_cargo
from labkit.guest.capture import Captured, capture
from labkit.guest.deploy import Load, Loaded, load_module
from labkit.guest.keys import GuestKeys, KeyFiles
from labkit.guest.logbook import READY, wait_said
from labkit.guest.login import connect
from labkit.guest.ssh import Guest
from labkit.guest.tiers import enforce
from labkit.model.errors import Broken, SubmissionError
from labkit.model.machine import MachineSpec
from labkit.model.units import Size
from labkit.order import (
    BOOT_SECONDS,
    DEPLOY_SECONDS,
    QEMU_SECONDS,
    SSH_SECONDS,
    Clock,
    Order,
)
from labkit.qemu.launch import Drive, Frozen, FwCfgFile, LaunchPlan
from labkit.qemu.process import Vm, start

CARGO = "cargo.raw"
CARGO_BYTES = Size.gib(4)


def launch_plan(order: Order, live: Path, keys: KeyFiles, frozen: Frozen | None = None) -> LaunchPlan:
    """How the ordered guest is launched; `frozen` says from which template, or for which."""
    base = order.platform
    return LaunchPlan(
        accel=base.probe.accel,
        vmlinuz=base.pack.vmlinuz,
        initramfs=base.pack.initramfs,
        live=live,
        record=order.record,
        drives=(
            Drive(serial="root", path=base.image.root),
            Drive(serial="modules", path=base.pack.modules),
            Drive(serial="cargo", path=live / CARGO),
        ),
        fw_cfg=(
            FwCfgFile(name="opt/labkit/authorized_key", path=keys.authorized_key),
            FwCfgFile(name="opt/labkit/host_key", path=keys.host_key),
        ),
        frozen=frozen,
    )


def load_cargo(cargo: Cargo, live: Path) -> None:
    """Write the disk that brings a guest its files. Raises SubmissionError when they are too many bytes."""
    with (live / CARGO).open("xb") as disk:
        if cargo:
            write_cargo(disk, cargo)
        if disk.tell() > CARGO_BYTES:
            raise SubmissionError(
                where="files for the guest",
                found=f"{disk.tell() >> 20} MiB in all",
                fix=f"keep them below {CARGO_BYTES}",
            )
        disk.truncate(CARGO_BYTES)  # a hole: always the same disk to the guest, which saw it when frozen


@contextmanager
def ready(order: Order, plan: LaunchPlan, clock: Clock) -> Iterator[Vm]:
    """A guest that waits for its first connection. Raises what start and wait_said raise."""
    pace = order.pace
    with ExitStack() as stack:
        with clock.phase("boot", text="QEMU and the kernel"):
            vm = stack.enter_context(
                start(order.machine, plan, pace.deadline(QEMU_SECONDS, "QEMU start"), pace=pace)
            )
            deadline = pace.deadline(BOOT_SECONDS, "boot")
            wait_said(plan.console_log, READY, deadline, alive=lambda: vm.alive)
        yield vm


@contextmanager
def entered(order: Order, vm: Vm, keys: GuestKeys, clock: Clock, heard: bytes = b"") -> Iterator[Guest]:
    """The connection to a guest. Raises what connect raises."""
    with ExitStack() as stack:
        with clock.phase("connect", text="SSH"):
            deadline = order.pace.deadline(SSH_SECONDS, "SSH")
            guest = stack.enter_context(connect(vm.door, keys, deadline, heard=heard))
        yield guest


def settled(order: Order, guest: Guest, clock: Clock) -> tuple[Captured, ...]:
    """The files that prove the topology, once it is, modules are in and the tier holds. Raises Broken."""
    pace = order.pace
    with clock.phase("prove", text="topology"):
        seen = capture(guest, TOPOLOGY_PATHS, pace.deadline(CAPTURE_SECONDS, "topology")).files
        _prove(order.machine, seen)
    for module in order.modules:
        with clock.phase("module", text=module.name):
            deadline = pace.deadline(DEPLOY_SECONDS, f"module {module.name}")
            _require(load_module(guest, module.path, deadline))
    if order.tier is not None:
        with clock.phase("tier", text=order.tier.value):
            enforce(guest, order.tier, pace.deadline(DEPLOY_SECONDS, f"tier {order.tier.value}"))
    return seen


def _prove(machine: MachineSpec, seen: tuple[Captured, ...]) -> None:
    texts = {file.path: file.data.decode("utf-8", "replace") for file in seen if file.data is not None}
    differences = mismatches(machine, texts)
    if differences:
        raise Broken(
            where="topology of the guest",
            found=differences[0],
            fix="report this with the run directory: what was declared is not what booted",
            detail="\n".join(differences),
        )


def _require(own: Loaded) -> None:
    """labkit's own module must load; what becomes of a lab's or a student's is evidence."""
    if own.load is not Load.LOADED:
        raise Broken(
            where="labkit's kernel module",
            found=f"{own.load.value}: {own.message}",
            fix="report this with the run directory",
            detail="\n".join(record.text for record in own.dmesg[-12:]),
        )

"""What a launch needs beside the machine itself: which QEMU, which kernel, which files, which folders."""

from __future__ import annotations

import errno
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from labkit.model.errors import HostError
from labkit.model.machine import Accel, MachineSpec

BINARY = "qemu-system-x86_64"
SWAP = "swap"  # the serial of the swap disk
WITNESS_SOCKET = "witness.sock"
SUN_PATH = 107  # struct sockaddr_un holds 108 bytes with the final NUL, <linux/un.h>


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """A raw file that the guest sees as a virtio disk with this serial."""

    serial: str
    path: Path
    readonly: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FwCfgFile:
    """A file the guest reads through fw_cfg under `name` ('opt/labkit/…')."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """The folder of a template: each node's memory, each writable disk, and the rest of the guest's state.

    A guest that is `making` it maps the memory shared and leaves it there; a clone maps it privately.
    """

    folder: Path
    making: bool = False

    def ram(self, node: int) -> Path:
        return self.folder / f"ram{node}"

    def disk(self, serial: str) -> Path:
        return self.folder / f"{serial}.raw"

    @property
    def state(self) -> Path:
        return self.folder / "state"


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchPlan:
    """How one guest is launched.

    `live` is the guest's own short-lived folder: sockets, swap and extra disks. `record` is kept:
    console.log, qemu.log, qmp.jsonl. `drives` are the finished read-only ones (root, modules); swap and
    extra disks follow from the machine. `init` is appended to the kernel's command line and starts another
    first program than the initramfs' own. A `paused` guest waits for `cont`. `frozen` makes a template of the
    guest, or makes the guest of a template.
    """

    accel: Accel
    vmlinuz: Path
    initramfs: Path
    live: Path
    record: Path
    drives: tuple[Drive, ...] = ()
    fw_cfg: tuple[FwCfgFile, ...] = ()
    init: str = ""
    paused: bool = False
    frozen: Frozen | None = None
    binary: str = BINARY

    @property
    def template(self) -> Frozen | None:
        """The template that this guest is a clone of."""
        return self.frozen if self.frozen and not self.frozen.making else None

    @property
    def console_socket(self) -> Path:
        return self.live / "console.sock"

    @property
    def door_socket(self) -> Path:
        return self.live / "door.sock"

    @property
    def qmp_socket(self) -> Path:
        return self.live / "qmp.sock"

    @property
    def witness_socket(self) -> Path:
        """A second monitor, for whoever reads the guest's memory: one takes one connection at a time."""
        return self.live / WITNESS_SOCKET

    @property
    def console_log(self) -> Path:
        return self.record / "console.log"

    @property
    def qemu_log(self) -> Path:
        return self.record / "qemu.log"

    @property
    def qmp_log(self) -> Path:
        return self.record / "qmp.jsonl"


def scratch_drives(spec: MachineSpec, plan: LaunchPlan) -> tuple[Drive, ...]:
    """The writable disks the machine declares, as files of the live folder."""
    serials = ([SWAP] if spec.swap is not None else []) + [disk.serial for disk in spec.disks]
    return tuple(Drive(serial=name, path=plan.live / f"{name}.raw", readonly=False) for name in serials)


def make_scratch_disks(spec: MachineSpec, plan: LaunchPlan) -> None:
    """Create the writable disks as sparse files of the declared sizes, a clone's with its template's content.

    Raises HostError.
    """
    sizes = ([spec.swap] if spec.swap is not None else []) + [disk.size for disk in spec.disks]
    for drive, size in zip(scratch_drives(spec, plan), sizes, strict=True):
        try:
            with drive.path.open("xb") as file:
                file.truncate(size)
                if plan.template:
                    copy_data(plan.template.disk(drive.serial), file)
        except OSError as error:
            raise HostError(
                where=f"disk '{drive.serial}' of the guest",
                found=f"cannot create {drive.path} ({size}): {error.strerror}",
                fix="free some space, or choose another cache folder with LABKIT_CACHE",
            ) from error


def check_socket_paths(plan: LaunchPlan) -> None:
    """Refuse a live folder whose path is too long for a Unix socket. Raises HostError."""
    longest = max(len(bytes(path)) for path in (plan.console_socket, plan.witness_socket))
    if longest > SUN_PATH:
        raise HostError(
            where=str(plan.live),
            found=f"a socket in it needs a path of {longest} bytes, Linux allows {SUN_PATH}",
            fix="choose a cache folder with a shorter path with LABKIT_CACHE",
        )


def copy_data(source: Path, target: BinaryIO) -> None:
    """Copy what is not a hole of `source` to the same places of `target` (lseek(2): SEEK_DATA)."""
    with source.open("rb") as file:
        end = source.stat().st_size
        at = _next_data(file.fileno(), 0)
        while at < end:
            stop = os.lseek(file.fileno(), at, os.SEEK_HOLE)
            target.seek(at)
            file.seek(at)
            target.write(file.read(stop - at))
            at = _next_data(file.fileno(), stop)


def _next_data(descriptor: int, start: int) -> int:
    """Where data begins at or behind `start`; beyond any file if there is none."""
    try:
        return os.lseek(descriptor, start, os.SEEK_DATA)
    except OSError as error:
        if error.errno == errno.ENXIO:
            return sys.maxsize
        raise

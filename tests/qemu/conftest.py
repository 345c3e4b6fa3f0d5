"""Plans for launches that need no kernel of their own: the guest stays paused."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from qemu_machines import PlanMaker, render_empty_kernel

from labkit.build.cache import Cache
from labkit.build.pack import pack
from labkit.model.artefact import KernelPack
from labkit.model.events import silent
from labkit.model.machine import Accel
from labkit.places import places
from labkit.qemu.launch import LaunchPlan
from labkit.qemu.live import live_folder


@pytest.fixture
def short_tmp() -> Iterator[Path]:
    """A folder whose path leaves room for a socket's name; pytest's own can be too long for one."""
    with tempfile.TemporaryDirectory(prefix="lk-") as folder:
        yield Path(folder)


@pytest.fixture
def make_plan(short_tmp: Path) -> Iterator[PlanMaker]:
    """Plans of paused guests. QEMU loads a kernel before it pauses: an empty one stands in."""
    kernel, initramfs = short_tmp / "vmlinuz", short_tmp / "initramfs"
    kernel.write_bytes(render_empty_kernel())
    initramfs.write_bytes(b"\0" * 512)
    with live_folder(short_tmp / "live") as live:

        def make(**changes: object) -> LaunchPlan:
            record = Path(tempfile.mkdtemp(dir=short_tmp, prefix="record-"))
            own = Path(tempfile.mkdtemp(dir=live))
            given: dict[str, object] = {
                "accel": Accel.TCG,
                "vmlinuz": kernel,
                "initramfs": initramfs,
                "live": own,
                "record": record,
                "paused": True,
                **changes,
            }
            return LaunchPlan(**given)  # type: ignore[arg-type]

        yield make


@pytest.fixture(scope="session")
def real_pack() -> KernelPack:
    """A kernel of the user's own cache, built there if it is not yet."""
    here = places()
    return pack(Cache(here.cache), "6.12", here.images, silent)

"""Hallway: what this machine can do for labkit and what it lacks, looked at without changing anything.

Every look has a deadline of its own and runs on a thread, because a dead network mount answers nobody.
"""

from __future__ import annotations

import grp
import os
import platform
import shlex
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from labkit.build.cache import Cache
from labkit.build.kernel import load_kernel
from labkit.build.namespaces import are_walls_refused, blocking_switch, enter_namespace
from labkit.build.pack import pack_names
from labkit.build.tools import PACKAGES, find_tool
from labkit.build.trees import allocated
from labkit.model.artefact import Artefact, ArtefactKind, KernelPack
from labkit.model.errors import HostError, LabkitError
from labkit.model.events import silent
from labkit.model.health import Health, Page, Symptom
from labkit.model.machine import Accel, MachineSpec, Node
from labkit.model.units import Deadline, Size
from labkit.order import guest_capacity, guest_need
from labkit.places import Places, places
from labkit.qemu.accel import KVM_DEVICE, kvm_refusal, probe
from labkit.qemu.binary import load_version
from labkit.qemu.launch import BINARY, SUN_PATH
from labkit.qemu.live import abandoned

Look = Callable[[], "tuple[Symptom, ...]"]

_SECONDS = 20.0
_BOOT_SECONDS = 120.0  # the accelerator is looked at by booting a small guest, the first time
_HALF = Node(memory=Size.mib(320))  # of a usual lab's guest
_CACHE_ROOM = Size.gib(4)  # what image, packs and their making take
_RUN_ROOM = Size.mib(256)
_OLDEST_QEMU = (7, 2)


def examine(here: Places | None = None) -> Page:
    """Look at everything. Never hangs, never raises for what it finds, installs and builds nothing."""
    at = here or places()
    looks: tuple[tuple[str, float, Look], ...] = (
        ("labkit", _SECONDS, _labkit),
        ("system", _SECONDS, _system),
        ("QEMU", _SECONDS, _qemu),
        ("accelerator", _BOOT_SECONDS, lambda: _accelerator(at)),
        ("kernels", _SECONDS, lambda: _kernels(at)),
        ("cores, memory", _SECONDS, _capacity),
        ("disk", _SECONDS, lambda: _disk(at)),
        ("namespaces", _SECONDS, _namespaces),
        ("sandbox", _SECONDS, _sandbox),
        ("tools", _SECONDS, _tools),
        ("cache", _SECONDS, lambda: _cache(at)),
        ("live guests", _SECONDS, lambda: _live(at)),
    )
    found = [symptom for name, seconds, look in looks for symptom in _ask(name, seconds, look)]
    return Page(when=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), symptoms=tuple(found))


def _ask(name: str, seconds: float, look: Look) -> tuple[Symptom, ...]:
    """What a look found, or that it failed or never came back."""
    answer: list[tuple[Symptom, ...]] = []

    def run() -> None:
        try:
            answer.append(look())
        except LabkitError as error:
            answer.append((_problem(name, f"{error.where}: {error.found}", error.fix),))
        except Exception as error:  # noqa: BLE001 - one broken look must not hide what the others found
            answer.append((_warn(name, f"could not be looked at: {error!r}", "report this as a bug"),))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if answer:
        return answer[0]
    return (_warn(name, f"no answer within {seconds:.0f} s", "is a disk or the network stuck? see dmesg"),)


def _ok(name: str, found: str, remedy: str = "") -> Symptom:
    return Symptom(name=name, health=Health.OK, found=found, remedy=remedy)


def _warn(name: str, found: str, remedy: str) -> Symptom:
    return Symptom(name=name, health=Health.WARN, found=found, remedy=remedy)


def _problem(name: str, found: str, remedy: str) -> Symptom:
    return Symptom(name=name, health=Health.PROBLEM, found=found, remedy=remedy)


def _labkit() -> tuple[Symptom, ...]:
    python = f"Python {platform.python_version()} at {sys.executable}"
    return (_ok("labkit", f"{metadata.version('labkit')}, {python}"),)


def _system() -> tuple[Symptom, ...]:
    release = platform.freedesktop_os_release()
    found = f"{release.get('PRETTY_NAME', 'unknown')}, Linux {platform.release()} {platform.machine()}"
    if platform.machine() != "x86_64":
        return (_problem("system", found, "use a machine with an x86-64 CPU"),)
    if not {"debian", "ubuntu"} & {release.get("ID"), *release.get("ID_LIKE", "").split()}:
        return (_warn("system", found, "labkit is tested on Debian and Ubuntu: see tools below"),)
    who = "root" if os.geteuid() == 0 else "a plain user"
    return (_ok("system", f"{found}, as {who}"),)


def _qemu() -> tuple[Symptom, ...]:
    version = load_version(Deadline.after(_SECONDS / 2, "QEMU's version"))
    found = f"{version} at {shutil.which(BINARY)}"
    numbers = tuple(int(word) for word in version.split()[0].split(".")[:2])
    if numbers < _OLDEST_QEMU:
        return (_warn("QEMU", found, "labkit is tested with 7.2 and later"),)
    return (_ok("QEMU", found),)


def _accelerator(at: Places) -> tuple[Symptom, ...]:
    pack = _built_pack(Cache(at.cache))
    refusal = kvm_refusal()
    if pack is None:
        found = f"TCG: {refusal}" if refusal else "/dev/kvm opens; only a booted guest proves that it works"
        return (_warn("accelerator", found, _kvm_remedy(refusal) if refusal else "labkit image build"),)
    believed = probe(pack, at.probes, at.live, None, silent)
    found = (
        f"{believed.accel.value.upper()}: {believed.why}; this host takes {believed.factor} x reference time"
    )
    if believed.accel is Accel.TCG:
        return (_warn("accelerator", found, _kvm_remedy(refusal)),)
    return (_ok("accelerator", found),)


def _kvm_remedy(refusal: str) -> str:
    if not refusal:
        return "nothing need be done: labs run under TCG, only slower"
    if KVM_DEVICE.exists():
        owner = KVM_DEVICE.stat()
        if owner.st_mode & 0o060 == 0o060:
            return f'sudo adduser "$USER" {grp.getgrgid(owner.st_gid).gr_name}, then log in again'
        return f'sudo setfacl -m "u:$USER:rw" {KVM_DEVICE}'
    return "enable virtualisation in the firmware or, in a VM, nested virtualisation; TCG serves meanwhile"


def _built_pack(cache: Cache) -> KernelPack | None:
    """Any kernel with its initramfs that is in the cache already."""
    held = cache.list()
    for artefact in reversed([item for item in held if item.kind is ArtefactKind.PACK]):
        for other in held:
            if other.kind is ArtefactKind.INITRAMFS and other.name == artefact.name:
                kernel = load_kernel(cache, artefact)
                return KernelPack(
                    name=artefact.name,
                    release=kernel.release,
                    key=kernel.digest,
                    vmlinuz=kernel.vmlinuz,
                    modules=kernel.modules,
                    initramfs=other.path / "initramfs.cpio",
                    headers=None,
                    symbols=None,
                )
    return None


def _kernels(at: Places) -> tuple[Symptom, ...]:
    cache = Cache(at.cache)
    built = {item.name: item for item in cache.list() if item.kind is ArtefactKind.PACK}
    said = [
        f"{name} ({load_kernel(cache, built[name]).release})" if name in built else f"{name} (not built)"
        for name in pack_names(cache, at.images)
    ]
    missing = any("(not built)" in word for word in said)
    return (_ok("kernels", ", ".join(said), "labkit image build (or let the first run)" if missing else ""),)


def _capacity() -> tuple[Symptom, ...]:
    usual = MachineSpec(nodes=(_HALF, _HALF))
    capacity, need = guest_capacity(Accel.TCG), guest_need(usual, Accel.TCG)
    guests = capacity.fitting(need)
    cores = len(os.sched_getaffinity(0))
    found = f"{cores} cores, {_human(capacity.memory)} of memory for guests: {guests} usual ones at once"
    if not guests:
        return (_problem("cores, memory", found, f"free {_human(need.memory)} of memory"),)
    return (_ok("cores, memory", found),)


def _disk(at: Places) -> tuple[Symptom, ...]:
    built = Cache(at.cache).list()
    wanted = {"cache": (at.cache, _RUN_ROOM if built else _CACHE_ROOM), "runs": (at.runs, _RUN_ROOM)}
    said, short = [], []
    for name, (folder, room) in wanted.items():
        free = shutil.disk_usage(_existing(folder)).free
        said.append(f"{name} {folder}: {_human(free)} free")
        if free < room:
            short.append(f"{name} needs {_human(room)}")
    found = "; ".join(said)
    if short:
        return (
            _problem(
                "disk", found, f"free some space ({', '.join(short)}), or set LABKIT_CACHE, LABKIT_RUNS"
            ),
        )
    return (_ok("disk", found), *_sockets(at))


def _sockets(at: Places) -> tuple[Symptom, ...]:
    spare = SUN_PATH - len(bytes(at.live / "12345678" / "console.sock"))
    if spare < 0:
        found = f"the cache folder's path is {-spare} bytes too long for a socket in it"
        return (_problem("sockets", found, "set LABKIT_CACHE to a folder with a shorter path"),)
    return ()


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _namespaces() -> tuple[Symptom, ...]:
    if os.geteuid() == 0:
        return (_ok("namespaces", "not needed to build images: labkit runs as root"),)
    enter_namespace()
    return (_ok("namespaces", "user namespaces work, with subordinate ids of this user"),)


def _sandbox() -> tuple[Symptom, ...]:
    if are_walls_refused():
        return (_ok("sandbox", "no namespaces, but root: C is compiled by nobody, in a chroot"),)
    command = [str(find_tool("bwrap")), "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "true"]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_SECONDS / 2, check=False
    )
    if done.returncode:
        return (_problem("sandbox", done.stderr.strip(), f"allow user namespaces: {blocking_switch()}"),)
    return (_ok("sandbox", "bubblewrap shuts a command in"),)


def _tools() -> tuple[Symptom, ...]:
    needed = {name: package for name, package in PACKAGES.items() if name != "newuidmap" or os.geteuid()}
    missing = sorted({package for name, package in needed.items() if not _present(name)})
    if missing:
        lacking = ", ".join(name for name in needed if not _present(name))
        return (
            _problem("tools", f"missing: {lacking}", shlex.join(["sudo", "apt-get", "install", *missing])),
        )
    return (_ok("tools", ", ".join(f"{name} ({package})" for name, package in needed.items())),)


def _present(tool: str) -> bool:
    try:
        find_tool(tool)
    except HostError:
        return False
    return True


def _cache(at: Places) -> tuple[Symptom, ...]:
    held = Cache(at.cache).list()
    if not held:
        return (_ok("cache", "empty: nothing was built yet", "labkit image build (or let the first run)"),)
    sizes: dict[str, Size] = {}
    for item in held:
        sizes[item.kind.value] = Size(sizes.get(item.kind.value, 0) + allocated(item.path))
    said = ", ".join(f"{kind} {_human(size)}" for kind, size in sizes.items())
    return (_ok("cache", f"{_human(_total(held))} in {len(held)} artefacts: {said}"),)


def _total(held: tuple[Artefact, ...]) -> Size:
    return Size(sum(allocated(item.path) for item in held))


def _live(at: Places) -> tuple[Symptom, ...]:
    if not at.live.is_dir():
        return (_ok("live guests", "none"),)
    dead = abandoned(at.live)
    running = sum(1 for folder in at.live.iterdir() if folder.is_dir()) - len(dead)
    found = f"{running} running" + (f", {len(dead)} folders left by killed runs" if dead else "")
    return (_ok("live guests", found, "nothing: the next run removes them" if dead else ""),)


def _human(size: int) -> str:
    return f"{size / Size.gib(1):.1f} GiB" if size >= Size.gib(1) else f"{size / Size.mib(1):.0f} MiB"

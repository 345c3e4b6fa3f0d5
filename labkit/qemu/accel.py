"""What executes the guest's instructions on this host, found by doing it.

/dev/kvm may exist, open, create a VM and still be useless: QEMU aborts, or the guest starts and then stops
dead or hangs for ever. So KVM is believed only after a real kernel has booted on it and its first program
has answered; otherwise TCG. The same small boot under TCG measures how fast this host is.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import secrets
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from labkit.model.artefact import KernelPack
from labkit.model.errors import Broken, HostError, LabkitError
from labkit.model.events import Event, Listener, Mood
from labkit.model.machine import Accel, MachineSpec, Node
from labkit.model.units import Deadline, Size
from labkit.qemu.binary import load_version
from labkit.qemu.death import complaint
from labkit.qemu.launch import BINARY, LaunchPlan
from labkit.qemu.live import live_folder
from labkit.qemu.process import Vm, start

KVM_DEVICE = Path("/dev/kvm")
REFERENCE_SECONDS = 2.9  # this boot under TCG on the idle host on which every phase's seconds were measured

_CPU_MODEL = "max,la57=off"  # under KVM all that the host has: what boots on it boots on less
_MACHINE = MachineSpec(nodes=(Node(cpus=1, memory=Size.mib(256)),), cpu_model=_CPU_MODEL)
_SECONDS = {Accel.KVM: 20.0, Accel.TCG: 240.0}
_SILENCE = {Accel.KVM: 5.0, Accel.TCG: 120.0}
_POLL_SECONDS = 0.02
_SCOPE = "accelerator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The accelerator to use. `why` is one line; `factor` how much slower this host is than the reference."""

    accel: Accel
    why: str
    factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One small boot: `seconds` until the guest answered, None if it did not and `why` says what happened."""

    seconds: float | None
    why: str


def probe(
    pack: KernelPack,
    kept: Path,
    live: Path,
    wanted: Accel | None,
    listen: Listener,
    *,
    binary: str = BINARY,
) -> Probe:
    """The accelerator that really works here; `wanted` forces one.

    Answers are kept in the folder `kept`, by everything they depend on. Raises HostError when KVM is forced
    and does not work, or without QEMU; Broken when not even TCG boots.
    """
    trials = _Trials(
        pack=pack,
        kept=kept,
        live=live,
        listen=listen,
        binary=binary,
        version=load_version(Deadline.after(10, "QEMU's version"), binary),
    )
    if wanted is Accel.TCG:
        return Probe(accel=Accel.TCG, why="asked for", factor=_factor(trials.tcg()))
    refusal = kvm_refusal()
    kvm = Trial(seconds=None, why=refusal) if refusal else trials.kvm()
    if kvm.seconds is not None:
        return Probe(accel=Accel.KVM, why="a small guest booted on it", factor=_factor(kvm.seconds))
    if wanted is Accel.KVM:
        raise HostError(where="--accel kvm", found=kvm.why, fix="leave it out: labkit then uses TCG")
    seconds = trials.tcg()
    if not refusal:
        # Only now is it known that KVM was at fault, and not something that stops every guest.
        trials.keep(Accel.KVM, kvm)
    return Probe(accel=Accel.TCG, why=f"KVM does not work here: {kvm.why}", factor=_factor(seconds))


def kvm_refusal() -> str:
    """Why KVM cannot even be tried by this user; empty when it can."""
    if not KVM_DEVICE.exists():
        return f"there is no {KVM_DEVICE}"
    if not os.access(KVM_DEVICE, os.R_OK | os.W_OK):
        return f"this user may not open {KVM_DEVICE}"
    return ""


def _factor(seconds: float) -> float:
    return round(seconds / REFERENCE_SECONDS, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trials:
    """Small boots of one kernel on this host, each made once."""

    pack: KernelPack
    kept: Path
    live: Path
    listen: Listener
    binary: str
    version: str

    def kvm(self) -> Trial:
        """A boot that failed is an answer, however it failed."""
        try:
            return self._trial(Accel.KVM)
        except LabkitError as error:
            return Trial(seconds=None, why=error.found)

    def tcg(self) -> float:
        """Seconds of the boot. Raises what start() raises, and Broken when the guest does not answer."""
        found = self._trial(Accel.TCG)
        if found.seconds is None:
            raise Broken(
                where="a small guest under TCG", found=found.why, fix="send the output of labkit doctor"
            )
        return found.seconds

    def keep(self, accel: Accel, trial: Trial) -> None:
        """Remember an answer for the next probe."""
        depends = self._depends_on(accel)
        if find_trial(self._path(depends)) == trial:
            return
        self.kept.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=self.kept, delete=False, encoding="utf-8") as file:
            json.dump({"seconds": trial.seconds, "why": trial.why, "depends on": depends}, file, indent=1)
        Path(file.name).replace(self._path(depends))

    def _trial(self, accel: Accel) -> Trial:
        found = find_trial(self._path(self._depends_on(accel)))
        if found is None:
            found = self._boot(accel)
            if found.seconds is not None:
                self.keep(accel, found)
        return found

    def _depends_on(self, accel: Accel) -> dict[str, str]:
        return {
            "accel": accel.value,
            "host kernel": platform.release(),
            "host CPU": _host_cpu(),
            "qemu": self.version,
            "cpu model": _CPU_MODEL,
            "guest kernel": self.pack.key,
        }

    def _path(self, depends: dict[str, str]) -> Path:
        digest = hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()
        return self.kept / f"{depends['accel']}-{digest[:16]}.json"

    def _boot(self, accel: Accel) -> Trial:
        self._say(Mood.BEGIN, accel, "boots a small guest, once")
        began = time.monotonic()
        try:
            with live_folder(self.live) as live:
                found = _boot(self.pack, accel, live, self.binary)
        except LabkitError as error:
            self._say(Mood.FAILED, accel, error.found, time.monotonic() - began)
            raise
        mood = Mood.DONE if found.seconds is not None else Mood.FAILED
        self._say(mood, accel, found.why, time.monotonic() - began)
        return found

    def _say(self, mood: Mood, accel: Accel, text: str, seconds: float | None = None) -> None:
        self.listen(Event(scope=_SCOPE, phase=accel.value, mood=mood, text=text, seconds=seconds))


def _boot(pack: KernelPack, accel: Accel, live: Path, binary: str) -> Trial:
    # The kernel logs its command line, so the answer must not stand in it: the guest has to multiply.
    left, right = secrets.randbelow(9000) + 1000, secrets.randbelow(9000) + 1000
    plan = LaunchPlan(
        accel=accel,
        vmlinuz=pack.vmlinuz,
        initramfs=pack.initramfs,
        live=live,
        record=live,
        init=f'rdinit=/bin/busybox -- sh -c "echo labkit-probe $(({left}*{right})); poweroff -f"',
        binary=binary,
    )
    word = f"labkit-probe {left * right}".encode()
    deadline = Deadline.after(_SECONDS[accel], f"a small guest under {accel.value}")
    began = time.monotonic()
    with start(_MACHINE, plan, deadline) as vm:
        return _watch(vm, word, deadline, silence=_SILENCE[accel], began=began)


def _watch(vm: Vm, word: bytes, deadline: Deadline, *, silence: float, began: float) -> Trial:
    heard, heard_at = 0, time.monotonic()
    for _ in deadline.polls(_POLL_SECONDS):
        ended = not vm.alive  # asked before reading, so that a last word is not missed
        text = vm.plan.console_log.read_bytes() if vm.plan.console_log.exists() else b""
        if word in text:
            seconds = round(time.monotonic() - began, 2)
            return Trial(seconds=seconds, why=f"a small guest answered after {seconds} s")
        if ended:
            return Trial(seconds=None, why=f"QEMU ended{_said(vm)}")
        if _stopped_dead(vm, deadline):
            return Trial(seconds=None, why=f"the guest stopped dead{_said(vm)}")
        if len(text) > heard:
            heard, heard_at = len(text), time.monotonic()
        if time.monotonic() - heard_at > silence:
            return Trial(seconds=None, why=f"the guest started and fell silent for {silence:.0f} s")
    return Trial(seconds=None, why=f"the guest did not answer within {deadline.seconds:.0f} s")


def _stopped_dead(vm: Vm, deadline: Deadline) -> bool:
    """Whether KVM gave the guest up: QEMU then waits in this state for ever (qapi/run-state.json)."""
    try:
        return vm.qmp.status(deadline) == "internal-error"
    except Broken:
        return False  # QEMU has just died or is stuck: the next round or the deadline says so


def _said(vm: Vm) -> str:
    line = complaint(vm.plan.qemu_log.read_text(encoding="utf-8", errors="replace"))
    return f": {line}" if line else " without a word"


def find_trial(path: Path) -> Trial | None:
    """A kept answer; None when there is none or it cannot be read."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        seconds = kept["seconds"]
        return Trial(seconds=None if seconds is None else float(seconds), why=str(kept["why"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _host_cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()

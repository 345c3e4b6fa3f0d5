"""A trial in a deterministic guest: booted from nothing, alone with its job, the same bytes every time."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from labkit.build.job import INIT, Job, write_initrd
from labkit.design.knobs import refusals, script, writes
from labkit.design.transcript import LIMIT, Transcript, parse_transcript
from labkit.guest.logbook import Word, read_log, sightings
from labkit.model.errors import DeadlineExpired
from labkit.model.events import Listener
from labkit.model.experiment import CGROUP, Experiment, Kind, Levels
from labkit.model.machine import Accel
from labkit.model.trial import End, Planned, Reading, Trial
from labkit.order import Clock
from labkit.pools.cancel import CancellablePace, Token
from labkit.qemu.live import live_folder
from labkit.qemu.still import StillPlan, still
from labkit.tune.trial import CMDLINE, VMSTAT, ended, spelled
from labkit.tune.workshop import Workshop, machine_of

BOOT_SECONDS = 60.0  # on the reference host; a boot takes 6 s
SLOWER = 30.0  # a guest's second is 10⁹ instructions, of which TCG executes 5 to 10 × 10⁷ a second
# The job's own shell may be killed, too: nobody else is there.
_INSIDE = f"echo $$ >{CGROUP}/cgroup.procs\n"


def perform_still(token: Token, shop: Workshop, planned: Planned, listen: Listener) -> Trial:
    """Make a trial; `transcript` is the digest of all that the guest said. Raises HostError, Cancelled."""
    token.check()
    began = time.monotonic()
    experiment = shop.experiment
    machine = machine_of(experiment, planned.levels)
    base = shop.platforms[machine.kernel]
    clock = Clock(scope=spelled(planned.levels), listen=listen, token=token)
    pace = CancellablePace(factor=base.probe.factor, token=token)
    wanted = writes(experiment, planned.levels)
    knobs = tuple(write.factor.path for write in wanted)
    places = tuple(dict.fromkeys((VMSTAT, CMDLINE, *(place.path for place in experiment.places))))
    with live_folder(shop.here.live) as record:
        plan = StillPlan(
            vmlinuz=base.pack.vmlinuz,
            initrd=record / "initrd",
            init=INIT,
            seed=_seed(experiment, planned.repeat),
            record=record,
        )
        job = replace(_job(shop, planned.levels), script=script(wanted), knobs=knobs, places=places)
        write_initrd(plan.initrd, base.pack.initramfs, job, shop.here.images)
        seconds = BOOT_SECONDS + 2 * SLOWER * experiment.workload.seconds
        with clock.phase("run"), still(machine, plan) as guest, token.on_cancel(guest.kill):
            try:
                guest.wait(pace.deadline(seconds, "a deterministic trial"))
                late = False
            except DeadlineExpired:
                late = True
        token.check()
        said = _read(plan.result)
        found = parse_transcript(said, knobs, places)
        end, detail = _end(found, plan.console_log, late=late)
        digest = hashlib.sha256(said + b"\0" + _read(plan.console_log)).hexdigest()
    refused = refusals(found.refused)
    return Trial(
        key=shop.key(planned),
        experiment=shop.experiment.digest,
        levels=dict(planned.levels),
        repeat=planned.repeat,
        number=planned.number,
        end=end,
        detail=detail,
        status=found.status,
        readings=tuple(
            Reading(
                name=write.factor.name,
                path=write.factor.path,
                requested=write.text,
                read=found.knobs.get(write.factor.path),
                refused=refused.get(number, ""),
            )
            for number, write in enumerate(wanted)
        ),
        before={path: text for path, text in found.before.items() if path != CMDLINE},
        after={path: text for path, text in found.after.items() if path != CMDLINE},
        stdout=found.stdout,
        stderr=found.stderr,
        kernel=base.pack.name,
        release=base.pack.release,
        cmdline=found.before.get(CMDLINE, "").strip(),
        qemu=shop.qemu,
        accel=f"{Accel.TCG.value}, deterministic",
        seed=experiment.seed,
        transcript=digest,
        made_at=datetime.now(timezone.utc),
        seconds={name: round(took, 3) for name, took in clock.seconds.items()}
        | {"all": round(time.monotonic() - began, 3)},
    )


def _job(shop: Workshop, levels: Levels) -> Job:
    """What runs in a cell's guest, but for its knobs."""
    experiment = shop.experiment
    workload = experiment.workload
    cargo = {name: content for name, (content, _) in shop.cargo.items()}
    kernel = machine_of(experiment, levels).kernel
    return Job(
        run=_INSIDE + workload.run,
        prepare=_INSIDE + workload.prepare if workload.prepare else "",
        seconds=max(1, round(workload.seconds)),
        environment={f.target: str(levels[f.name]) for f in experiment.factors if f.kind is Kind.PARAMETER},
        files={name: it if isinstance(it, bytes) else it.read_bytes() for name, it in cargo.items()},
        modules={"labkit.ko": shop.modules[kernel].path.read_bytes()} if workload.kmod else {},
    )


def _seed(experiment: Experiment, repeat: int) -> int:
    """Another one for every repeat: what varies between them is what chance in the kernel does."""
    text = f"labkit-still\0{experiment.seed}\0{repeat}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def _read(path: Path) -> bytes:
    if not path.exists():
        return b""
    with path.open("rb") as file:
        return file.read(LIMIT + 1)


def _end(found: Transcript, console: Path, *, late: bool) -> tuple[End, str]:
    if not found.whole:
        seen = sightings(read_log(console))
        panics = [each.text for each in seen if each.word is Word.PANIC]
        if panics:
            return End.PANICKED, f"the guest's kernel panicked: {panics[-1]}"
        if late:
            return End.HUNG, "the guest did not come to its end"
        last = f"; the last that its kernel told: {seen[-1].text}" if seen else ""
        return End.LOST, f"the guest ended before its job did{last}"
    if found.failed:
        return End.BROKEN, f"module not loaded: {found.failed.strip()}"
    if found.prepared not in (None, 0):
        return End.FAILED, f"prepare ended with {found.prepared}"
    return ended(found.status, found.before, found.after, found.stderr, timed_out=found.status == 137)

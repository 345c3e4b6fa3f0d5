"""One trial: a clone of its own, the knobs set and read back, the workload between two readings."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone

from labkit.aftermath import fate
from labkit.design.knobs import Write, refusals, script, writes
from labkit.guest.capture import capture
from labkit.guest.door import Completed, Ending, GuestLost
from labkit.model.errors import Broken
from labkit.model.events import Listener
from labkit.model.experiment import CGROUP, Experiment, Kind, Levels
from labkit.model.trial import End, Planned, Reading, Trial
from labkit.order import Clock, Order
from labkit.pools.cancel import Token
from labkit.qemu.live import live_folder
from labkit.stage import Stage, raised
from labkit.tune.workshop import Workshop, machine_of

READ_SECONDS = 30.0  # on the reference host under TCG; a reading takes 0.05 s
ENOMEM = 12  # include/uapi/asm-generic/errno-base.h
CMDLINE = "/proc/cmdline"
VMSTAT = "/proc/vmstat"
_EVERY = (VMSTAT, CMDLINE)  # read in every trial: who was killed, and what was booted
_OUTPUT_LIMIT = 64 << 10
# Whoever is started over labkit's own channel may not be killed, nor its children: here that would lie.
_INSIDE = f"echo 0 >/proc/self/oom_score_adj; echo $$ >{CGROUP}/cgroup.procs\n"


@dataclass(slots=True, kw_only=True)
class _Seen:
    """What was read until now: a guest that dies takes no reading with it."""

    readings: tuple[Reading, ...] = ()
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finish:
    """How it ended, and the command that told it."""

    end: End
    detail: str = ""
    done: Completed | None = None


def perform(token: Token, shop: Workshop, planned: Planned, listen: Listener) -> Trial:
    """Make a trial. What the guest does, its death included, is a result; labkit's own failure ends BROKEN.

    Raises HostError, and Cancelled soon after `token` is.
    """
    token.check()
    began = time.monotonic()
    machine = machine_of(shop.experiment, planned.levels)
    base = shop.platforms[machine.kernel]
    clock = Clock(scope=spelled(planned.levels), listen=listen, token=token)
    seen = _Seen()
    with live_folder(shop.here.live) as record:
        order = Order(
            machine=machine,
            platform=base,
            modules=tuple(shop.modules[machine.kernel] for _ in range(shop.experiment.workload.kmod)),
            record=record,
            here=shop.here,
            cargo=shop.cargo,
            cold=shop.cold,
            token=token,
        )
        try:
            with raised(order, clock) as stage:
                finish = _played(shop.experiment, planned.levels, stage, seen, swap=bool(machine.swap))
        except Broken as error:
            finish = _Finish(end=End.BROKEN, detail="\n".join(filter(None, (str(error), error.detail))))
    token.check()  # a guest that was killed looks lost
    return Trial(
        key=shop.key(planned),
        experiment=shop.experiment.digest,
        levels=dict(planned.levels),
        repeat=planned.repeat,
        number=planned.number,
        end=finish.end,
        detail=finish.detail,
        status=finish.done.status if finish.done else None,
        readings=seen.readings,
        before=_without_cmdline(seen.before),
        after=_without_cmdline(seen.after),
        stdout=_text(finish.done.stdout) if finish.done else "",
        stderr=_text(finish.done.stderr) if finish.done else "",
        kernel=base.pack.name,
        release=base.pack.release,
        cmdline=seen.before.get(CMDLINE, "").strip(),
        qemu=shop.qemu,
        accel=base.probe.accel.value,
        seed=shop.experiment.seed,
        made_at=datetime.now(timezone.utc),
        seconds={name: round(took, 3) for name, took in clock.seconds.items()}
        | {"all": round(time.monotonic() - began, 3)},
    )


def spelled(levels: Levels) -> str:
    """A cell in a word: 'lru=n swappiness=60'."""
    return " ".join(f"{name}={level}" for name, level in levels.items())


def _played(experiment: Experiment, levels: Levels, stage: Stage, seen: _Seen, *, swap: bool) -> _Finish:
    """Raises Broken where labkit's own part fails."""
    try:
        return _steps(experiment, levels, stage, seen, swap=swap)
    except GuestLost as lost:
        return _gone(stage, lost.ending)


def _steps(experiment: Experiment, levels: Levels, stage: Stage, seen: _Seen, *, swap: bool) -> _Finish:
    workload = experiment.workload
    wanted = writes(experiment, levels)
    env = {f.target: str(levels[f.name]) for f in experiment.factors if f.kind is Kind.PARAMETER}
    with stage.clock.phase("knobs"):
        setting = script(wanted, swap=swap)
        said = stage.guest.ask(setting, deadline=stage.pace.deadline(READ_SECONDS, "knobs"))
        seen.readings = _readings(stage, wanted, refusals(said.decode("utf-8", "replace")))
    if workload.prepare:
        with stage.clock.phase("prepare"):
            done = _run(stage, workload.prepare, workload.seconds, env, "prepare")
        if done.status != 0 or done.ending is not Ending.EXITED:
            return _badly(stage, done, "prepare")
    places = tuple(dict.fromkeys((*_EVERY, *(place.path for place in experiment.places))))
    with stage.clock.phase("read"):
        seen.before = _files(stage, places)
    with stage.clock.phase("run"):
        done = _run(stage, workload.run, workload.seconds, env, "run")
    if done.guest_gone:
        return _gone(stage, done.ending, done)
    with stage.clock.phase("read again"):
        seen.after = _files(stage, places)
    timed_out = done.ending is Ending.TIMED_OUT
    end, detail = ended(done.status, seen.before, seen.after, _text(done.stderr), timed_out=timed_out)
    return _Finish(end=end, detail=detail, done=done)


def _run(stage: Stage, command: str, seconds: float, env: Mapping[str, str], name: str) -> Completed:
    return stage.guest.run(
        _INSIDE + command,
        deadline=stage.pace.deadline(seconds, f"workload, {name}"),
        env=env,
        limit=_OUTPUT_LIMIT,
    )


def _readings(stage: Stage, wanted: tuple[Write, ...], refused: Mapping[int, str]) -> tuple[Reading, ...]:
    """What each knob reads once all are written: one may move another."""
    files = _files(stage, tuple(dict.fromkeys(write.factor.path for write in wanted)))
    return tuple(
        Reading(
            name=write.factor.name,
            path=write.factor.path,
            requested=write.text,
            read=files.get(write.factor.path),
            refused=refused.get(number, ""),
        )
        for number, write in enumerate(wanted)
    )


def _files(stage: Stage, paths: tuple[str, ...]) -> dict[str, str]:
    """The files that are there, by path."""
    if not paths:
        return {}
    found = capture(stage.guest, paths, stage.pace.deadline(READ_SECONDS, "reading")).files
    return {it.path: it.data.decode("utf-8", "replace") for it in found if it.data is not None}


def _gone(stage: Stage, ending: Ending, done: Completed | None = None) -> _Finish:
    told = fate(stage, ending)
    end = End.PANICKED if told.panicked else End.HUNG if told.hangs else End.LOST
    return _Finish(end=end, detail=told.says, done=done)


def _badly(stage: Stage, done: Completed, name: str) -> _Finish:
    """A preparation that did not come to a good end: nothing was measured."""
    if done.guest_gone:
        return _gone(stage, done.ending, done)
    if done.ending is Ending.TIMED_OUT:
        return _Finish(end=End.TIMED_OUT, detail=f"{name} did not end in time", done=done)
    return _Finish(
        end=End.FAILED, detail=f"{name} ended with {done.status}: {_last(_text(done.stderr))}", done=done
    )


def ended(
    status: int | None,
    before: Mapping[str, str],
    after: Mapping[str, str],
    stderr: str,
    *,
    timed_out: bool,
) -> tuple[End, str]:
    """What the workload's end means, and why. A kill by the OOM killer explains any other one."""
    if _kills(after) > _kills(before):
        return End.OUT_OF_MEMORY, "the kernel killed for memory"
    if timed_out:
        return End.TIMED_OUT, "the workload did not end in time"
    if status == 0:
        return End.COMPLETED, ""
    if status == ENOMEM:
        return End.ENOMEM, "the workload was refused memory"
    return End.FAILED, f"the workload ended with {status}: {_last(stderr)}"


def _kills(files: Mapping[str, str]) -> int:
    rows = (line.split() for line in files.get(VMSTAT, "").splitlines())
    return next((int(row[1]) for row in rows if row[:1] == ["oom_kill"]), 0)


def _last(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "it said nothing")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _without_cmdline(files: Mapping[str, str]) -> dict[str, str]:
    return {path: text for path, text in files.items() if path != CMDLINE}

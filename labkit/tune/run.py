"""Trials made as a plan says, each kept as it comes; what is there already is not made again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from labkit.design.plan import boots, cells, only, plan, shard
from labkit.labfile.tuning import EXPERIMENT_FILE, SOURCES
from labkit.model.errors import UsageError
from labkit.model.events import Event, Listener, Mood
from labkit.model.experiment import Experiment, Levels, MetricKind
from labkit.model.machine import Accel
from labkit.model.study import Outlook
from labkit.model.trial import End, Planned, Trial
from labkit.order import guest_capacity, guest_need
from labkit.places import places
from labkit.pools.cancel import Token
from labkit.pools.local import LocalPool
from labkit.pools.stream import stream
from labkit.qemu.live import reap
from labkit.report.text import count_of
from labkit.store.trials import Trials
from labkit.tally import Tally
from labkit.tune.trial import perform, spelled
from labkit.tune.workshop import Workshop, equipped, find_experiment, machine_of

TRIES = 3  # what labkit fails at is tried again in a fresh guest, at most twice
BOOT_SECONDS = 7.0  # a template under TCG, measured: boot 4.5 s and freezing


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneAsk:
    """What `labkit tune run` was asked for. `only` are levels, by factor, of the cells that are wanted.

    `shard` (i, n) makes the i-th of n parts of the trials.
    """

    experiment: str
    out: Path
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    repeats: int | None = None
    jobs: int | None = None
    accel: str = "auto"
    cold: bool = False
    shard: tuple[int, int] | None = None
    allow_tcg_time: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a run did: trials made now, and those that were there before."""

    folder: Path
    fresh: int
    before: int
    broken: tuple[Trial, ...]


def outlook(name: str, chosen: Mapping[str, tuple[str, ...]], repeats: int | None) -> Outlook:
    """Plan an experiment, with every cell's machine proven to be one. Raises BadInput."""
    experiment = _asked(find_experiment(places(), name), repeats)
    wanted = _wanted(experiment, chosen)
    machines = [machine_of(experiment, cell) for cell in wanted]
    needs = {guest_need(machine, Accel.TCG) for machine in machines}
    capacity = guest_capacity(Accel.TCG)
    at_once = min(capacity.fitting(need) for need in needs)
    trials, guests = len(wanted) * experiment.repeats, boots(experiment, wanted)
    # Under TCG a core bears one guest that works, however many are let in.
    cores = max(1, capacity.cpus // 3)
    seconds = guests * BOOT_SECONDS + trials * experiment.about_seconds / min(cores, at_once)
    return Outlook(
        experiment=experiment,
        cells=len(wanted),
        trials=trials,
        guests=guests,
        at_once=at_once,
        seconds=seconds,
    )


def run(ask: TuneAsk, listen: Listener) -> Made:
    """Make the trials that are not there yet.

    Raises BadInput for the experiment, the arguments or the folder, HostError when this machine cannot go on;
    what was made until then stays.
    """
    here = places()
    reap(here.live)
    experiment = _asked(find_experiment(here, ask.experiment), ask.repeats)
    wanted = _wanted(experiment, ask.only)
    shop = equipped(experiment, here, ask.accel, listen, cold=ask.cold)
    _no_time_under_tcg(shop, ask)
    trials = Trials(folder=ask.out.expanduser().resolve())
    trials.begin(_files(experiment), experiment.folder)
    planned = shard(plan(experiment, wanted), ask.shard)
    todo = [each for each in planned if not _stands(trials, shop.key(each))]
    if len(todo) < len(planned):
        text = f"{len(planned) - len(todo)} of {count_of(len(planned), 'trial')} are there already"
        listen(Event(scope="tune", phase="trials", mood=Mood.NOTE, text=text))
    broken = _made(shop, trials, todo, ask.jobs, listen) if todo else ()
    return Made(folder=trials.folder, fresh=len(todo), before=len(planned) - len(todo), broken=broken)


def _made(
    shop: Workshop, trials: Trials, todo: Sequence[Planned], jobs: int | None, listen: Listener
) -> tuple[Trial, ...]:
    """Make them; those that stayed broken."""
    tally = Tally(of=len(todo), what="trial", listen=listen, scope="tune", phase="trials")
    accel = next(iter(shop.platforms.values())).probe.accel
    with tally.shown(), LocalPool(guest_capacity(accel)) as pool:

        def submits() -> Iterator[Callable[[], Future[Trial | None]]]:
            for planned in todo:
                need = guest_need(machine_of(shop.experiment, planned.levels), accel)
                yield partial(pool.submit, _one, shop, trials, planned, tally, need=need)

        window = jobs or pool.capacity.cpus
        return tuple(
            trial for trial in stream(submits(), window) if trial is not None and trial.end is End.BROKEN
        )


def _one(token: Token, shop: Workshop, trials: Trials, planned: Planned, tally: Tally) -> Trial | None:
    """Make one trial and keep it; None where another process is at it or was before."""
    token.check()
    name = spelled(planned.levels)
    key = shop.key(planned)
    with trials.claimed(key) as ours:
        if not ours or _stands(trials, key):
            return None
        with tally.heard(name) as listen:
            for _ in range(TRIES):
                trial = perform(token, shop, planned, listen)
                if trial.end is not End.BROKEN:
                    break
        trials.put(trial)
    says = trial.end.value + (f": {trial.detail.splitlines()[0]}" if trial.detail else "")
    tally.done(name, says, scored=trial.end is not End.BROKEN)
    return trial


def _stands(trials: Trials, key: str) -> bool:
    """Whether a trial needs no guest any more."""
    return trials.has(key) and trials.get(key).end is not End.BROKEN


def _asked(experiment: Experiment, repeats: int | None) -> Experiment:
    return replace(experiment, repeats=repeats) if repeats else experiment


def _wanted(experiment: Experiment, chosen: Mapping[str, tuple[str, ...]]) -> tuple[Levels, ...]:
    """The cells that are meant. Raises UsageError for a factor or a level that is not there."""
    by_name = {factor.name: factor for factor in experiment.factors}
    for name, levels in chosen.items():
        if name not in by_name:
            raise UsageError(
                where=f"--only {name}=…", found="no such factor", fix="it has: " + ", ".join(by_name)
            )
        known = [str(level) for level in by_name[name].levels]
        for level in levels:
            if level not in known:
                raise UsageError(
                    where=f"--only {name}={level}", found="no such level", fix="it has: " + ", ".join(known)
                )
    try:
        wanted = only(cells(experiment), chosen)
    except ValueError as error:
        found, _, fix = str(error).partition(", ")
        raise UsageError(where=f"experiment {experiment.id}", found=found, fix=fix) from error
    if not wanted:
        raise UsageError(where="--only", found="no cell of the design has these levels", fix="leave one out")
    return wanted


def _files(experiment: Experiment) -> list[Path]:
    folder = experiment.folder
    source = folder / SOURCES
    inside = [path for path in source.rglob("*") if path.is_file()] if source.is_dir() else []
    return [folder / EXPERIMENT_FILE, *sorted(inside)]


def _no_time_under_tcg(shop: Workshop, ask: TuneAsk) -> None:
    """A time says how fast QEMU translates, not what the kernel does: FACTS of TCG, and of this project."""
    timed = [metric.name for metric in shop.experiment.metrics if metric.kind is MetricKind.TIME]
    under_tcg = any(base.probe.accel is Accel.TCG for base in shop.platforms.values())
    if timed and under_tcg and not ask.allow_tcg_time:
        raise UsageError(
            where=f"experiment {shop.experiment.id}: metric {timed[0]}",
            found="a time, and guests run under TCG, where time says how fast QEMU translates",
            fix="measure counts, run where KVM works, or say --allow-tcg-time and read it so",
        )

"""Trials made as a plan says, each kept as it comes; what is there already is not made again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from labkit.design.plan import boots, plan, shard
from labkit.labfile.tuning import EXPERIMENT_FILE, SOURCES
from labkit.model.errors import UsageError
from labkit.model.events import Event, Listener, Mood
from labkit.model.experiment import Experiment, MetricKind
from labkit.model.machine import Accel
from labkit.model.study import Outlook, Proof
from labkit.model.trial import End, Planned, Trial
from labkit.order import CPUS_A_CORE, guest_capacity, guest_need
from labkit.places import places
from labkit.pools.local import LocalPool
from labkit.pools.stream import stream
from labkit.qemu.live import reap
from labkit.report.text import count_of
from labkit.store.trials import Trials
from labkit.tally import Tally
from labkit.tune.ask import TuneAsk, asked, wanted
from labkit.tune.one import make_one, stands
from labkit.tune.proof import prove
from labkit.tune.tools import check_tools
from labkit.tune.workshop import Workshop, equipped, machine_of

BOOT_SECONDS = 7.0  # a template under TCG, measured: boot 4.5 s and freezing


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a run did: trials made now, and those that were there before; the `keys` of all of them."""

    folder: Path
    keys: frozenset[str]
    fresh: int
    before: int
    broken: tuple[Trial, ...]
    proofs: tuple[Proof, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether every trial has a result, and what should repeat does."""
        return not self.broken and all(proof.same for proof in self.proofs)


def outlook(name: str, chosen: Mapping[str, tuple[str, ...]], repeats: int | None) -> Outlook:
    """Plan an experiment, with every cell's machine proven to be one. Raises BadInput."""
    experiment = asked(places(), name, repeats)
    cells = wanted(experiment, chosen)
    needs = {guest_need(machine_of(experiment, cell), Accel.TCG) for cell in cells}
    capacity = guest_capacity(Accel.TCG)
    at_once = min(capacity.fitting(need) for need in needs)
    trials, guests = len(cells) * experiment.repeats, boots(experiment, cells)
    # Under TCG a core bears one guest that works, however many are let in.
    cores = max(1, capacity.cpus // CPUS_A_CORE)
    seconds = guests * BOOT_SECONDS + trials * experiment.about_seconds / min(cores, at_once)
    return Outlook(
        experiment=experiment,
        cells=len(cells),
        trials=trials,
        guests=guests,
        at_once=at_once,
        seconds=seconds,
    )


def run(given: TuneAsk, listen: Listener) -> Made:
    """Make the trials that are not there yet.

    Raises BadInput for the experiment, the arguments or the folder, HostError when this machine cannot go on;
    what was made until then stays.
    """
    check_tools()  # before hours of guests, not after
    ask = replace(given, out=given.out.expanduser().resolve())
    here = places()
    reap(here.live)
    experiment = asked(here, ask.experiment, ask.repeats)
    cells = wanted(experiment, ask.only)
    shop = equipped(
        experiment, cells, here, ask.accel, listen, cold=ask.cold, deterministic=ask.deterministic
    )
    _check_kinds(shop, ask)
    trials = Trials(folder=ask.out)
    trials.begin(_files(experiment))
    planned = shard(plan(experiment, cells), ask.shard)
    todo = [each for each in planned if not stands(trials, shop.key(each))]
    if len(todo) < len(planned):
        text = f"{len(planned) - len(todo)} of {count_of(len(planned), 'trial')} are there already"
        listen(Event(scope="tune", phase="trials", mood=Mood.NOTE, text=text))
    broken = _made(ask, shop, todo, listen) if todo else ()
    return Made(
        folder=trials.folder,
        keys=frozenset(map(shop.key, planned)),
        fresh=len(todo),
        before=len(planned) - len(todo),
        broken=broken,
        proofs=prove(shop, trials, planned, listen) if ask.deterministic and todo else (),
    )


def _made(ask: TuneAsk, shop: Workshop, todo: Sequence[Planned], listen: Listener) -> tuple[Trial, ...]:
    """Make them, here or on a cluster; those that stayed broken."""
    tally = Tally(of=len(todo), what="trial", listen=listen, scope="tune", phase="trials")
    if ask.pool is not None:
        from labkit.tune.far import make_far

        return make_far(ask.pool, ask, shop, todo, tally)
    accel = next(iter(shop.platforms.values())).probe.accel
    trials = Trials(folder=ask.out)
    with tally.shown(), LocalPool(guest_capacity(accel)) as pool:

        def submits() -> Iterator[Callable[[], Future[Trial | None]]]:
            for planned in todo:
                need = guest_need(machine_of(shop.experiment, planned.levels), accel)
                yield partial(pool.submit, make_one, shop, trials, planned, tally, need=need)

        found = stream(submits(), ask.jobs or pool.capacity.cpus)
        return tuple(trial for trial in found if trial is not None and trial.end is End.BROKEN)


def _files(experiment: Experiment) -> dict[str, Path]:
    """What an experiment is made of, by the names in its folder; its own file may have had another."""
    source = experiment.folder / SOURCES
    inside = sorted(path for path in source.rglob("*") if path.is_file()) if source.is_dir() else []
    found = {str(path.relative_to(experiment.folder)): path for path in inside}
    return found | {EXPERIMENT_FILE: experiment.file}


def _check_kinds(shop: Workshop, ask: TuneAsk) -> None:
    """A time under TCG says how fast QEMU translates, not what the kernel does; nor is it an instruction."""
    counted = [metric.name for metric in shop.experiment.metrics if metric.kind is MetricKind.INSTRUCTIONS]
    if counted and not ask.deterministic:
        raise UsageError(
            where=f"experiment {shop.experiment.id}: metric {counted[0]}",
            found="instructions, which only a deterministic guest counts",
            fix="say --deterministic, or leave the metric out",
        )
    timed = [metric.name for metric in shop.experiment.metrics if metric.kind is MetricKind.TIME]
    under_tcg = any(base.probe.accel is Accel.TCG for base in shop.platforms.values())
    if timed and under_tcg and not ask.allow_tcg_time:
        raise UsageError(
            where=f"experiment {shop.experiment.id}: metric {timed[0]}",
            found="a time, and guests run under TCG, where time says how fast QEMU translates",
            fix="measure counts, run where KVM works, or say --allow-tcg-time and read it so",
        )

"""Trials on the workers of a cluster. They and the driver share the experiment's folder."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial

from labkit.model.errors import HostError
from labkit.model.events import silent
from labkit.model.machine import Accel
from labkit.model.need import Need
from labkit.model.trial import End, Planned, Trial
from labkit.order import guest_need
from labkit.places import places
from labkit.pools.cancel import Token
from labkit.pools.dask import DaskPool
from labkit.pools.stream import stream
from labkit.store.trials import Trials
from labkit.tally import Tally
from labkit.tune.ask import TuneAsk, asked, wanted
from labkit.tune.one import make_one, told
from labkit.tune.trial import spelled
from labkit.tune.workshop import Workshop, equipped, machine_of

_LOCK = threading.Lock()
_SHOPS: dict[str, Workshop] = {}  # by the ask that they are for


def make_far(
    address: str, ask: TuneAsk, shop: Workshop, todo: Sequence[Planned], tally: Tally
) -> tuple[Trial, ...]:
    """Make them on the cluster at `address`; those that stayed broken. Raises BadInput, HostError."""
    trials, broken = Trials(folder=ask.out), []
    accel = next(iter(shop.platforms.values())).probe.accel
    with DaskPool(address) as pool, tally.shown():
        submits = (partial(pool.submit, _far, ask, it, need=_need(shop, it, accel)) for it in todo)
        for trial in stream(submits, 2 * pool.slots):
            if trial is None:
                continue
            if not trials.has(trial.key):
                raise HostError(
                    where=str(ask.out),
                    found="a worker's trial is not in it: the workers have another folder of that name",
                    fix="give an --out DIR that this machine and every worker share",
                )
            tally.done(spelled(trial.levels), told(trial), scored=trial.end is not End.BROKEN)
            broken += [trial] if trial.end is End.BROKEN else []
    return tuple(broken)


def _need(shop: Workshop, planned: Planned, accel: Accel) -> Need:
    return guest_need(machine_of(shop.experiment, planned.levels), accel)


def _far(token: Token, ask: TuneAsk, planned: Planned) -> Trial | None:
    """On a worker, where a workshop stands for as long as the worker does."""
    with _LOCK:
        name = repr(ask)
        if name not in _SHOPS:
            _SHOPS[name] = _shop(ask)
        shop = _SHOPS[name]
    tally = Tally(of=1, what="trial", listen=silent)
    return make_one(token, shop, Trials(folder=ask.out), planned, tally)


def _shop(ask: TuneAsk) -> Workshop:
    here = places()
    experiment = asked(here, ask.experiment, ask.repeats)
    cells = wanted(experiment, ask.only)
    return equipped(
        experiment, cells, here, ask.accel, silent, cold=ask.cold, deterministic=ask.deterministic
    )

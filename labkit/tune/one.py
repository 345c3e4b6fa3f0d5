"""One trial of a run: claimed, made, kept; what labkit itself fails at is tried again."""

from __future__ import annotations

from labkit.model.trial import End, Planned, Trial
from labkit.pools.cancel import Token
from labkit.store.trials import Trials
from labkit.tally import Tally
from labkit.tune.still import perform_still
from labkit.tune.trial import perform, spelled
from labkit.tune.workshop import Workshop

TRIES = 3  # in a fresh guest each


def make_one(token: Token, shop: Workshop, trials: Trials, planned: Planned, tally: Tally) -> Trial | None:
    """Make one trial and keep it; None where another process is at it or was before."""
    token.check()
    key, name = shop.key(planned), spelled(planned.levels)
    with trials.claimed(key) as ours:
        if not ours or stands(trials, key):
            return None
        make = perform_still if shop.deterministic else perform
        with tally.heard(name) as listen:
            for _ in range(TRIES):
                trial = make(token, shop, planned, listen)
                if trial.end is not End.BROKEN:
                    break
        trials.put(trial)
    tally.done(name, told(trial), scored=trial.end is not End.BROKEN)
    return trial


def stands(trials: Trials, key: str) -> bool:
    """Whether a trial needs no guest any more."""
    return trials.has(key) and trials.get(key).end is not End.BROKEN


def told(trial: Trial) -> str:
    """How it ended, in a line."""
    return trial.end.value + (f": {trial.detail.splitlines()[0]}" if trial.detail else "")

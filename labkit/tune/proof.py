"""Whether deterministic guests were: some trials are made once more, and must say the same bytes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from functools import partial

from pydantic import TypeAdapter

from labkit.model.events import Listener, silent
from labkit.model.machine import Accel
from labkit.model.study import Proof
from labkit.model.trial import End, Planned
from labkit.order import guest_capacity, guest_need
from labkit.pools.cancel import Token
from labkit.pools.local import LocalPool
from labkit.pools.stream import stream
from labkit.store import codec
from labkit.store.trials import PROOF, Trials
from labkit.tally import Tally
from labkit.tune.still import perform_still
from labkit.tune.workshop import Workshop, machine_of

SAMPLE = 2  # trials of every run
_PROOFS = TypeAdapter(tuple[Proof, ...])


def prove(shop: Workshop, trials: Trials, planned: Sequence[Planned], listen: Listener) -> tuple[Proof, ...]:
    """Make a sample of what was planned again, and keep what came of it. Raises HostError."""
    there = [it for it in planned if trials.has(shop.key(it)) and _counts(trials, shop.key(it))]
    chosen = random.Random(shop.experiment.digest).sample(there, min(SAMPLE, len(there)))
    tally = Tally(of=len(chosen), what="trial", listen=listen, scope="tune", phase="made again")
    with tally.shown(), LocalPool(guest_capacity(Accel.TCG)) as pool:

        def submits() -> Iterator[Callable[[], Future[Proof]]]:
            for each in chosen:
                need = guest_need(machine_of(shop.experiment, each.levels), Accel.TCG)
                yield partial(pool.submit, _again, shop, trials, each, need=need)

        found = tuple(stream(submits(), max(1, len(chosen))))
    trials.keep(PROOF, codec.to_text(found).encode())
    return found


def load_proofs(trials: Trials) -> tuple[Proof, ...]:
    """What the last run proved; nothing for guests of the usual kind."""
    path = trials.folder / PROOF
    return _PROOFS.validate_json(path.read_bytes(), strict=True) if path.is_file() else ()


def _again(token: Token, shop: Workshop, trials: Trials, planned: Planned) -> Proof:
    first = trials.get(shop.key(planned))
    second = perform_still(token, shop, planned, silent)
    return Proof(
        levels=dict(planned.levels),
        repeat=planned.repeat,
        first=first.transcript,
        second=second.transcript,
    )


def _counts(trials: Trials, key: str) -> bool:
    """Whether it came to an end of its own: where the host lost patience is no matter of bytes."""
    return trials.get(key).end not in (End.BROKEN, End.HUNG)

"""A class graded on the workers of a cluster. They and the driver share the course's folder."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cache, partial

from labkit.course.desk import Desk, GradeAsk, brief, terms_of
from labkit.course.take import Taken, Terms, take
from labkit.model.coursework import Parcel, Result, Standing
from labkit.model.errors import HostError
from labkit.model.events import silent
from labkit.model.need import Need
from labkit.order import guest_need
from labkit.places import places
from labkit.pools.cancel import Token
from labkit.pools.dask import DaskPool
from labkit.pools.stream import stream
from labkit.session import opened
from labkit.store.journal import Journal
from labkit.tally import Tally

_LOCK = threading.Lock()
_OPEN = ExitStack()  # a worker's house stands for as long as the worker does


def grade_far(address: str, ask: GradeAsk, terms: Terms, todo: Sequence[Taken], tally: Tally) -> int:
    """Grade them on the cluster at `address`; how many of them it did. Raises BadInput, HostError."""
    journal, fresh = Journal(folder=ask.out), 0
    with DaskPool(address) as pool, tally.shown():
        submits = (partial(pool.submit, _grade_one, ask, it.parcel, need=_need(terms)) for it in todo)
        for result in stream(submits, 2 * pool.slots):
            if result is None:
                continue
            if not journal.has(result.key):
                raise HostError(
                    where=str(ask.out),
                    found="a worker's result is not in it: the workers have another folder of that name",
                    fix="give an --out DIR that this machine and every worker share",
                )
            fresh += 1
            tally.done(result.student.id, brief(result), scored=result.standing is not Standing.UNGRADED)
    return fresh


def _need(terms: Terms) -> Need:
    """What one submission takes of a worker at least: its largest guest."""
    needs = [guest_need(scene.machine, terms.base.probe.accel) for scene in terms.lab.scenes]
    return max(needs, key=lambda need: (need.memory, need.cpus))


def _grade_one(token: Token, ask: GradeAsk, parcel: Parcel) -> Result | None:
    """On a worker."""
    with _LOCK:
        desk = _desk(ask)
    return desk.grade(token, take(desk.terms, parcel))


@cache
def _desk(ask: GradeAsk) -> Desk:
    journal = Journal(folder=ask.out)
    terms = terms_of(ask, places(runs=journal.runs), silent)
    house = _OPEN.enter_context(opened(terms.lab, terms.base, places(runs=journal.runs), cold=ask.cold))
    tally = Tally(of=1, what="submission", listen=silent)
    return Desk(terms=terms, journal=journal, house=house, tally=tally, again=ask.again)

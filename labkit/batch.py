"""Hallway: many submissions of one lab graded in one go; one that cannot be graded stops no other."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from labkit.labfile.load import load
from labkit.model.errors import Broken, LabkitError
from labkit.model.events import Event, Listener, Mood
from labkit.model.need import Capacity, Need
from labkit.model.rows import RunDone, SubmissionRow
from labkit.order import guest_need
from labkit.places import lab_folder, places
from labkit.pools.cancel import Token
from labkit.pools.local import LocalPool, gather
from labkit.qemu.live import reap
from labkit.session import House, RunAsk, load_work, opened, perform, stand_on, take_in, with_kernel

SCOPE = "batch"
PHASE = "grading"
RATE_AFTER = 10.0  # seconds; before, the first to fail would make it absurd
SPARE = 1  # submissions beyond the guests that fit at once: one compiles or is judged while they run


def run(
    ask: RunAsk, paths: tuple[Path, ...], jobs: int | None, listen: Listener
) -> tuple[SubmissionRow, ...]:
    """Grade the work in each of `paths` instead of `ask.path`; one row each, in the order given.

    At most `jobs` at once, None for as many as keep this machine busy. What keeps a single one from being
    graded stands in its row. Raises BadInput for the lab or the arguments, HostError when this machine cannot
    run the lab at all.
    """
    here = places(runs=ask.runs)
    reap(here.live)
    lab = with_kernel(load(lab_folder(here, ask.lab)), ask.kernel)
    base = stand_on(here, lab, ask.accel, listen)
    tally = _Tally(of=len(paths), listen=listen)
    # A submission's own thread only prepares and judges: what costs is its guests', in the house's pool.
    with (
        opened(lab, base, here, cold=ask.cold) as house,
        tally.shown(),
        LocalPool(Capacity(cpus=jobs or _fitting(house) + SPARE)) as desk,
    ):
        entries = (
            _Entry(name=name, path=path, seed=ask.seed)
            for name, path in zip(labels(paths), paths, strict=True)
        )
        return gather((desk.submit(_grade, house, entry, tally, need=Need()) for entry in entries), Token())


def labels(paths: tuple[Path, ...]) -> tuple[str, ...]:
    """Short names: of each path as many last parts as it takes to tell them all apart.

    >>> labels((Path("/in/ada/lab2"), Path("/in/bob/lab2")))
    ('ada/lab2', 'bob/lab2')
    """
    parts = [path.resolve().parts for path in paths]
    different = set(parts)
    depth = 1
    while len({own[-depth:] for own in different}) < len(different):
        depth += 1
    return tuple(str(Path(*own[-depth:])) for own in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    name: str
    path: Path
    seed: str | None


def _fitting(house: House) -> int:
    """How many of the lab's largest guests fit at once."""
    accel = house.base.probe.accel
    return min(house.pool.capacity.fitting(guest_need(scene.machine, accel)) for scene in house.lab.scenes)


def _grade(token: Token, house: House, entry: _Entry, tally: _Tally) -> SubmissionRow:
    token.check()
    tally.begin(entry.name)
    row = SubmissionRow(name=entry.name, path=entry.path, outcome=_outcome(token, house, entry, tally))
    tally.end(row)
    return row


def _outcome(token: Token, house: House, entry: _Entry, tally: _Tally) -> RunDone | LabkitError:
    try:
        handed_in = take_in(house.lab, load_work(house.lab, entry.path, entry.seed))
        return perform(house, handed_in, token, tally.listener(entry.name))
    except CancelledError:
        raise
    except LabkitError as error:
        token.check()
        return error
    except Exception as error:  # noqa: BLE001  a border: labkit's own fault must not cost the others their grades
        return Broken(
            where="labkit",
            found=f"{type(error).__name__}: {error}",
            fix="report this",
            detail="".join(traceback.format_exception(error)),
        )


@dataclass(slots=True, kw_only=True)
class _Tally:
    """What is told of a batch while it runs: one phase for all of it, a sentence for each that is done."""

    of: int
    listen: Listener
    _began: float = field(default_factory=time.monotonic)
    _done: int = 0
    _running: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def shown(self) -> Iterator[None]:
        self._say(Mood.BEGIN, f"{self.of} submissions")
        try:
            yield
        except BaseException:
            self._say(Mood.FAILED, self._count())
            raise
        self._say(Mood.DONE, "")

    def listener(self, name: str) -> Listener:
        """For one submission: of all that happens in it, only a warning is worth a line here."""

        def hear(event: Event) -> None:
            if event.mood is Mood.WARN:
                self.listen(replace(event, scope=f"{name} {event.scope}"))

        return hear

    def begin(self, name: str) -> None:
        with self._lock:
            self._running.append(name)
            self._picture()

    def end(self, row: SubmissionRow) -> None:
        with self._lock:
            self._running.remove(row.name)
            self._done += 1
            self._say(Mood.NOTE, f"{row.name}: {_brief(row.outcome)} · {self._count()}")
            self._picture()

    def _picture(self) -> None:
        fraction = self._done / self.of
        self._say(Mood.NOTE, f"{self._count()}: {', '.join(self._running)}", fraction=fraction)

    def _count(self) -> str:
        seconds = time.monotonic() - self._began
        rate = f", {60 * self._done / seconds:.1f} a minute" if seconds > RATE_AFTER else ""
        return f"{self._done} of {self.of} done{rate}"

    def _say(self, mood: Mood, text: str, fraction: float | None = None) -> None:
        seconds = time.monotonic() - self._began if mood in (Mood.DONE, Mood.FAILED) else None
        event = Event(scope=SCOPE, phase=PHASE, mood=mood, text=text, fraction=fraction, seconds=seconds)
        self.listen(event)


def _brief(outcome: RunDone | LabkitError) -> str:
    """What became of one, and where its evidence is."""
    if isinstance(outcome, LabkitError):
        return f"{outcome.where}: {outcome.found}"
    verdict = outcome.verdict
    score = "no score" if verdict.score is None else f"{verdict.score:g} of {verdict.max_score}"
    return f"{score}, {outcome.run.name}"

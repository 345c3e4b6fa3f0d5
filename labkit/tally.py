"""Hallway: what is told of many submissions while they run: one phase for all, a sentence for each."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from labkit.model.errors import BadInput, LabkitError
from labkit.model.events import Event, Listener, Mood
from labkit.model.rows import RunDone, SubmissionRow

SCOPE = "batch"
PHASE = "grading"
RATE_AFTER = 10.0  # seconds; before, the first to fail would make it absurd


@dataclass(slots=True, kw_only=True)
class Tally:
    """How many of `of` are done, and which are at it: not those that wait for a guest to fit.

    `what` is the noun for one of them.
    """

    of: int
    what: str
    listen: Listener
    scope: str = SCOPE
    phase: str = PHASE
    _began: float = field(default_factory=time.monotonic)
    _done: int = 0
    _unscored: int = 0
    _under_way: list[tuple[str, Counter[str]]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def shown(self) -> Iterator[None]:
        self._say(Mood.BEGIN, f"{self.of} {self.what}" if self.of == 1 else f"{self.of} {self.what}s")
        try:
            yield
        except BaseException:
            self._say(Mood.FAILED, self._count())
            raise
        self._say(Mood.DONE, "")

    @contextmanager
    def heard(self, name: str) -> Iterator[Listener]:
        """While one submission is under way: of what happens in it, only a warning is worth a line here."""
        phases: Counter[str] = Counter()  # by scope, that have begun and not ended

        def hear(event: Event) -> None:
            if event.mood is Mood.WARN:
                self.listen(replace(event, scope=f"{name} {event.scope}"))
            elif event.mood is Mood.BEGIN:
                with self._lock:
                    phases[event.scope] += 1
                    self._picture()
            elif event.mood is not Mood.NOTE:
                with self._lock:
                    phases[event.scope] -= 1

        entry = (name, phases)
        with self._lock:
            self._under_way.append(entry)
        try:
            yield hear
        finally:
            with self._lock:
                self._under_way.remove(entry)

    def end(self, row: SubmissionRow) -> None:
        self.done(row.name, _brief(row.outcome), scored=_scored(row.outcome))

    def done(self, name: str, says: str, *, scored: bool = True) -> None:
        """One is done: what became of it, and whether it is what it should be or a person must look."""
        with self._lock:
            self._done += 1
            self._unscored += not scored
            self._say(Mood.NOTE, f"{name}: {says} · {self._count()}")
            self._picture()

    def _picture(self) -> None:
        fraction = self._done / self.of
        at_it = [name for name, phases in self._under_way if phases.total()]
        self._say(Mood.NOTE, f"{self._count()}: {', '.join(at_it)}", fraction=fraction)

    def _count(self) -> str:
        seconds = time.monotonic() - self._began
        words = [f"{self._done} of {self.of} done"]
        if self._unscored:
            words.append(f"{self._unscored} without a score")
        if seconds > RATE_AFTER:
            words.append(f"{60 * self._done / seconds:.1f} a minute")
        if self._done and seconds > RATE_AFTER and (rest := self.of - self._done):
            words.append(f"{max(1, round(rest * seconds / self._done / 60))} min left")
        return ", ".join(words)

    def _say(self, mood: Mood, text: str, fraction: float | None = None) -> None:
        seconds = time.monotonic() - self._began if mood in (Mood.DONE, Mood.FAILED) else None
        event = Event(
            scope=self.scope, phase=self.phase, mood=mood, text=text, fraction=fraction, seconds=seconds
        )
        self.listen(event)


def _brief(outcome: RunDone | LabkitError) -> str:
    """What became of one, and where its evidence is."""
    if isinstance(outcome, LabkitError):
        return f"{outcome.where}: {outcome.found}"
    verdict = outcome.verdict
    score = "no score" if verdict.score is None else f"{verdict.score:g} of {verdict.max_score}"
    return f"{score}, {outcome.run.name}"


def _scored(outcome: RunDone | LabkitError) -> bool:
    return (
        isinstance(outcome, BadInput)
        if isinstance(outcome, LabkitError)
        else outcome.verdict.score is not None
    )

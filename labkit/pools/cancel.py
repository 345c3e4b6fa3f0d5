"""How work in another thread is called off: a token is set, and every wait that heeds it gives up.

Ctrl-C arrives in the main thread while others wait for their guests. A wait that polls sees the token through
its deadline; one that sleeps in a system call is woken by a callback, which takes away what it waits for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass

from labkit.model.units import Deadline, Pace


class Cancelled(CancelledError):
    """The work was called off before its end. Not a failure: nothing is to be reported of it."""


class Token:
    """Whether a piece of work was called off. Any thread may ask, register and cancel."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancelled = False
        self._callbacks: list[Callable[[], object]] = []

    def cancel(self) -> None:
        """Call the work off: whoever asks from now on is told, and the callbacks run, in this thread."""
        with self._lock:
            self._cancelled = True
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def cancelled(self) -> bool:
        return self._cancelled

    def check(self) -> None:
        """Raise Cancelled if the work was called off."""
        if self._cancelled:
            raise Cancelled

    @contextmanager
    def on_cancel(self, callback: Callable[[], object]) -> Iterator[None]:
        """Have `callback` run once if the work is called off before the block ends; at once if it was before.

        It may still run while the block is being left: it must bear that, and may not raise.
        """
        with self._lock:
            late = self._cancelled
            if not late:
                self._callbacks.append(callback)
        if late:
            callback()
        try:
            yield
        finally:
            with self._lock:
                if callback in self._callbacks:
                    self._callbacks.remove(callback)


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellableDeadline(Deadline):
    """A deadline that is over as soon as the work was called off."""

    token: Token

    @property
    def remaining(self) -> float:
        return 0.0 if self.token.cancelled() else max(0.0, self.expires_at - time.monotonic())

    def sooner(self, seconds: float, phase: str) -> Deadline:
        return _heeding(Deadline.after(min(seconds, self.remaining), phase), self.token)


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellablePace(Pace):
    """A pace whose deadlines are over as soon as the work was called off."""

    token: Token

    def deadline(self, seconds: float, phase: str) -> Deadline:
        return _heeding(Pace.deadline(self, seconds, phase), self.token)


def _heeding(deadline: Deadline, token: Token) -> CancellableDeadline:
    return CancellableDeadline(
        phase=deadline.phase, seconds=deadline.seconds, expires_at=deadline.expires_at, token=token
    )

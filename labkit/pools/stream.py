"""More tasks than should be handed in at once: a window of them is under way, results come as they end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any, TypeVar

from labkit.pools.local import LEAVE_SECONDS

T = TypeVar("T")
_TICK_SECONDS = 0.2  # as in local.py: a signal is heard between two sleeps of the main thread


def stream(submits: Iterable[Callable[[], Future[T]]], window: int) -> Iterator[T]:
    """The results in the order in which they come; of the tasks never more than `window` are handed in.

    When one fails the others are called off, and its error is raised.
    """
    under_way: set[Future[T]] = set()
    try:
        for submit in submits:
            while len(under_way) >= window:
                yield from _harvest(under_way)
            under_way.add(submit())
        while under_way:
            yield from _harvest(under_way)
    except BaseException:
        for task in under_way:
            task.cancel()
        wait(under_way, LEAVE_SECONDS)
        raise


def _harvest(under_way: set[Future[Any]]) -> list[Any]:
    done, _ = wait(under_way, _TICK_SECONDS, FIRST_COMPLETED)
    under_way -= done
    return [task.result() for task in done]

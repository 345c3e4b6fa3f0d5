"""A window over many tasks: never more than it holds are handed in, every result comes once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future

import pytest

from labkit.model.need import Capacity, Need
from labkit.pools.cancel import Token
from labkit.pools.local import LocalPool
from labkit.pools.stream import stream

WINDOW = 3


def test_never_more_than_the_window_are_handed_in_and_each_result_comes_once() -> None:
    under_way, peak, lock = 0, 0, threading.Lock()

    def act(_: Token, number: int) -> int:
        nonlocal under_way
        with lock:
            under_way -= 1
        return number

    with LocalPool(Capacity(cpus=2)) as pool:

        def submits() -> Iterator[Callable[[], Future[int]]]:
            nonlocal under_way, peak
            for number in range(40):
                with lock:
                    under_way += 1
                    peak = max(peak, under_way)
                yield lambda number=number: pool.submit(act, number, need=Need())  # type: ignore[misc]

        assert sorted(stream(submits(), WINDOW)) == list(range(40))
    # One that is made and not handed in yet waits for a place.
    assert peak <= WINDOW + 1


def test_one_that_fails_calls_the_others_off() -> None:
    called_off = threading.Event()

    def wait(token: Token) -> None:
        with token.on_cancel(called_off.set):
            assert called_off.wait(60)

    def fail(_: Token) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"), LocalPool(Capacity(cpus=2)) as pool:
        list(stream([lambda: pool.submit(wait, need=Need()), lambda: pool.submit(fail, need=Need())], 2))
    assert called_off.is_set()

"""The local pool: never more than there is, big ones first, everything ends, and what is called off stops."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.model.errors import HostError
from labkit.model.need import Capacity, Need
from labkit.model.units import Size
from labkit.pools import local
from labkit.pools.cancel import Token
from labkit.pools.local import PASSES, LocalPool, Task, gather

SOON = 20.0  # seconds; no test waits for it unless it fails
ONE = Need(cpus=1)

capacities = st.builds(Capacity, cpus=st.integers(1, 4), memory=st.integers(4, 8).map(Size))
needs = st.builds(Need, cpus=st.integers(0, 5), memory=st.integers(0, 4).map(Size))


class Refused(Exception):
    """What a task fails with."""


@dataclass(slots=True)
class Watch:
    """What runs at once, and in which order it began."""

    cpus: int = 0
    memory: int = 0
    most_cpus: int = 0
    most_memory: int = 0
    begun: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def task(self, token: Token, index: int, need: Need, seconds: float = 0.0) -> int:
        with self.lock:
            self.begun.append(index)
            self.cpus, self.memory = self.cpus + need.cpus, self.memory + need.memory
            self.most_cpus = max(self.most_cpus, self.cpus)
            self.most_memory = max(self.most_memory, self.memory)
        time.sleep(seconds)
        with self.lock:
            self.cpus, self.memory = self.cpus - need.cpus, self.memory - need.memory
        token.check()
        return index


def until(said: threading.Event) -> Callable[[Token], None]:
    """A task that ends when it is told."""

    def act(_: Token) -> None:
        assert said.wait(SOON)

    return act


def heed(token: Token, begun: threading.Event) -> None:
    """A task that ends only when it is called off."""
    begun.set()
    while not token.cancelled():
        time.sleep(0.001)
    token.check()


@settings(deadline=None, max_examples=60)
@given(capacity=capacities, wanted=st.lists(needs, max_size=25), seconds=st.sampled_from((0.0, 0.001)))
def test_everything_ends_and_there_is_never_more_at_once_than_there_is(
    capacity: Capacity, wanted: list[Need], seconds: float
) -> None:
    watch = Watch()
    alone = [Need(cpus=min(need.cpus, capacity.cpus), memory=need.memory) for need in wanted]
    with LocalPool(capacity) as pool:
        tasks = [
            pool.submit(watch.task, index, fitted, seconds, need=need)
            for index, (need, fitted) in enumerate(zip(wanted, alone, strict=True))
        ]
    assert [task.result(timeout=0) for task in tasks] == list(range(len(wanted)))
    assert watch.most_cpus <= capacity.cpus
    assert watch.most_memory <= capacity.memory


@settings(deadline=None, max_examples=60)
@given(
    wanted=st.lists(st.builds(Need, cpus=st.integers(1, 3), memory=st.integers(0, 4).map(Size)), max_size=12)
)
def test_the_largest_begins_first_and_equals_in_the_order_of_submission(wanted: list[Need]) -> None:
    watch, go = Watch(), threading.Event()
    with LocalPool(Capacity(cpus=1, memory=Size(4))) as pool:
        pool.submit(until(go), need=ONE)
        for index, need in enumerate(wanted):
            pool.submit(watch.task, index, need, need=need)
        go.set()
    # All of them take the one core there is, so that only the memory still tells them apart.
    assert watch.begun == sorted(range(len(wanted)), key=lambda index: (-wanted[index].memory, index))


def test_of_equal_memory_the_one_with_more_cores_begins_first() -> None:
    watch, go = Watch(), threading.Event()
    with LocalPool(Capacity(cpus=3)) as pool:
        pool.submit(until(go), need=Need(cpus=3))
        for index, cpus in enumerate((1, 3, 2)):
            pool.submit(watch.task, index, ONE, 0.02, need=Need(cpus=cpus))
        go.set()
    assert watch.begun[0] == 1
    assert set(watch.begun[1:]) == {0, 2}


def test_a_big_one_is_overtaken_a_few_times_and_no_more() -> None:
    watch, go = Watch(), threading.Event()
    with LocalPool(Capacity(cpus=2)) as pool:
        pool.submit(until(go), need=ONE)
        big = pool.submit(watch.task, 99, Need(cpus=2), need=Need(cpus=2))
        small = [pool.submit(watch.task, index, ONE, need=ONE) for index in range(3 * PASSES)]
        gather(small[:PASSES], Token())
        assert not big.running()
        go.set()
    assert watch.begun == [*range(PASSES), 99, *range(PASSES, 3 * PASSES)]


def test_one_that_wants_more_cores_than_there_are_runs_alone() -> None:
    watch, go = Watch(), threading.Event()
    with LocalPool(Capacity(cpus=2)) as pool:
        pool.submit(until(go), need=ONE)
        wide = pool.submit(watch.task, 0, Need(cpus=64), need=Need(cpus=64))
        assert not wide.running()
        go.set()
        pool.submit(watch.task, 1, ONE, need=ONE)
    assert watch.most_cpus == 64


@pytest.mark.parametrize(
    ("need", "lacking"),
    [
        (Need(cpus=1, memory=Size.mib(1025)), "memory of this host"),
        (Need(cpus=1, kvm=True), "KVM of this host"),
        (Need(cpus=1, memory=Size.gib(2), kvm=True), "memory and KVM of this host"),
    ],
)
def test_one_that_can_never_fit_is_refused_at_once_with_both_numbers(need: Need, lacking: str) -> None:
    with LocalPool(Capacity(cpus=2, memory=Size.gib(1))) as pool, pytest.raises(HostError) as caught:
        pool.submit(until(threading.Event()), need=need)
    assert caught.value.where == lacking
    assert f"needs 1 core, {need.memory >> 20} MiB" in caught.value.found
    assert "free are 2 cores, 1024 MiB" in caught.value.found


def test_what_a_task_raises_is_raised_to_whoever_asks_and_stops_nothing_else() -> None:
    def fail(_: Token) -> None:
        raise Refused

    watch = Watch()
    with LocalPool(Capacity(cpus=1)) as pool:
        failed = pool.submit(fail, need=ONE)
        after = pool.submit(watch.task, 1, ONE, need=ONE)
    assert isinstance(failed.exception(), Refused)
    assert after.result() == 1


def test_an_exception_calls_off_what_waits_and_stops_what_runs() -> None:
    watch, begun = Watch(), threading.Event()
    pool = LocalPool(Capacity(cpus=1))
    tasks: list[Task[object]] = []

    def leave_in_anger() -> None:
        with pool:
            tasks.append(pool.submit(heed, begun, need=ONE))
            tasks.append(pool.submit(watch.task, 0, ONE, need=ONE))
            assert begun.wait(SOON)
            raise Refused

    with pytest.raises(Refused):
        leave_in_anger()
    for task in tasks:
        with pytest.raises(CancelledError):
            task.result(timeout=0)
    assert watch.begun == []
    with pytest.raises(CancelledError):
        pool.submit(watch.task, 1, ONE, need=ONE)


def test_ctrl_c_while_the_block_waits_at_its_end_stops_everything() -> None:
    tasks: list[Task[object]] = []

    def interrupt(_: Token) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    def wait_in_vain() -> None:
        with LocalPool(Capacity(cpus=2)) as pool:
            tasks.append(pool.submit(heed, threading.Event(), need=ONE))
            pool.submit(interrupt, need=ONE)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            wait_in_vain()
    finally:
        signal.signal(signal.SIGINT, before)
    with pytest.raises(CancelledError):
        tasks[0].result(timeout=0)


def test_one_that_does_not_heed_is_left_behind_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "LEAVE_SECONDS", 0.05)
    go, tasks = threading.Event(), list[Task[None]]()

    def leave_in_anger() -> None:
        with LocalPool(Capacity(cpus=1)) as pool:
            tasks.append(pool.submit(until(go), need=ONE))
            raise Refused

    with pytest.raises(Refused):
        leave_in_anger()
    assert tasks[0].running()
    go.set()
    tasks[0].result(timeout=SOON)


def test_calling_off_a_big_one_lets_those_begin_that_it_held_up() -> None:
    watch, go = Watch(), threading.Event()
    with LocalPool(Capacity(cpus=2)) as pool:
        pool.submit(until(go), need=ONE)
        big = pool.submit(watch.task, 99, Need(cpus=2), need=Need(cpus=2))
        small = [pool.submit(watch.task, index, ONE, need=ONE) for index in range(PASSES + 1)]
        gather(small[:PASSES], Token())
        assert not small[PASSES].done()
        assert big.cancel()
        assert small[PASSES].result(timeout=SOON) == PASSES
        go.set()
    assert 99 not in watch.begun


@settings(deadline=None, max_examples=40)
@given(capacity=capacities, wanted=st.lists(st.tuples(needs, st.booleans()), max_size=20))
def test_after_any_cancellations_all_of_the_pool_is_free_again(
    capacity: Capacity, wanted: list[tuple[Need, bool]]
) -> None:
    watch = Watch()
    everything = Need(cpus=capacity.cpus, memory=capacity.memory)
    with LocalPool(capacity) as pool:
        tasks = [
            pool.submit(watch.task, index, ONE, 0.0005, need=need) for index, (need, _) in enumerate(wanted)
        ]
        for task, (_, called_off) in zip(tasks, wanted, strict=True):
            if called_off:
                task.cancel()
        last = pool.submit(watch.task, 99, ONE, need=everything)
        assert last.result(timeout=SOON) == 99
    for index, (task, (_, called_off)) in enumerate(zip(tasks, wanted, strict=True)):
        assert task.done()
        if not called_off:
            assert task.result() == index


def test_gathered_results_come_in_order() -> None:
    watch = Watch()
    with LocalPool(Capacity(cpus=2)) as pool:
        tasks = (pool.submit(watch.task, index, ONE, 0.002 * (index % 2), need=ONE) for index in range(8))
        assert gather(tasks, Token()) == tuple(range(8))


def test_the_first_failure_of_those_gathered_calls_off_the_others() -> None:
    begun = threading.Event()

    def fail(_: Token) -> None:
        assert begun.wait(SOON)
        raise Refused

    with LocalPool(Capacity(cpus=2)) as pool:
        first = pool.submit(heed, begun, need=ONE)
        tasks = [first, pool.submit(fail, need=ONE), pool.submit(heed, begun, need=ONE)]
        with pytest.raises(Refused):
            gather(tasks, Token())
        assert all(task.done() for task in tasks)


def test_those_gathered_are_called_off_with_the_token_of_who_waits_for_them() -> None:
    begun, token = threading.Event(), Token()

    def cancel(_: Token) -> None:
        assert begun.wait(SOON)
        token.cancel()

    with LocalPool(Capacity(cpus=2)) as pool:
        pool.submit(cancel, need=ONE)
        with pytest.raises(CancelledError):
            gather([pool.submit(heed, begun, need=ONE)], token)


def test_a_host_that_gives_no_thread_is_told_of_and_the_rest_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    watch = Watch()
    with LocalPool(Capacity(cpus=1)) as pool:
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refuse)
            failed = pool.submit(watch.task, 0, ONE, need=ONE)
        assert pool.submit(watch.task, 1, ONE, need=ONE).result(timeout=SOON) == 1
    with pytest.raises(HostError, match="ulimit -u"):
        failed.result()


def test_each_task_has_a_thread_of_its_own() -> None:
    def who(_: Token) -> int:
        return threading.get_native_id()

    with LocalPool(Capacity(cpus=1)) as pool:
        threads = gather([pool.submit(who, need=ONE) for _ in range(5)], Token())
    assert threading.get_native_id() not in threads
    assert len(set(threads)) == 5

"""Tasks on threads of this process, each let in when its cores and its memory fit, big ones first.

A task has a thread of its own and for itself alone: a QEMU dies with the thread that started it
(PR_SET_PDEATHSIG), so a guest's thread must neither end before it nor wait for anything else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from types import TracebackType
from typing import Any, TypeVar

from labkit.model.errors import HostError
from labkit.model.need import Capacity, Need
from labkit.pools.cancel import Cancelled, Token

T = TypeVar("T")

PASSES = 4  # smaller tasks that may overtake a waiting one
LEAVE_SECONDS = 20.0  # for tasks that were asked to stop; QEMU is gone in 0.1 s
# One sleep, at most. Python runs a signal's handler between two steps of the main thread: a signal that comes
# just before that thread falls asleep on a lock does not wake it (3 of 300 Ctrl-C on a busy host).
_TICK_SECONDS = 0.2


class Task(Future[T]):
    """A submitted call. Its result is the call's; CancelledError if it was called off in time."""

    def __init__(self, act: Callable[[Token], T], need: Need, settle: Callable[[], None]) -> None:
        super().__init__()
        self.need = need
        self.token = Token()
        self.passes = 0
        self._act = act
        self._settle = settle

    def cancel(self) -> bool:
        """Call it off; True if it then never begins. One that runs is asked to stop."""
        waited = super().cancel()
        self.token.cancel()
        self._settle()
        return waited

    def perform(self) -> None:
        """Make the call, in the thread that this is called from."""
        if not self.set_running_or_notify_cancel():
            return
        try:
            result = self._act(self.token)
        except BaseException as error:  # noqa: BLE001  the border between threads: who asks for the result gets it
            self.set_exception(error)
        else:
            self.set_result(result)


class LocalPool:
    """Runs tasks while its block lasts. The block's end waits for all of them.

    When the block ends with an exception, what waits is called off, what runs is asked to stop and gets
    LEAVE_SECONDS for it. A thread that even then does not end is left behind; it dies with this process, and
    its guest with it.

    The next task is the one with the largest memory, then with the most cores, then the first submitted.
    While it does not fit, smaller ones that do go before it; after PASSES of them nobody does any more, and
    it begins as soon as enough of what runs has ended. So a big task waits for a bounded number of smaller
    ones; a small one waits for as long as bigger ones keep coming, and a batch comes to an end.
    """

    def __init__(self, capacity: Capacity) -> None:
        self.capacity = capacity
        self._changed = threading.Condition()
        self._waiting: list[Task[Any]] = []  # in the order of submission
        self._running: set[Task[Any]] = set()
        self._closed = False

    def __enter__(self) -> LocalPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            try:
                self._drain()
            except BaseException:
                self._stop()
                raise
            return
        self._stop()

    def check(self, need: Need) -> None:
        """Raise HostError for a need that can never be met here."""
        there = self.capacity
        short = ["memory"] * (need.memory > there.memory) + ["KVM"] * (need.kvm and not there.kvm)
        if short:
            raise HostError(
                where=f"{' and '.join(short)} of this host",
                found=f"a guest needs {need}, free are {there}",
                fix="end other programs, or use another machine; `labkit doctor` says what this one has",
            )

    def submit(self, act: Callable[..., T], *args: object, need: Need) -> Task[T]:
        """Have `act(token, *args)` called when `need` fits; `token.cancelled()` tells it to come to an end.

        A task that needs more cores than there are gets them all, and so runs alone. Raises what `check`
        raises, and Cancelled when the pool is being left.
        """
        self.check(need)
        cpus = min(need.cpus, self.capacity.cpus)
        fitted = Need(cpus=cpus, memory=need.memory, kvm=need.kvm)
        task = Task(lambda token: act(token, *args), fitted, self._settle)
        with self._changed:
            if self._closed:
                raise Cancelled
            self._waiting.append(task)
            self._settle()
        return task

    def _settle(self) -> None:
        """Begin what fits now. Called whenever a task came, was called off, or ended."""
        with self._changed:
            self._drop_cancelled()
            held_up: list[Task[Any]] = []
            for task in sorted(self._waiting, key=_big_first):
                if self._fits(task.need):
                    self._begin(task)
                    for other in held_up:
                        other.passes += 1
                else:
                    held_up.append(task)
                if any(other.passes >= PASSES for other in held_up):
                    break
            self._changed.notify_all()

    def _drop_cancelled(self) -> None:
        for task in [task for task in self._waiting if task.cancelled()]:
            self._waiting.remove(task)
            task.set_running_or_notify_cancel()  # only now does wait() hear of it

    def _fits(self, need: Need) -> bool:
        cpus = sum(task.need.cpus for task in self._running) + need.cpus
        memory = sum(task.need.memory for task in self._running) + need.memory
        return cpus <= self.capacity.cpus and memory <= self.capacity.memory

    def _begin(self, task: Task[Any]) -> None:
        self._waiting.remove(task)
        self._running.add(task)
        thread = threading.Thread(target=self._host, args=(task,), name="task", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            self._running.remove(task)
            if task.set_running_or_notify_cancel():
                task.set_exception(_no_thread(error))

    def _host(self, task: Task[Any]) -> None:
        """A task's own thread."""
        try:
            task.perform()
        finally:
            with self._changed:
                self._running.discard(task)
                self._settle()

    def _drain(self) -> None:
        with self._changed:
            while not self._changed.wait_for(self._idle, _TICK_SECONDS):
                pass
            self._closed = True

    def _stop(self) -> None:
        with self._changed:
            self._closed = True
            everyone = [*self._waiting, *self._running]
        for task in everyone:
            task.cancel()
        with self._changed:
            self._changed.wait_for(self._idle, LEAVE_SECONDS)

    def _idle(self) -> bool:
        return not self._waiting and not self._running


def gather(tasks: Iterable[Task[T]], token: Token) -> tuple[T, ...]:
    """The results of all, in order. When one fails the others are called off, and its error is raised.

    They are called off, too, when `token` is cancelled.
    """
    everyone: list[Task[T]] = []

    def call_off() -> None:
        for task in everyone:
            task.cancel()

    with token.on_cancel(call_off):
        try:
            for task in tasks:
                everyone.append(task)
                token.check()
            while not _is_over(everyone):
                wait(everyone, _TICK_SECONDS, FIRST_EXCEPTION)
            for task in everyone:
                if task.done():
                    task.result()
            return tuple(task.result() for task in everyone)
        except BaseException:
            call_off()
            wait(everyone, LEAVE_SECONDS)
            raise


def _is_over(tasks: Sequence[Task[Any]]) -> bool:
    """Whether all are done, or one of them in vain."""
    done = [task for task in tasks if task.done()]
    return len(done) == len(tasks) or any(task.cancelled() or task.exception() is not None for task in done)


def _big_first(task: Task[Any]) -> tuple[int, int]:
    return -task.need.memory, -task.need.cpus


def _no_thread(error: RuntimeError) -> HostError:
    return HostError(where="this host", found=str(error), fix="allow this user more processes: ulimit -u")

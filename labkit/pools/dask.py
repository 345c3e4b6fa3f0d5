"""Tasks on the workers of a dask cluster, each let in where its cores and its memory fit.

    dask scheduler --host 127.0.0.1 --port 8786 --dashboard-address 127.0.0.1:0
    dask worker tcp://127.0.0.1:8786 --host 127.0.0.1 --nthreads 8 --memory-limit 0 \\
        --resources CPU=6,MEM=12000

A worker declares what its machine has for guests: CPU as labkit.order counts it (three a core), MEM in MiB.
The scheduler holds tasks to that. What dask does not do is done here (distributed 2026.8, measured):
`Future.cancel` never stops what runs, so each task asks the scheduler whether it is still wanted, and calls
its own work off if not; then a driver that was killed leaves nothing either. A worker's loss counts against
every task that it had been given, so the scheduler is told to bear many.
"""

from __future__ import annotations

import ipaddress
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from labkit.model.errors import HostError, UsageError
from labkit.model.need import Need
from labkit.pools.cancel import Cancelled, Token

if TYPE_CHECKING:
    from distributed import Client

T = TypeVar("T")

SCHEME = "dask"
CPU, MEMORY, KVM = "CPU", "MEM", "KVM"
CONNECT_SECONDS = 20.0
WORKERS_SECONDS = 60.0  # a batch system may still be starting them
POLL_SECONDS = 0.4  # so that a guest is gone 2 s after it was called off
DEAF_POLLS = 10  # without an answer: the scheduler has gone
BEARS = 1000  # losses of workers, before dask gives a task up


class Remote(Future[T]):
    """A task somewhere else. `cancel` has it stopped there, too."""

    def __init__(self, remote: Any) -> None:
        super().__init__()
        self.set_running_or_notify_cancel()
        self._remote = remote
        self._called_off = False
        remote.add_done_callback(self._settle)

    def cancel(self) -> bool:
        self._called_off = True
        self._remote.cancel()
        return False  # it may run for another moment

    def _settle(self, remote: Any) -> None:
        if remote.status == "finished":
            self.set_result(remote.result())
        elif remote.status == "error":
            self.set_exception(remote.exception())
        elif self._called_off:
            self.set_exception(Cancelled())
        else:
            self.set_exception(
                HostError(
                    where="the cluster",
                    found="the scheduler has gone, and with it what was being done",
                    fix="start it and its workers again, and say the same line once more",
                )
            )


class DaskPool:
    """Runs tasks while its block lasts, on the workers of the scheduler at `dask://HOST:PORT`.

    Raises UsageError for an address that would send students' work over a network in the clear, HostError
    when nobody answers there.
    """

    def __init__(self, address: str) -> None:
        self._address, self._security = _checked(address)
        self._client: Client | None = None

    def __enter__(self) -> DaskPool:
        from distributed import Client

        try:
            self._client = Client(
                self._address, security=self._security, timeout=CONNECT_SECONDS, set_as_default=False
            )
            self._client.wait_for_workers(1, timeout=WORKERS_SECONDS)
        except (OSError, TimeoutError) as error:
            self._close()
            raise HostError(
                where=self._address,
                found=f"no scheduler with a worker answers: {error}",
                fix="start `dask scheduler` and `dask worker`; the README says how",
            ) from error
        self._client.run_on_scheduler(_bear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def check(self, need: Need) -> None:
        """Raise HostError for a need that no worker can ever meet."""
        wanted = _resources(need)
        offers = [worker["resources"] for worker in self._workers()]
        if not any(all(offer.get(name, 0) >= much for name, much in wanted.items()) for offer in offers):
            told = "; ".join(sorted({_told(offer) for offer in offers})) or "no worker"
            raise HostError(
                where=self._address,
                found=f"a task needs {_told(wanted)}, the workers have {told}",
                fix="start a worker with more: dask worker … --resources CPU=…,MEM=…",
            )

    @property
    def slots(self) -> int:
        """Tasks that the workers take at once, by their threads."""
        return sum(worker["nthreads"] for worker in self._workers())

    def submit(self, act: Callable[..., T], *args: Any, need: Need) -> Future[T]:
        """Have `act(token, *args)` called on a worker; both must be picklable. Raises what `check` raises."""
        self.check(need)
        assert self._client is not None
        key = f"labkit-{uuid.uuid4()}"
        return Remote(
            self._client.submit(
                _perform,
                act,
                args,
                self._client.id,
                key,
                key=key,
                pure=False,
                resources=_resources(need),
                priority=need.memory >> 20,  # big first
            )
        )

    def _workers(self) -> list[dict[str, Any]]:
        assert self._client is not None
        return list(self._client.scheduler_info(n_workers=-1)["workers"].values())

    def _close(self) -> None:
        if self._client is not None:
            self._client.close(timeout=CONNECT_SECONDS)
            self._client = None


def _perform(act: Callable[..., T], args: tuple[Any, ...], client: str, key: str) -> T:
    """On a worker: the call, called off when nobody wants it any more."""
    from distributed import get_client

    token, over = Token(), threading.Event()
    scheduler = get_client()

    def watch() -> None:
        deaf = 0
        while not over.wait(POLL_SECONDS):
            try:
                wanted = scheduler.run_on_scheduler(_is_wanted, client=client, key=key)
                deaf = 0
            except Exception:  # noqa: BLE001  a border: whatever it is, it did not answer
                deaf += 1
                wanted = deaf < DEAF_POLLS
            if not wanted:
                token.cancel()
                return

    thread = threading.Thread(target=watch, name="wanted", daemon=True)
    thread.start()
    try:
        return act(token, *args)
    finally:
        over.set()
        thread.join()


def _is_wanted(*, client: str, key: str, dask_scheduler: Any = None) -> bool:
    """On the scheduler: whether the driver is still there and waits for this task."""
    task = dask_scheduler.tasks.get(key)
    return task is not None and any(who.client_key == client for who in task.who_wants or ())


def _bear(*, dask_scheduler: Any = None) -> None:
    """On the scheduler: losing workers is nothing unusual where guests fill whole machines."""
    dask_scheduler.allowed_failures = max(dask_scheduler.allowed_failures, BEARS)


def _checked(address: str) -> tuple[str, Any]:
    """dask's own address and security of dask://HOST:PORT: TLS as dask is configured, else loopback only."""
    parts = urlsplit(address)
    if parts.scheme != SCHEME or not parts.hostname or not parts.port:
        raise UsageError(where=f"--pool {address}", found="no address", fix="write dask://127.0.0.1:8786")
    from distributed.security import Security

    security: Any = Security()
    if security.tls_ca_file:
        return f"tls://{parts.hostname}:{parts.port}", security
    if not _is_loopback(parts.hostname):
        raise UsageError(
            where=f"--pool {address}",
            found="another machine, and no TLS: whoever reaches it could run anything there",
            fix="configure distributed.comm.tls (ca-file, client cert and key), or use 127.0.0.1",
        )
    return f"tcp://{parts.hostname}:{parts.port}", None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _resources(need: Need) -> dict[str, int]:
    wanted = {CPU: need.cpus, MEMORY: need.memory >> 20, KVM: int(need.kvm)}
    return {name: much for name, much in wanted.items() if much}


def _told(resources: dict[str, Any]) -> str:
    return ", ".join(f"{name}={much:g}" for name, much in sorted(resources.items())) or "none declared"

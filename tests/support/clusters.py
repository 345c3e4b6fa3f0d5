"""A dask cluster of real processes on loopback, and its end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from processes import ended, mark_environment, marked_processes

DASK = Path(sys.executable).with_name("dask")
START_SECONDS = 60.0


@dataclass(slots=True, kw_only=True)
class Cluster:
    """A scheduler and its workers; all that they start bears the mark of `environment`."""

    address: str
    scheduler: subprocess.Popen[bytes]
    folder: Path
    environment: dict[str, str]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def pool(self) -> str:
        """The address as labkit takes it."""
        return self.address.replace("tcp://", "dask://")

    def start_worker(self, resources: str, *, threads: int = 4) -> subprocess.Popen[bytes]:
        """One without a nanny: who is killed stays dead."""
        number = len(self.workers)
        words = ["worker", self.address, "--host", "127.0.0.1", "--nthreads", str(threads), "--no-nanny"]
        words += ["--memory-limit", "0", "--resources", resources, "--no-dashboard"]
        words += ["--local-directory", str(self.folder / f"worker-{number}")]
        worker = _started(words, self.folder / f"worker-{number}.log", self.environment)
        self.workers.append(worker)
        return worker


@contextmanager
def cluster(folder: Path, *resources: str) -> Iterator[Cluster]:
    """A scheduler and a worker for each of `resources`; ended with all that they started."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**mark_environment(), "PYTHONPATH": os.pathsep.join(sys.path)}
    place = folder / "scheduler.json"
    words = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show"]
    words += ["--scheduler-file", str(place)]
    with ExitStack() as stack:
        scheduler = stack.enter_context(running(_started(words, folder / "scheduler.log", environment)))
        deadline = time.monotonic() + START_SECONDS
        while not place.exists():
            assert scheduler.poll() is None, (folder / "scheduler.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        found = Cluster(address=_address(place), scheduler=scheduler, folder=folder, environment=environment)
        stack.callback(_end, found)
        for words_ in resources:
            found.start_worker(words_)
        yield found


@contextmanager
def running(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    with ended(process):
        yield process


def _address(place: Path) -> str:
    import json

    for _ in range(100):
        try:
            return str(json.loads(place.read_text())["address"])
        except ValueError:  # half written
            time.sleep(0.05)
    raise AssertionError(place.read_text())


def _started(words: list[str], log: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    with log.open("wb") as stream:
        return subprocess.Popen([DASK, *words], stdout=stream, stderr=stream, env=environment)


def _end(found: Cluster) -> None:
    for worker in found.workers:
        worker.kill()
        worker.wait()
    found.scheduler.kill()
    deadline = time.monotonic() + START_SECONDS
    while (left := marked_processes(found.environment)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []

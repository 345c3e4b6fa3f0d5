"""Graders, workers, schedulers and guests killed with -9 at random instants, and graders started again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from clusters import Cluster, cluster
from processes import mark_environment, marked_processes

from labkit.model.errors import ExitCode

GONE_SECONDS = 30.0
GRADING_SECONDS = 7200.0  # of a class, ten times what 100 take
WORKERS = ("CPU=6,MEM=6000",) * 2
DONE = (ExitCode.PASSED, ExitCode.BROKEN)  # all have their score, or some wait for a person
INSTANTS = (0.5, 12.0)  # seconds between kills, drawn


def at_home(line: list[str], kills: int, chance: random.Random) -> list[str]:
    """Grade on this machine until it is done; what was killed. Raises SystemExit for what is left behind."""
    killed: list[str] = []
    while True:
        environment = mark_environment()
        process = subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL)
        while len(killed) < kills and not _over(process, chance):
            if chance.random() < 0.5:
                killed += _kill_guest(environment, chance)
            else:
                process.kill()
                killed.append("a grader")
        process.wait(timeout=GRADING_SECONDS)
        _await_gone(environment)
        if process.returncode in DONE:
            return killed
        if process.returncode != -signal.SIGKILL:
            raise SystemExit(f"the grader ended with {process.returncode}")


def on_cluster(line: list[str], folder: Path, kills: int, chance: random.Random) -> list[str]:
    """The same with workers and a scheduler, whom it may strike as well. A lost worker is replaced."""
    killed: list[str] = []
    for number in range(kills + 2):  # a scheduler's death is the cluster's
        with cluster(folder / f"cluster-{number}", *WORKERS) as there:
            process = subprocess.Popen(
                [*line, "--pool", there.pool], env=there.environment, stdout=subprocess.DEVNULL
            )
            while len(killed) < kills and there.scheduler.poll() is None and not _over(process, chance):
                killed += _strike(there, process, chance)
            status = process.wait(timeout=GRADING_SECONDS)
        if status in DONE:
            return killed
    raise SystemExit(f"never done: {killed}")


def _strike(there: Cluster, process: subprocess.Popen[bytes], chance: random.Random) -> list[str]:
    victim = chance.choice(("guest", "grader", "worker", "scheduler"))
    if victim == "guest":
        return _kill_guest(there.environment, chance)
    if victim == "worker":
        chance.choice([worker for worker in there.workers if worker.poll() is None]).kill()
        there.start_worker(WORKERS[0])
    else:
        {"grader": process, "scheduler": there.scheduler}[victim].kill()
    return [f"a {victim}"]


def _over(process: subprocess.Popen[bytes], chance: random.Random) -> bool:
    """Wait for the next instant; whether it was over before."""
    try:
        process.wait(timeout=chance.uniform(*INSTANTS))
    except subprocess.TimeoutExpired:
        return False
    return True


def _kill_guest(environment: Mapping[str, str], chance: random.Random) -> list[str]:
    guests = [pid for pid, comm in marked_processes(environment) if comm.startswith("qemu")]
    if not guests:
        return []
    try:
        os.kill(chance.choice(guests), signal.SIGKILL)
    except ProcessLookupError:  # it had just ended
        return []
    return ["a guest"]


def _await_gone(environment: Mapping[str, str]) -> None:
    end = time.monotonic() + GONE_SECONDS
    while (left := marked_processes(environment)) and time.monotonic() < end:
        time.sleep(0.1)
    if left:
        raise SystemExit(f"left behind: {left}")

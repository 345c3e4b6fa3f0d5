"""A real Slurm of two nodes on loopback: munged, slurmctld and two slurmd, for as long as a test wants it."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from packages import program
from processes import ended, mark_environment, marked_processes

PACKAGES = ("slurm-wlm", "munge")
NODES = ("n1", "n2")
START_SECONDS = 60.0
END_SECONDS = 30.0
# Nodes are on one machine and believed about their size; jobs are found by their parents, without cgroups.
CONFIG = """\
ClusterName=labkit
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
KillWait=2
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs={cpus} RealMemory={mib}
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs={cpus} RealMemory={mib}
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slurm:
    """Its commands run in `environment`, whose mark all jobs bear."""

    folder: Path
    environment: Mapping[str, str]

    def say(self, *words: str | Path, seconds: float = START_SECONDS) -> str:
        """What a command of Slurm's prints."""
        done = subprocess.run(
            words,
            env=self.environment,
            cwd=self.folder,
            check=False,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def submit(self, name: str, script: str, *words: str) -> str:
        """Queue a batch script; the job's number. Its elements write into NAME-%a.log."""
        path = self.folder / f"{name}.sh"
        path.write_text("#!/bin/bash\n" + script)
        log = f"--output={self.folder}/{name}-%a.log"
        return self.say("sbatch", "--parsable", f"--job-name={name}", log, *words, path).strip()

    def wait(self, job: str, seconds: float) -> None:
        """Until no element of the job waits or runs."""
        end = time.monotonic() + seconds
        while self.say("squeue", "--noheader", "--jobs", job):
            assert time.monotonic() < end, self.logs()
            time.sleep(0.2)

    def logs(self) -> str:
        """What the jobs printed."""
        return "\n".join(f"{path.name}: {path.read_text()}" for path in sorted(self.folder.glob("*.log")))


@contextmanager
def slurm(folder: Path, *, cpus: int, mib: int, path: str) -> Iterator[Slurm]:
    """Two nodes that say they have `cpus` cores and `mib` MiB each, and where jobs look for programs.

    Skips where Slurm cannot be had.
    """
    daemons = {name: program(name, *PACKAGES) for name in ("munged", "slurmctld", "slurmd")}
    (folder / "state").mkdir(parents=True)
    key = folder / "munge.key"
    key.touch(mode=0o600)
    key.write_bytes(os.urandom(256))
    config = folder / "slurm.conf"
    config.write_text(
        CONFIG.format(
            host=socket.gethostname(),
            user=getpass.getuser(),
            folder=folder,
            ports=_free_ports(3),
            cpus=cpus,
            mib=mib,
        )
    )
    found = Slurm(folder=folder, environment={**mark_environment(), "SLURM_CONF": str(config), "PATH": path})
    # --force: the folder is this user's alone
    munged = [
        daemons["munged"],
        "--foreground",
        "--force",
        f"--key-file={key}",
        f"--socket={folder}/munge.socket",
    ]
    munged += [f"--{kind}-file={folder}/munge.{kind}" for kind in ("pid", "seed", "log")]
    with ExitStack() as stack:
        stack.callback(_all_gone, found.environment)
        for words in (
            munged,
            [daemons["slurmctld"], "-D"],
            *([daemons["slurmd"], "-D", "-N", node] for node in NODES),
        ):
            stack.enter_context(_running(words, found))
        _await_nodes(found)
        stack.callback(_cancel_all, found)
        yield found


@contextmanager
def _running(words: list[str], found: Slurm) -> Iterator[None]:
    name = "-".join([Path(words[0]).name, *(word for word in words if word in NODES)])
    with (found.folder / f"{name}.out").open("wb") as stream:
        process = subprocess.Popen(words, stdout=stream, stderr=stream, env=found.environment)
    with ended(process):
        yield


def _await_nodes(found: Slurm) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        try:
            if found.say("sinfo", "--noheader", "--Node", "--format=%T").split() == ["idle"] * len(NODES):
                return
        except AssertionError:
            pass  # the controller does not listen yet
        time.sleep(0.2)
    raise AssertionError("\n".join(path.read_text() for path in found.folder.glob("*.out")))


def _cancel_all(found: Slurm) -> None:
    """So that the nodes end their jobs' processes while they still can."""
    found.say("scancel", "--full", "--user", getpass.getuser())
    end = time.monotonic() + END_SECONDS
    while found.say("squeue", "--noheader") and time.monotonic() < end:
        time.sleep(0.1)


def _all_gone(environment: Mapping[str, str]) -> None:
    end = time.monotonic() + END_SECONDS
    while (left := marked_processes(environment)) and time.monotonic() < end:
        time.sleep(0.1)
    assert left == []


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]

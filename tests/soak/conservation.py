"""The laws of TRUST.md's `sealed`, 200 times on each kernel while the guest works as hard as it can.

    python tests/soak/conservation.py [--count 200] [--kernel 6.1]

Exit status 1 if a law was broken once.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

SUPPORT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(SUPPORT / "support"), str(SUPPORT / "witness")]

from witnessed import KERNELS, Pair, two_nodes, witnessed  # noqa: E402

from labkit.grade.conservation import changes, violations  # noqa: E402
from labkit.model.witness import Probe, Reading  # noqa: E402

# Pages come and go on both CPUs: anonymous memory beyond what fits, files, pipes, forks, huge pages.
LOAD = (
    "echo always >/sys/kernel/mm/transparent_hugepage/enabled;"
    " swapon /dev/disk/labkit/swap 2>/dev/null ||"
    " { mkswap /dev/disk/labkit/swap >/dev/null && swapon /dev/disk/labkit/swap; };"
    " (stress-ng --vm 2 --vm-bytes 200M --fork 1 --pipe 1 --mmap 1 --mmap-bytes 32M --timeout 900"
    " >/dev/null 2>&1 </dev/null &)"
)
PROBES = (Probe.ZONES, Probe.RAM, Probe.TASKS, Probe.MODULES, Probe.VMSTAT)


def sample(pair: Pair) -> Reading:
    """A reading with the page tables of whoever is asleep just before."""
    tasks = pair.read(Probe.TASKS).tasks or ()
    asleep = [task.pid for task in tasks if not task.kernel_thread and task.state == "S"]
    return pair.read(*PROBES, pids=tuple(asleep[:6]))


def soak(kernel: str, count: int) -> int:
    """Samples on one kernel; tells what broke, and returns how many samples broke a law."""
    broken, pauses, stops, free = 0, [], [], []
    with tempfile.TemporaryDirectory() as record, witnessed(two_nodes(kernel), Path(record)) as pair:
        first = pair.read(Probe.TEXT)
        pair.run(LOAD)
        for number in range(count):
            time.sleep(0.05 + 0.013 * (number % 7))
            reading = sample(pair)
            pauses.append(reading.paused_seconds)
            stops.append(reading.stops)
            free.append(sum(zone.listed_pages for zone in reading.zones or ()))
            for sentence in violations(reading):
                print(f"{kernel}, sample {number}: {sentence}")
            broken += bool(violations(reading))
        changed = changes(first, pair.read(Probe.TEXT))
    for sentence in changed:
        print(f"{kernel}: {sentence}")
    print(
        f"{kernel}: {count} samples, {broken} broke a law; free pages {min(free)} to {max(free)};"
        f" paused {statistics.median(pauses) * 1000:.1f} ms (median), {max(pauses) * 1000:.1f} ms (max);"
        f" at most {max(stops)} stops a sample, {sum(number > 1 for number in stops)} samples met a held lock"
    )
    return broken + len(changed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--kernel", choices=KERNELS, action="append")
    asked = parser.parse_args()
    return 1 if sum(soak(kernel, asked.count) for kernel in asked.kernel or KERNELS) else 0


if __name__ == "__main__":
    sys.exit(main())

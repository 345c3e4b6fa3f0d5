"""A mixed class of lab2: every verdict right, and the same after kills as without them, on any pool.

    python tests/soak/course.py [--count N] [--kills N] [--kernel NAME] [--slurm]

The class has the solution, wrong submissions, forgers, C that does not compile, a missing file, and code
that hangs, panics the kernel or floods its output, in turn until there are N. A quarter of it is graded
first, for the growth of time; then all. Then a grader and its guests are killed at random instants, KILLS
times in all: half of them on this machine, half on a dask cluster whose workers and scheduler are struck,
too. With --slurm the class is graded once more by a real Slurm's array of shards, and by dask's workers in
peace. Exit status 1 when a verdict is another one, when two ways differ in more than times, or when a process
is left.
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clusters import cluster
from harry import GRADING_SECONDS, WORKERS, at_home, on_cluster
from mixed import Kind, lay_out, odd, results, show, timeless, words
from slurm import slurm

from labkit.labfile.load import load
from labkit.model.lab import Lab
from labkit.places import lab_folder, places
from labkit.store.journal import Journal


class Course:
    """A class in a folder, graded in many ways."""

    def __init__(self, folder: Path, lab: Lab, count: int, kernel: str | None) -> None:
        self.folder, self.lab, self.kernel = folder, lab, kernel
        self.made: dict[str, Kind] = lay_out(lab, folder / "class", count)
        self.differ = False

    def line(self, name: str, there: str = "class") -> list[str]:
        return words(self.lab.id, self.folder / there, self.folder / name, self.kernel)

    def journal(self, name: str) -> Journal:
        return Journal(folder=self.folder / name)

    @contextmanager
    def way(self, name: str) -> Iterator[list[str]]:
        """The command for a folder of its own; afterwards its results against those graded in peace."""
        began = time.monotonic()
        yield self.line(name)
        seconds = time.monotonic() - began
        same = timeless(self.journal(name)) == timeless(self.journal("peace"))
        self.differ |= not same
        print(f"{name}: {seconds:.0f} s; the results are {'the same' if same else 'OTHERS'}", flush=True)


def in_peace(course: Course, count: int) -> int:
    """How many verdicts are not as they must be."""
    few = count // 4
    lay_out(course.lab, course.folder / "few", few)
    small = run(course.line("small", "few"))
    seconds = run(course.line("peace"))
    found = results(course.journal("peace"))
    show(course.made, found)
    growth = (seconds / count) / (small / few)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    wrong = odd(course.made, found)
    print(
        f"{len(found)} graded in {seconds:.0f} s, {60 * len(found) / seconds:.1f} a minute; {len(wrong)} odd"
    )
    print(f"each takes {growth:.2f} of what it takes in a class of {few}; no process had over {peak} MiB")
    return len(wrong)


def run(line: list[str]) -> float:
    """Seconds that it took."""
    began = time.monotonic()
    subprocess.run(line, check=False, stdout=subprocess.DEVNULL, timeout=GRADING_SECONDS)
    return time.monotonic() - began


def under_fire(course: Course, kills: int) -> None:
    chance = random.Random(1)
    with course.way("killed") as line:
        print(told(at_home(line, kills // 2, chance)))
    with course.way("killed-cluster") as line:
        print(told(on_cluster(line, course.folder, kills - kills // 2, chance)))


def told(killed: list[str]) -> str:
    return f"{len(killed)} kills: " + ", ".join(f"{many} x {what}" for what, many in Counter(killed).items())


def on_slurm(course: Course) -> None:
    with course.way("dask") as line, cluster(course.folder / "workers", *WORKERS) as there:
        run([*line, "--pool", there.pool])
    search = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    with course.way("slurm") as line, slurm(course.folder / "slurm", cpus=8, mib=16384, path=search) as nodes:
        script = " ".join(line) + " --shard $SLURM_ARRAY_TASK_ID/2\n"
        job = nodes.submit("shards", script, "--array=1-2", "--nodes=1", "--cpus-per-task=6", "--mem=10000")
        nodes.wait(job, GRADING_SECONDS)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--kernel")
    parser.add_argument("--slurm", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="labkit-class-") as name:
        course = Course(Path(name), load(lab_folder(places(), "lab2")), asked.count, asked.kernel)
        wrong = in_peace(course, asked.count)
        if asked.kills:
            under_fire(course, asked.kills)
        if asked.slurm:
            on_slurm(course)
        return 1 if wrong or course.differ else 0


if __name__ == "__main__":
    sys.exit(main())

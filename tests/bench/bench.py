"""How long things take: start, boot, clones, whole runs, the image's build. Measured, never asserted.

    make bench [ARGS="--count 5 --only exec --cold --json FILE"]

Prints a table of medians and writes every sample as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import class_cost
import clone_cost
import page_cost
import rivals
import watch_cost
import witness_cost
from guests import raise_guest
from rich.console import Console
from rich.table import Table
from timing import Measure, Sample, command, measure

from labkit.build.cache import Cache
from labkit.model.artefact import ArtefactKind
from labkit.model.machine import MachineSpec
from labkit.model.units import Deadline
from labkit.places import places

KERNELS = ("6.1", "6.12")
LABKIT = Path(sys.executable).with_name("labkit")


def cold_boot(kernel: str) -> Sample:
    """Seconds from starting QEMU, two nodes and 512 MiB, until the guest has run a first command."""
    machine = MachineSpec(nodes=(clone_cost.NODE, clone_cost.NODE), kernel=kernel)

    def sample() -> float:
        with tempfile.TemporaryDirectory() as record, raise_guest(machine, Path(record), cold=True) as stage:
            began = time.monotonic()
            stage.guest.ask("true", deadline=Deadline.after(60, "first command"))
            return stage.clock.seconds["boot"] + time.monotonic() - began

    return sample


def whole_run(kernel: str) -> Sample:
    def sample() -> float:
        with tempfile.TemporaryDirectory() as runs:
            words = (LABKIT, "run", "lab2", "--kernel", kernel, "--quiet", "--runs", runs)
            return command(*words)()

    return sample


def cold_build(folder: Path) -> float:
    """Seconds of `labkit image build` into an empty cache: every download, both kernels."""
    began = time.monotonic()
    subprocess.run([LABKIT, "image", "build"], check=True, env={**os.environ, "LABKIT_CACHE": str(folder)})
    return time.monotonic() - began


def command_line(count: int) -> tuple[Measure, ...]:
    return (
        measure("labkit --help", count, command(LABKIT, "--help")),
        measure("import labkit.cli", count, command(sys.executable, "-c", "import labkit.cli")),
        measure("python alone", count, command(sys.executable, "-c", "pass")),
    )


GROUPS: dict[str, Callable[[int], tuple[Measure, ...]]] = {
    "start": command_line,
    "clone": lambda count: (*clone_cost.starts(count), clone_cost.memory(count)),
    "exec": lambda count: (
        *rivals.compare(LABKIT, count),
        measure("labkit exec -- uname -r", count, command(LABKIT, "exec", "--", "uname", "-r")),
    ),
    "witness": witness_cost.readings,
    "page": page_cost.pages,
    "watch": lambda count: watch_cost.live_view(min(count, 5)),
    "boot": lambda count: tuple(
        measure(f"cold boot to first command, {kernel}", count, cold_boot(kernel)) for kernel in KERNELS
    ),
    "run": lambda count: tuple(
        measure(f"labkit run lab2, {kernel}", count, whole_run(kernel)) for kernel in KERNELS
    ),
    "class": lambda _: class_cost.batches(LABKIT),
}


def draw(found: list[Measure], artefacts: list[dict[str, object]]) -> None:
    times = Table("what", "", "n", "median", "min", "max")
    for each in found:
        times.add_row(*each.row)
    built = Table("built once", "name", "seconds", "MiB")
    for artefact in artefacts:
        size = int(str(artefact["bytes"])) / (1 << 20)
        built.add_row(str(artefact["kind"]), str(artefact["name"]), str(artefact["seconds"]), f"{size:.1f}")
    console = Console()
    console.print(times)
    console.print(built)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=20, help="samples of each kind")
    parser.add_argument("--only", choices=GROUPS, action="append", help="measure this group; may be repeated")
    parser.add_argument("--cold", action="store_true", help="also build into an empty cache of its own")
    parser.add_argument("--json", type=Path, default=Path("bench.json"))
    asked = parser.parse_args()
    found = [each for name in asked.only or GROUPS for each in GROUPS[name](asked.count)]
    with tempfile.TemporaryDirectory(prefix="labkit-bench-") as name:
        cache = Path(name) if asked.cold else places().cache
        if asked.cold:
            found.append(measure("labkit image build, empty cache", 1, lambda: cold_build(cache)))
        artefacts: list[dict[str, object]] = [
            {"kind": it.kind.value, "name": it.name, "seconds": round(it.seconds, 2), "bytes": it.bytes}
            for it in Cache(cache).list()
            if it.kind is not ArtefactKind.TEMPLATE
        ]
    draw(found, artefacts)
    host = {"cores": os.cpu_count(), "kernel": platform.release(), "python": platform.python_version()}
    samples = {each.name: each.samples for each in found}
    record = {"host": host, "load": os.getloadavg(), "samples": samples, "built": artefacts}
    asked.json.write_text(json.dumps(record, indent=1) + "\n")
    print(f"every sample: {asked.json}")


if __name__ == "__main__":
    main()

"""Clones by the hundred, several at once: each must answer truly, and nothing of any may be left.

    python tests/soak/clones.py [--count 500] [--jobs 4] [--kernel 6.12] [--json FILE]

Exit status 1 when one failed or something was left: a process, a folder, a port, a descriptor, memory.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from labkit.model.errors import LabkitError
from labkit.model.events import silent
from labkit.model.machine import MachineSpec, Node
from labkit.model.units import Deadline, Size
from labkit.order import Clock, Order
from labkit.places import places
from labkit.provision import Platform, platform
from labkit.stage import raised

NODE = Node(cpus=1, memory=Size.mib(256))
SETTLE_SECONDS = 5.0
MEMORY_SLACK = Size.mib(200)  # what a quiet host's MemAvailable wanders by in minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One clone: seconds until it was raised and until its command had answered; what was wrong, if any."""

    number: int
    raised: float
    answered: float
    wrong: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What this process and its children hold of the host."""

    children: int
    descriptors: int
    sockets: int
    live_folders: int
    available: int

    @classmethod
    def now(cls) -> Holdings:
        me = psutil.Process()
        live = places().live
        return cls(
            children=len(me.children(recursive=True)),
            descriptors=me.num_fds(),
            sockets=len(me.net_connections(kind="all")),
            live_folders=sum(path.is_dir() for path in live.iterdir()) if live.is_dir() else 0,
            available=psutil.virtual_memory().available,
        )


def clone(number: int, base: Platform, kernel: str) -> Row:
    began = time.monotonic()
    seconds = [0.0, 0.0]
    with tempfile.TemporaryDirectory() as record:
        order = Order(
            machine=MachineSpec(nodes=(NODE, NODE), kernel=kernel),
            platform=base,
            record=Path(record),
            here=places(),
            cargo={"number": (str(number).encode(), 0o644)},
        )
        try:
            with raised(order, Clock(scope=str(number), listen=silent)) as stage:
                seconds[0] = time.monotonic() - began
                said = stage.guest.ask(
                    "cat number; echo; nproc; ls /sys/devices/system/node | grep -c node[01]; date +%s",
                    deadline=Deadline.after(60, "answer"),
                ).decode()
                seconds[1] = time.monotonic() - began
            wrong = judge(number, said)
        except LabkitError as error:
            wrong = f"{type(error).__name__}: {error}"
    return Row(number=number, raised=round(seconds[0], 3), answered=round(seconds[1], 3), wrong=wrong)


def judge(number: int, said: str) -> str:
    """What is wrong with a clone's answer; empty if nothing is."""
    words = said.split()
    if words[:3] != [str(number), "2", "2"] or len(words) != 4:
        return f"said {said!r}"
    late = abs(time.time() - int(words[3]))
    return "" if late < 10 else f"its clock is {late:.0f} s off"


def left(before: Holdings, after: Holdings) -> list[str]:
    """What is held now and was not before."""
    found = []
    for name in ("children", "descriptors", "sockets", "live_folders"):
        more = getattr(after, name) - getattr(before, name)
        if more > 0:
            found.append(f"{more} {name}")
    if before.available - after.available > MEMORY_SLACK:
        found.append(f"{(before.available - after.available) >> 20} MiB of memory")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--kernel", default="6.12")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    base = platform(places(), asked.kernel, "auto", silent)
    first = clone(0, base, asked.kernel)  # makes the template, imports what is imported late
    before = Holdings.now()
    began = time.monotonic()
    with ThreadPoolExecutor(asked.jobs) as pool:
        rows = list(pool.map(lambda number: clone(number, base, asked.kernel), range(1, asked.count + 1)))
    took = time.monotonic() - began
    time.sleep(SETTLE_SECONDS)
    remains = left(before, Holdings.now())
    wrong = [row for row in (first, *rows) if row.wrong]
    for row in wrong:
        print(f"clone {row.number}: {row.wrong}")
    answered = sorted(row.answered for row in rows)
    print(
        f"{len(rows)} clones, {asked.jobs} at once, {os.cpu_count()} cores: {len(wrong)} wrong, "
        f"{took:.0f} s in all, {len(rows) / took:.1f} a second; from nothing to the answer "
        f"{statistics.median(answered):.2f} s (median), {answered[-1]:.2f} s (slowest)"
    )
    print(f"left: {', '.join(remains) or 'nothing'}")
    if asked.json:
        asked.json.write_text(
            json.dumps({"seconds": took, "left": remains, "rows": [asdict(r) for r in rows]})
        )
    return 1 if wrong or remains else 0


if __name__ == "__main__":
    sys.exit(main())

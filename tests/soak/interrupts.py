"""Kill `labkit run lab2` at random moments; nothing may be left, and the next run must work.

    python tests/soak/interrupts.py [--count 50] [--kernel 6.12] [--seed 1] [--json FILE]

Exit status 1 when something was left or a run that was not interrupted did not pass.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from arena import Arena, arena

from labkit.places import places
from labkit.qemu.live import abandoned

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
GONE_SECONDS = 3.0
EXIT_SECONDS = 60.0
WHOLE_EVERY = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Interruption:
    """One run, the signal it got `after` seconds, and what was left of it. `status` None: it did not end."""

    signal: str
    after: float
    status: int | None
    ended_in: float
    survivors: list[str]
    strays: list[str]

    @property
    def clean(self) -> bool:
        return self.status is not None and not self.survivors and not self.strays


def interrupt(place: Arena, words: list[str], number: signal.Signals, after: float) -> Interruption:
    process = place.start(*words)
    try:
        process.wait(timeout=after)
    except subprocess.TimeoutExpired:
        # A terminal sends Ctrl-C to the whole foreground group; kill(1) and the OOM killer mean one process.
        if number is signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
    began = time.monotonic()
    try:
        status: int | None = process.wait(timeout=EXIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        status = None
    ended_in = time.monotonic() - began
    return Interruption(
        signal=number.name,
        after=round(after, 2),
        status=status,
        ended_in=round(ended_in, 2),
        survivors=sorted(survivors_in_time(place).values()),
        strays=place.strays(),
    )


def survivors_in_time(place: Arena) -> dict[int, str]:
    """Who is still there when the time for going is over."""
    end = time.monotonic() + GONE_SECONDS
    while (left := place.survivors()) and time.monotonic() < end:
        time.sleep(0.05)
    return left


def whole(place: Arena, words: list[str]) -> tuple[bool, float]:
    """A run that nobody interrupts: whether it passed, and its seconds."""
    began = time.monotonic()
    status = place.start(*words).wait()
    if status != 0:
        print(f"  a whole run ended with {status}: {place.said()}")
    return status == 0, time.monotonic() - began


def main() -> int:
    # A job in the background of a plain sh ignores Ctrl-C, and so would all that it starts (POSIX, 2.11).
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--kernel", default="6.12")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    dice = random.Random(asked.seed)
    words = ["lab2", "--kernel", asked.kernel]
    rows: list[Interruption] = []
    with arena() as place:
        passed, seconds = whole(place, words)
        wholes = [passed]
        for turn in range(asked.count):
            row = interrupt(place, words, SIGNALS[turn % len(SIGNALS)], dice.uniform(0, seconds))
            rows.append(row)
            print(
                f"{turn + 1:3} {row.signal:7} after {row.after:6.2f} s, status {row.status}, "
                f"ended in {row.ended_in:5.2f} s, {'clean' if row.clean else 'NOT CLEAN'}",
                flush=True,
            )
            if (turn + 1) % WHOLE_EVERY == 0 or turn + 1 == asked.count:
                wholes.append(whole(place, words)[0])
    dead_folders = [str(folder) for folder in abandoned(places().live)]
    dirty = [row for row in rows if not row.clean]
    if asked.json:
        report = {"rows": [asdict(row) for row in rows], "wholes": wholes, "live_folders_left": dead_folders}
        asked.json.write_text(json.dumps(report, indent=1) + "\n")
    slowest = max((row.ended_in for row in rows), default=0.0)
    print(f"{len(rows)} interrupted runs: {len(dirty)} left something, the slowest ended in {slowest:.1f} s")
    print(f"{sum(wholes)} of {len(wholes)} whole runs passed, {len(dead_folders)} dead live folders")
    return 1 if dirty or dead_folders or not all(wholes) else 0


if __name__ == "__main__":
    sys.exit(main())

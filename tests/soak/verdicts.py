"""Many runs of solutions or of wrong submissions; every verdict must be the expected one, loaded host or not.

    python tests/soak/verdicts.py solution|wrong [--lab ID|all] [--kernels 6.1,6.12] [--count N] [--jobs N]
                                  [--cold] [--first TURN] [--idle] [--json FILE]

Each lab has its first turn before any has its second: a soak that is stopped has seen them all. Prints a
table lab, submission, kernel, start, load, verdicts. Exit status 1 when a verdict was another one.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

from arena import Arena, arena, busy_cores
from rich.console import Console
from rich.table import Table

from labkit.labfile.load import load
from labkit.labfile.wrongs import wrongs
from labkit.model.lab import Lab
from labkit.places import lab_folder, lab_ids, places

EVERY = "all"
RUN_SECONDS = 1800.0
COUNTS = {"solution": 20, "wrong": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A submission and the graded checks it must fail or leave blocked."""

    name: str
    folder: Path
    fails: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    lab: str
    submission: str
    kernel: str
    start: str
    load: str
    seed: str
    verdict: str
    expected: bool


def cases(lab: Lab, what: str) -> Iterator[Case]:
    if what == "solution":
        yield Case(name="solution", folder=lab.folder / "solution")
        return
    for wrong in wrongs(lab):
        yield Case(name=wrong.name, folder=wrong.folder, fails=wrong.fails, blocked=wrong.blocked)


def soak(place: Arena, lab: Lab, case: Case, kernel: str, *, turn: int, asked: argparse.Namespace) -> Row:
    """One run; alone, every second one gets all cores kept busy beside it."""
    jobs, cold = asked.jobs, asked.cold
    busy = jobs == 1 and turn % 2 == 1 and not asked.idle
    seed = f"soak-{turn}"
    target = place.folder / "verdict.json"
    target.unlink(missing_ok=True)
    words = [lab.id, str(case.folder), "--kernel", kernel, "--seed", seed, "--json", str(target)]
    with busy_cores() if busy else nullcontext():
        process = place.start(*words, *(["--cold"] if cold else []))
        try:
            status = process.wait(timeout=RUN_SECONDS)
        finally:
            process.kill()
    verdict, expected = place.said() or f"exit {status}", False
    if target.exists():
        verdict, expected = judge(target, lab, case)
    return Row(
        lab=lab.id,
        submission=case.name,
        kernel=kernel,
        start="cold" if cold else "clone",
        load=f"{jobs} at once" if jobs > 1 else "busy" if busy else "idle",
        seed=seed,
        verdict=verdict,
        expected=expected,
    )


def judge(target: Path, lab: Lab, case: Case) -> tuple[str, bool]:
    """The verdict in one line, and whether the graded checks ended as they should."""
    told = json.loads(target.read_text(encoding="utf-8"))
    if told["status"] != "graded":
        return f"ungraded: {told.get('reason', '')}", False
    graded = {check.id for check in lab.checks if check.points}
    ends = {check["id"]: check["outcome"] for check in told["checks"] if check["id"] in graded}
    failed = {name for name, end in ends.items() if end in ("fail", "partial")}
    blocked = {name for name, end in ends.items() if end == "blocked"}
    passed = {name for name, end in ends.items() if end == "pass"}
    whole = failed | blocked | passed == graded
    line = f"{told['score']:g}/{told['max_score']}"
    if failed:
        line += " fails " + ", ".join(sorted(failed))
    if blocked:
        line += " blocks " + ", ".join(sorted(blocked))
    return line, whole and failed == case.fails and blocked == case.blocked


def table(rows: list[Row]) -> Table:
    counts = Counter(
        (it.lab, it.submission, it.kernel, it.start, it.load, it.verdict, it.expected) for it in rows
    )
    drawn = Table("lab", "submission", "kernel", "start", "load", "verdict", "runs", "")
    for (*told, expected), runs in sorted(counts.items()):
        drawn.add_row(*map(str, told), str(runs), "" if expected else "NOT EXPECTED")
    return drawn


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("what", choices=COUNTS)
    parser.add_argument("--lab", default=EVERY, metavar="ID|all")
    parser.add_argument("--kernels", default="6.1,6.12")
    parser.add_argument("--count", type=int, help="runs of each submission on each kernel")
    parser.add_argument("--jobs", type=int, default=1, help="runs at once; two keep two cores busy")
    parser.add_argument("--cold", action="store_true", help="boot every guest from nothing")
    parser.add_argument("--first", type=int, default=0, help="the first turn: goes on where a soak ended")
    parser.add_argument("--idle", action="store_true", help="nothing is kept busy beside a run")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    here = places()
    labs = [load(lab_folder(here, name)) for name in (lab_ids(here) if asked.lab == EVERY else [asked.lab])]
    turns = [
        (lab, case, kernel, turn)
        for turn in range(asked.first, asked.first + (asked.count or COUNTS[asked.what]))
        for lab in labs
        for case in cases(lab, asked.what)
        for kernel in asked.kernels.split(",")
    ]

    def play(lab: Lab, case: Case, kernel: str, turn: int) -> tuple[Row, int]:
        with arena() as place:
            row = soak(place, lab, case, kernel, turn=turn, asked=asked)
            print(f"{row.lab} {row.submission} {kernel} {row.load} {row.seed}: {row.verdict}", flush=True)
            return row, len(place.survivors())

    with ThreadPoolExecutor(asked.jobs) as pool:
        played = list(pool.map(lambda turn: play(*turn), turns))
    rows = [row for row, _ in played]
    left = sum(survivors for _, survivors in played)
    if asked.json:
        asked.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    Console().print(table(rows))
    wrong = [row for row in rows if not row.expected]
    print(f"{len(rows)} runs: {len(wrong)} with another verdict than expected, {left} processes left")
    return 1 if wrong or left or not rows else 0


if __name__ == "__main__":
    sys.exit(main())

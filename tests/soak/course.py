"""A mixed class of lab2: every verdict right, and the same after kills as without them.

    python tests/soak/course.py [--count N] [--kills N] [--kernel NAME]

The class has the solution, wrong submissions, forgers, C that does not compile, a missing file, and code that
hangs, panics the kernel or floods its output, in turn until there are N. First it is graded in peace; then in
a folder of its own, where a grader or one of its guests is killed at random instants, KILLS times, and the
grader started again. Exit status 1 when a verdict is another one, when both differ in more than times, or
when a process is left.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from arena import LABKIT
from processes import mark_environment, marked_processes
from rich.console import Console
from rich.table import Table

from labkit.labfile.draw import parameters
from labkit.labfile.forgers import forgers
from labkit.labfile.load import load
from labkit.labfile.submission import load_submission
from labkit.labfile.workfolder import Marker, write_marker
from labkit.labfile.wrongs import wrongs
from labkit.model.coursework import Result, Standing
from labkit.model.lab import Lab
from labkit.places import lab_folder, places
from labkit.store.journal import Journal, standing

GONE_SECONDS = 30.0
TIMES = ("graded_at", "seconds", "run", "failures", "key")
BROKEN_C = "int main(void) { return missing; }\n"
SCRIPTS = {
    "panics": "#!/bin/sh\necho c >/proc/sysrq-trigger\nsleep 60\n",
    "hangs": "#!/bin/sh\nwhile :; do :; done\n",
    "floods": "#!/bin/sh\nyes flood\n",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A submission, and whether what became of it is right."""

    name: str
    source: Path
    change: Callable[[Path], object]
    right: Callable[[Result], bool]


def kinds(lab: Lab) -> Iterator[Kind]:
    solution = lab.folder / "solution"
    yield Kind(name="solution", source=solution, change=_leave, right=lambda it: it.score == lab.max_score)
    for wrong in wrongs(lab):
        yield Kind(name=wrong.name, source=wrong.folder, change=_leave, right=_fails(wrong.fails))
    for forger in forgers(lab):
        yield Kind(name=forger.name, source=forger.folder, change=_leave, right=_gains_none(forger.aims))
    yield Kind(name="broken C", source=solution, change=_break, right=_refused)
    yield Kind(name="a file is missing", source=solution, change=_remove, right=_refused)
    for name, script in SCRIPTS.items():
        yield Kind(name=name, source=solution, change=_replace(script), right=lambda it: _less(it, lab))


def _leave(folder: Path) -> None:
    del folder


def _break(folder: Path) -> None:
    (folder / "hog.c").write_text(BROKEN_C)


def _remove(folder: Path) -> None:
    (folder / "plan.toml").unlink()


def _replace(script: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "limit.sh").write_text(script)


def _refused(result: Result) -> bool:
    return result.standing is Standing.REFUSED and result.score == 0


def _less(result: Result, lab: Lab) -> bool:
    return result.standing is Standing.GRADED and result.score is not None and result.score < lab.max_score


def _fails(names: frozenset[str]) -> Callable[[Result], bool]:
    def right(result: Result) -> bool:
        less = {it.id for it in result.marks if it.max_points and it.outcome in ("fail", "partial")}
        return result.standing is Standing.GRADED and less == {
            name for name in names if any(it.id == name and it.max_points for it in result.marks)
        }

    return right


def _gains_none(names: frozenset[str]) -> Callable[[Result], bool]:
    return lambda result: not any(it.points for it in result.marks if it.id in names)


def lay_out(lab: Lab, folder: Path, count: int) -> dict[str, Kind]:
    """A class of `count`; whose work is of which kind."""
    made = {}
    for number, kind in zip(range(count), itertools.cycle(kinds(lab)), strict=False):
        name = f"s{number:03}"
        work = folder / name
        work.mkdir(parents=True)
        seed = f"class-{number}"
        for file, text in load_submission(lab, kind.source, parameters(lab, seed)).items():
            (work / file).write_text(text)
        write_marker(work, Marker(lab=lab.id, seed=seed))
        kind.change(work)
        made[name] = kind
    return made


def words(lab: str, there: Path, out: Path, kernel: str | None) -> list[str]:
    line = [str(LABKIT), "course", "grade", lab, str(there), "--out", str(out), "--quiet"]
    return [*line, *(["--kernel", kernel] if kernel else [])]


def graded(line: list[str]) -> float:
    """Seconds that it took."""
    began = time.monotonic()
    subprocess.run(line, check=False, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def harried(line: list[str], kills: int, chance: random.Random) -> list[str]:
    """Grade with kills at random instants; what was killed. Raises SystemExit for processes that are left."""
    killed: list[str] = []
    while True:
        environment = mark_environment()
        process = subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL)
        while len(killed) < kills and process.poll() is None:
            try:
                process.wait(timeout=chance.uniform(0.5, 12.0))
            except subprocess.TimeoutExpired:
                killed.append(_kill_one(process, environment, chance))
        process.wait()
        end = time.monotonic() + GONE_SECONDS
        while (left := marked_processes(environment)) and time.monotonic() < end:
            time.sleep(0.1)
        if left:
            raise SystemExit(f"left behind: {left}")
        if process.returncode >= 0:
            return killed


def _kill_one(process: subprocess.Popen[bytes], environment: dict[str, str], chance: random.Random) -> str:
    guests = [pid for pid, comm in marked_processes(environment) if comm.startswith("qemu")]
    if guests and chance.random() < 0.5:
        try:
            os.kill(chance.choice(guests), signal.SIGKILL)
        except ProcessLookupError:
            return "a guest that had just ended"
        return "a guest"
    process.kill()
    return "the grader"


def timeless(journal: Journal) -> dict[str, object]:
    """The results that stand, without what is another one each time."""
    there = standing(journal.results())
    found: dict[str, object] = {}
    for (student, _), result in there.items():
        text = json.loads((journal.folder / "results" / f"{result.key}.json").read_text())
        found[student] = {name: value for name, value in text.items() if name not in TIMES}
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--kernel")
    asked = parser.parse_args()
    lab = load(lab_folder(places(), "lab2"))
    with tempfile.TemporaryDirectory(prefix="labkit-class-") as name:
        folder = Path(name)
        made = lay_out(lab, folder / "class", asked.count)
        peace, war = Journal(folder=folder / "peace"), Journal(folder=folder / "war")
        seconds = graded(words(lab.id, folder / "class", peace.folder, asked.kernel))
        results = {student: result for (student, _), result in standing(peace.results()).items()}
        odd = [who for who, kind in made.items() if who not in results or not kind.right(results[who])]
        _show(made, results, set(odd))
        rate = 60 * len(results) / seconds
        print(f"{len(results)} graded in {seconds:.0f} s, {rate:.1f} a minute; {len(odd)} odd")
        if asked.kills:
            killed = harried(
                words(lab.id, folder / "class", war.folder, asked.kernel), asked.kills, random.Random(1)
            )
            same = timeless(peace) == timeless(war)
            told = ", ".join(f"{killed.count(what)} x {what}" for what in sorted(set(killed)))
            print(f"{len(killed)} kills ({told}); the results are {'the same' if same else 'OTHERS'}")
            odd += [] if same else ["kills"]
        return 1 if odd else 0


def _show(made: dict[str, Kind], results: dict[str, Result], odd: set[str]) -> None:
    table = Table("who", "kind", "standing", "score", "fails", "")
    for who, kind in made.items():
        result = results.get(who)
        if result is None:
            table.add_row(who, kind.name, "nothing", "", "", "ODD")
            continue
        fails = ", ".join(it.id for it in result.marks if it.outcome in ("fail", "partial"))
        score = "none" if result.score is None else f"{result.score:g}"
        table.add_row(who, kind.name, result.standing.value, score, fails, "ODD" if who in odd else "")
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())

"""A class of lab2 with everything that a class may hand in, and what is right for each."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from arena import LABKIT
from rich.console import Console
from rich.table import Table

from labkit.labfile.draw import parameters
from labkit.labfile.forgers import forgers
from labkit.labfile.submission import load_submission
from labkit.labfile.workfolder import Marker, write_marker
from labkit.labfile.wrongs import wrongs
from labkit.model.coursework import Result, Standing
from labkit.model.lab import Lab
from labkit.store.journal import Journal, standing

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


def timeless(journal: Journal) -> dict[str, object]:
    """The results that stand, without what is another one each time."""
    there = standing(journal.results())
    found: dict[str, object] = {}
    for (student, _), result in there.items():
        text = json.loads((journal.folder / "results" / f"{result.key}.json").read_text())
        found[student] = {name: value for name, value in text.items() if name not in TIMES}
    return found


def results(journal: Journal) -> dict[str, Result]:
    """What stands, by the student's id."""
    return {student: result for (student, _), result in standing(journal.results()).items()}


def odd(made: Mapping[str, Kind], found: Mapping[str, Result]) -> set[str]:
    """Whose verdict is missing or another one than is right."""
    return {who for who, kind in made.items() if who not in found or not kind.right(found[who])}


def show(made: Mapping[str, Kind], found: Mapping[str, Result]) -> None:
    wrong = odd(made, found)
    table = Table("who", "kind", "standing", "score", "fails", "")
    for who, kind in made.items():
        result = found.get(who)
        if result is None:
            table.add_row(who, kind.name, "nothing", "", "", "ODD")
            continue
        fails = ", ".join(it.id for it in result.marks if it.outcome in ("fail", "partial"))
        score = "none" if result.score is None else f"{result.score:g}"
        table.add_row(who, kind.name, result.standing.value, score, fails, "ODD" if who in wrong else "")
    Console().print(table)

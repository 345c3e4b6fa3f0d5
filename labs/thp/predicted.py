"""Scenes matrix and late: who got huge pages, at the fault or afterwards, compared with what was said."""

from __future__ import annotations

from labkit.grade.drawn import number
from labkit.grade.judging import Answers, answers, failed, partial, passed
from labkit.grade.relate import delta
from labkit.grade.witnessed import Seen
from labkit.model.evidence import Evidence
from labkit.model.verdict import Judgement
from labkit.model.witness import TaskView

from .key import HUGE_PAGES, MODES, REGIONS, fills, region_pages
from .reading import Homes, counter, homes, huge_leaves, own_program, told

ANSWERS = "predictions.toml"
# The whole program is counted, with its start: some pages of its stack and of libc. A huge page is 511.
FAULT_TOLERANCE = 60
# A table more where the stack or libc cross 2 MiB; who thinks that huge pages need no tables is 32 KiB away.
TABLE_TOLERANCE_KIB = 12
LATE = ("sleeper", "adviser", "collapser")


def matrix(evidence: Evidence) -> Judgement:
    """You said how many huge pages each region gets in each mode."""
    said, right, off, real = answers(evidence, ANSWERS), 0, [], []
    for mode in MODES:
        _, _, found = _filled(evidence, mode)
        counts = [_region(evidence, found, at) for at in range(len(REGIONS))]
        real.append(f"{mode} {counts}")
        guesses = said.values.get(mode)
        if not isinstance(guesses, list) or len(guesses) != len(REGIONS):
            off.append(f"{mode} = {guesses!r}, not three numbers")
            continue
        for region, guess, count in zip(REGIONS, guesses, counts, strict=True):
            if type(guess) is int and guess == count:
                right += 1
            else:
                off.append(f"{mode}, {region}: {guess}")
    cells = len(MODES) * len(REGIONS)
    actual = f"{right} of {cells} right" + (f"; off: {'; '.join(off)}" if off else "")
    lines = [said.line_of(mode) for mode in MODES]
    where = said.source.show(bad=lines) if off else said.source.show(good=lines)
    return partial(right / cells, ", ".join(real) + " huge pages", actual, where)


def faults_saved(evidence: Evidence) -> Judgement:
    """You said how many faults the mode always spares the program."""
    always, never = (_filled(evidence, mode)[1].minor_faults for mode in ("always", "never"))
    note = f"{never:,} under never, {always:,} under always"
    return _number(evidence, "faults_saved", never - always, FAULT_TOLERANCE, note)


def tables_saved(evidence: Evidence) -> Judgement:
    """You said how much memory for page tables the mode always spares the program."""
    always, never = (_filled(evidence, mode)[1].page_tables >> 10 for mode in ("always", "never"))
    note = f"{never} KiB under never, {always} KiB under always"
    return _number(evidence, "tables_saved_kib", never - always, TABLE_TOLERANCE_KIB, note)


def bloat(evidence: Evidence) -> Judgement:
    """You said how many pages are resident in the sparse region under always."""
    _, _, found = _filled(evidence, "always")
    areas = number(evidence.request.parameters, "sparse")
    marked = [found[index] for index in _indices(len(REGIONS), areas) if index in found]
    real = sum(home.leaf.size >> 12 for home in marked)
    return _number(evidence, "sparse_pages", real, 0, f"{areas} pages were written")


def late(evidence: Evidence) -> Judgement:
    """You said how many huge pages each of three processes has in the end."""
    seen, tasks = own_program(evidence, "late", "advised", *LATE)
    areas = number(evidence.request.parameters, "late")
    real = {name: huge_leaves(homes(seen, task), range(areas * HUGE_PAGES)) for name, task in tasks.items()}
    said = answers(evidence, ANSWERS)
    right = [name for name in LATE if said.values.get(name) == real[name]]
    off = [f"{name} = {said.values.get(name, 'missing')}" for name in LATE if name not in right]
    actual = f"{len(right)} of {len(LATE)} right" + (f"; off: {', '.join(off)}" if off else "")
    where = said.source.show(
        good=[said.line_of(name) for name in right],
        bad=[said.line_of(name) for name in LATE if name not in right],
    )
    expected = ", ".join(f"{name} {count}" for name, count in real.items()) + " huge pages"
    return partial(len(right) / len(LATE), expected, actual, where)


def collapsed(evidence: Evidence) -> Judgement:
    """You said which areas of the patchy process khugepaged makes huge."""
    seen, tasks = own_program(evidence, "late", "advised", "patchy")
    found = homes(seen, tasks["patchy"])
    real = [
        at for at in range(len(fills(evidence.request.parameters))) if huge_leaves(found, [at * HUGE_PAGES])
    ]
    said = answers(evidence, ANSWERS)
    guess = said.values.get("collapsed")
    guessed = sorted(map(str, guess)) if isinstance(guess, list) else None
    where = said.show("collapsed", right=guessed == sorted(map(str, real)))
    if guessed == sorted(map(str, real)):
        return passed(f"collapsed = {real}", f"collapsed = {guess}", where)
    return failed(f"collapsed = {real}", f"collapsed = {guess!r}", where)


def copied(evidence: Evidence) -> Judgement:
    """You said how many pages khugepaged moved to other frames, and how many of them it migrated."""
    moved, migrated, _ = _collapse(evidence)
    said = answers(evidence, ANSWERS)
    right = [
        name for name, real in (("moved", moved), ("migrated", migrated)) if said.values.get(name) == real
    ]
    where = said.source.show(
        good=[said.line_of(name) for name in right],
        bad=[said.line_of(name) for name in ("moved", "migrated") if name not in right],
    )
    told_so = ", ".join(f"{name} = {said.values.get(name, 'missing')}" for name in ("moved", "migrated"))
    expected = (
        f"moved = {moved} (pages of the adviser), migrated = {migrated} (pgmigrate_success of the guest)"
    )
    return partial(len(right) / 2, expected, told_so, where)


def khugepaged_copies(evidence: Evidence) -> Judgement:
    """khugepaged copied small pages into new huge ones; it migrated none."""
    moved, migrated, seen = _collapse(evidence)
    pages = number(evidence.request.parameters, "late") * HUGE_PAGES
    actual = f"{moved} of the adviser's {pages} pages in another frame; {migrated} pages migrated"
    holds = moved == pages and migrated == 0
    where = told(seen, actual, good=holds)
    expected = f"all {pages} pages in other frames, pgmigrate_success unchanged"
    return passed(expected, actual, where) if holds else failed(expected, actual, where)


def tables_stay(evidence: Evidence) -> Judgement:
    """A huge page is one entry, and the table that it makes superfluous is there nevertheless."""
    seen, task, found = _filled(evidence, "always")
    huge = len({home.leaf.first for home in found.values() if home.huge})
    never = _filled(evidence, "never")[1]
    expected = f"page tables within {TABLE_TOLERANCE_KIB} KiB of those under never"
    actual = f"{huge} huge pages and {task.page_tables >> 10} KiB; {never.page_tables >> 10} KiB under never"
    near = abs(task.page_tables - never.page_tables) >> 10 <= TABLE_TOLERANCE_KIB
    where = seen.show(good=[task])
    return passed(expected, actual, where) if near and huge else failed(expected, actual, where)


def _collapse(evidence: Evidence) -> tuple[int, int, Seen]:
    """How many of the adviser's pages changed their frame, how many pages the kernel migrated meanwhile."""
    before, old = own_program(evidence, "late", "born", "adviser")
    after, new = own_program(evidence, "late", "advised", "adviser")
    first, last = homes(before, old["adviser"]), homes(after, new["adviser"])
    moved = sum(index not in last or last[index].frame != home.frame for index, home in first.items())
    names = ("pgmigrate_success",)
    was, now = ({name: counter(seen, name) for name in names} for seen in (before, after))
    return moved, delta(was, now, "pgmigrate_success"), after


def _filled(evidence: Evidence, mode: str) -> tuple[Seen, TaskView, Homes]:
    """The program fill in a mode, and its pages."""
    seen, tasks = own_program(evidence, "matrix", mode, "fill")
    return seen, tasks["fill"], homes(seen, tasks["fill"])


def _region(evidence: Evidence, found: Homes, region: int) -> int:
    return huge_leaves(found, _indices(region, region_pages(evidence.request.parameters)))


def _indices(region: int, pages: int) -> range:
    return range(region << 16, (region << 16) + pages)


def _number(evidence: Evidence, name: str, real: int, within: int, note: str) -> Judgement:
    said: Answers = answers(evidence, ANSWERS)
    guess = said.integer(name)
    right = abs(guess - real) <= within
    margin = f" ± {within}" if within else ""
    where = said.show(name, right=right)
    expected = f"{name} = {real:,}{margin} ({note})"
    return (passed if right else failed)(expected, f"{name} = {guess:,}", where)

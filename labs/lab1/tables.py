"""Scene trace: who asked for how many pages, and whether the student's own table says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labkit.grade.judging import (
    Decided,
    answers,
    broken,
    failed,
    partial,
    passed,
    require_completed,
    require_file,
)
from labkit.grade.parse.error import ParseError
from labkit.grade.parse.hist import HistKey, Histogram, parse_hist
from labkit.grade.source import Source
from labkit.grade.witnessed import Seen, require_reading
from labkit.model.evidence import Evidence, SceneEvidence, after_step
from labkit.model.verdict import Judgement, Outcome
from labkit.model.witness import PAGE

from .crew import Member, members

READ, CREW, ARM = map(after_step, ("read", "crew", "arm"))
# A process has some 40 pages besides: its stack, tables, copies of its parent's pages, the kernel's objects
# for it. And a tenth bears what one may leave out: a table for every 512 pages.
SHARE, BESIDE = 0.1, 64
RESIDENT_BESIDE = 256  # the program itself: 1 MiB
# The student's table and labkit's count the same events, but for those before a process bore its name.
TABLE_SHARE, TABLE_BESIDE = 0.02, 64


@dataclass(frozen=True)
class Counted:
    """What labkit's own table says: pages by pid, and those of all processes."""

    pages: Mapping[int, int]
    pids: Mapping[str, int]

    def of(self, member: Member) -> int:
        return self.pages.get(self.pids[member.name], 0)


def pages(evidence: Evidence) -> Judgement:
    """You said how many pages the kernel hands out on behalf of each process."""
    counted = _counted(require_completed(evidence, "trace"), evidence)
    real = {member.name: counted.of(member) for member in _members(evidence)}
    return _compared(evidence, "pages", real, lambda value: int(value * SHARE) + BESIDE)


def resident(evidence: Evidence) -> Judgement:
    """You said how many pages each process has resident in the end."""
    seen = require_reading(require_completed(evidence, "trace"), CREW)
    rows = {member.name: seen.named(member.name) for member in _members(evidence)}
    lost = [name for name, tasks in rows.items() if not tasks]
    if lost:
        return broken("the six processes sleep", f"{', '.join(lost)} not found")
    real = {name: tasks[-1].rss // PAGE for name, tasks in rows.items()}
    return _compared(evidence, "resident", real, lambda _: RESIDENT_BESIDE)


def _compared(evidence: Evidence, name: str, real: Mapping[str, int], bound: object) -> Judgement:
    """A table of predictions beside what was: a share for each within its bound."""
    assert callable(bound)
    said = answers(evidence, "worksheet.toml")
    table = said.values.get(name)
    if not isinstance(table, dict):
        return failed(f"a table [{name}]", "there is none", said.source.show(missing=[f"[{name}]"]))
    right: list[str] = []
    off: list[str] = []
    for process, value in real.items():
        guess = table.get(process)
        near = type(guess) is int and abs(guess - value) <= bound(value)
        (right if near else off).append(process)
    expected = ", ".join(f"{process} {value:,} ± {bound(value):,}" for process, value in real.items())
    told = ", ".join(f"{process} {table.get(process, 'missing')}" for process in off)
    actual = f"{len(right)} of {len(real)} right" + (f"; off: {told}" if off else "")
    where = said.source.show(missing=[f"[{name}] {process} =" for process in off if process not in table])
    return partial(len(right) / len(real), expected, actual, where)


def table_says_who(evidence: Evidence) -> Judgement:
    """Your table tells of each process how many pages the kernel handed out on its behalf."""
    scene = require_completed(evidence, "trace")
    counted = _counted(scene, evidence)
    source, table = _student(scene)
    theirs = _by_pid(table)
    # Not the one that reserves: it has no row to speak of.
    takers = [member for member in _members(evidence) if member.pages]
    off = []
    for member in takers:
        real, found = counted.of(member), theirs.get(counted.pids[member.name], 0)
        if abs(found - real) > real * TABLE_SHARE + TABLE_BESIDE:
            off.append(f"{member.name} has {real:,} and your table says {found:,}")
    expected = "rows from which the pages of each process follow: who, and blocks of which order"
    actual = f"{len(takers) - len(off)} of {len(takers)} right" + (f"; {'; '.join(off)}" if off else "")
    # All of it or nothing: a table that counts blocks, or faults, is right for whoever took single pages.
    return (failed if off else passed)(expected, actual, source.show(good=_rows(source)[-6:]))


def table_alone(evidence: Evidence) -> Judgement:
    """Nobody else stands in your table."""
    scene = require_completed(evidence, "trace")
    crew = set(_counted(scene, evidence).pids.values())
    source, table = _student(scene)
    others = [row for row in table.rows if not any(key.number in crew for key in _pid_keys(row.keys))]
    expected = "a filter that lets in the six processes and nobody else"
    if not others:
        return passed(
            expected, f"{len(table.rows)} rows, all of the six", source.show(good=_rows(source)[-6:])
        )
    strangers = sorted({key.text for row in others for key in _pid_keys(row.keys)})
    actual = f"{len(others)} of {len(table.rows)} rows are of others: {', '.join(strangers)[:120]}"
    return failed(expected, actual, source.show(bad=_rows(source)[:6]))


def buffer_loses(evidence: Evidence) -> Judgement:
    """One event after the other goes through a buffer, and a small one keeps only the last of them."""
    scene = require_completed(evidence, "trace")
    source = require_file(scene, "/lab/buffer.stats", READ, absent=Outcome.BROKEN)
    counts = {"entries": 0, "overrun": 0}
    for _, line in source.lines:
        name, _, value = line.partition(": ")
        if name in counts:
            counts[name] += int(value)
    expected = "more events than 64 KiB a CPU can hold; the table of a hist trigger drops none of them"
    actual = f"{counts['entries']:,} kept, {counts['overrun']:,} overwritten"
    lines = source.lines_of("overrun: ")
    return (passed if counts["overrun"] else failed)(expected, actual, source.show(good=lines[:1]))


def books_agree(evidence: Evidence) -> Judgement:
    """The trace and /proc/vmstat count the same pages."""
    scene = require_completed(evidence, "trace")
    before, after = (require_reading(scene, moment).reading.vmstat or {} for moment in (ARM, CREW))
    grown = sum(after[name] - before[name] for name in before if name.startswith("pgalloc_"))
    source, table = _labkits(scene)
    traced = sum(_by_pid(table).values())
    # The trace goes on until its table is read, and vmalloc() takes pages in bulk that no event tells of.
    expected = f"pgalloc_* grew by {grown:,}; the trace counts 0.8 to 1.3 times as much"
    share = traced / grown if grown else 0.0
    return (passed if 0.8 <= share <= 1.3 else failed)(
        expected, f"{traced:,}: {share:.2f} times", source.show()
    )


def _members(evidence: Evidence) -> tuple[Member, ...]:
    return members(evidence.request.parameters)  # type: ignore[arg-type]


def _counted(scene: SceneEvidence, evidence: Evidence) -> Counted:
    seen = require_reading(scene, CREW)
    _, table = _labkits(scene)
    if table.dropped:
        raise Decided(broken("labkit's own table holds all", f"{table.dropped} events found no room"))
    return Counted(pages=_by_pid(table), pids=_pids(seen, evidence))


def _pids(seen: Seen, evidence: Evidence) -> dict[str, int]:
    """The pid of each of the six, as the host read it."""
    found = {}
    for member in _members(evidence):
        tasks = seen.named(member.name)
        if not tasks:
            raise Decided(broken(f"process '{member.name}' sleeps", "it is not there"))
        found[member.name] = tasks[-1].pid
    return found


def _labkits(scene: SceneEvidence) -> tuple[Source, Histogram]:
    source = require_file(scene, "/lab/labkit.hist", READ, absent=Outcome.BROKEN)
    return source, parse_hist(source.text + "\n")[0]


def _student(scene: SceneEvidence) -> tuple[Source, Histogram]:
    """The first table of the student's trigger. Failed where the kernel took none, or it holds no counts."""
    error = require_file(scene, "/lab/trace.error", ARM, absent=Outcome.BROKEN)
    expected = "a trigger that the kernel takes"
    if error.text.strip():
        raise Decided(failed(expected, error.text.strip(), error.show(bad=[1])))
    source = require_file(scene, "/lab/student.hist", READ, absent=Outcome.BROKEN)
    try:
        tables = parse_hist(source.text + "\n")
    except ParseError as odd:
        raise Decided(failed("a table of counts", str(odd), source.show(bad=[odd.line]))) from odd
    if not tables or not tables[0].rows:
        raise Decided(failed("a table with rows", "it is empty", source.show()))
    if tables[0].dropped:
        found = f"{tables[0].dropped} events found no room"
        raise Decided(failed("a table with room for all", found, source.show(bad=source.lines_of("Dropped"))))
    return source, tables[0]


def _by_pid(table: Histogram) -> dict[int, int]:
    """Pages by pid: blocks of order n have 2**n. Without a key `order` a row is taken for single pages."""
    found: dict[int, int] = {}
    for row in table.rows:
        order = row.keys["order"].number if "order" in row.keys else 0
        for key in _pid_keys(row.keys):
            if key.number is not None and order is not None and 0 <= order <= 10:
                found[key.number] = found.get(key.number, 0) + (row.hits << order)
    return found


def _pid_keys(keys: Mapping[str, HistKey]) -> list[HistKey]:
    return [key for name, key in keys.items() if name == "common_pid"]


def _rows(source: Source) -> tuple[int, ...]:
    return source.lines_of(lambda line: line.startswith("{ "))

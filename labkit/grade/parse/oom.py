"""OOM reports out of the kernel log (Linux mm/oom_kill.c, mm/memcontrol.c; v6.1 and v6.12).

Only records of the kernel itself are read: a line a program wrote to /dev/kmsg has facility 1 and is passed
over. Names of processes and cgroups may hold spaces, commas and brackets, so lines are matched whole and
anchored at their right end. A record is one printk: matching whole records keeps a newline in a name from
making a line of its own.

Headers are rate-limited (10 in 5 s, `oom_rs`), kills are not: count kills in OomLog.kills, never reports.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from labkit.grade.parse.error import ParseError
from labkit.model.kernel_log import LogRecord

PAGE = 4096  # bytes of a base page on x86-64

_HEADER = re.compile(
    r"(?P<comm>.*) invoked oom-killer: gfp_mask=0x[0-9a-f]+\((?P<gfp>[^()]*)\),(?: nodemask=\S+,)?"
    r" order=(?P<order>-?\d+), oom_score_adj=(?P<adj>-?\d+)",
    re.DOTALL,
)
_VICTIM = re.compile(
    r"oom-kill:constraint=(?P<constraint>\w+),nodemask=(?P<nodemask>\(null\)|[\d,-]+),cpuset=(?P<cpuset>.*),"
    r"mems_allowed=(?P<mems>[\d,-]*),(?:(?P<global>global_oom)|oom_memcg=(?P<oom_memcg>.*)),"
    r"task_memcg=(?P<task_memcg>.*),task=(?P<task>.*),pid=(?P<pid>\d+),uid=(?P<uid>\d+)",
    re.DOTALL,
)
_KILL = re.compile(
    r"(?P<prefix>Memory cgroup out of memory|Out of memory(?: \(oom_kill_allocating_task\))?): "
    r"Killed process (?P<pid>\d+) \((?P<comm>.*)\) total-vm:(?P<vm>\d+)kB, anon-rss:(?P<anon>\d+)kB, "
    r"file-rss:(?P<file>\d+)kB, shmem-rss:(?P<shmem>\d+)kB, UID:(?P<uid>\d+) pgtables:(?P<pgtables>\d+)kB "
    r"oom_score_adj:(?P<adj>-?\d+)",
    re.DOTALL,
)
_MEMORY = re.compile(r"memory: usage (\d+)kB, limit (\d+)kB, failcnt \d+")
_GROUP = re.compile(r"Tasks in (.*) are going to be killed due to memory\.oom\.group set", re.DOTALL)
_STATS = re.compile(r"Memory cgroup stats for .*:", re.DOTALL)
_STAT = re.compile(r"([a-z_0-9]+) (\d+)")
_TABLE = re.compile(r"\[  pid  \](?P<columns>[ a-z_]+) name")
_NOBODY = "Out of memory and no killable processes..."


@dataclass(frozen=True, slots=True, kw_only=True)
class OomTask:
    """A row of the table of candidates. Sizes are pages, but for `pgtables_bytes`."""

    pid: int
    uid: int
    tgid: int
    total_vm_pages: int
    rss_pages: int
    pgtables_bytes: int
    swapents: int
    adj: int
    name: str
    line: int

    @property
    def badness_pages(self) -> int:
        """What oom_badness() counts, without the share that oom_score_adj adds."""
        return self.rss_pages + self.swapents + self.pgtables_bytes // PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class OomKill:
    """A `Killed process` line. `prefix` is what stands before it; `line` is its line in dmesg.jsonl."""

    prefix: str
    pid: int
    comm: str
    total_vm_kib: int
    anon_rss_kib: int
    file_rss_kib: int
    shmem_rss_kib: int
    uid: int
    pgtables_kib: int
    adj: int
    line: int

    @property
    def by_memcg(self) -> bool:
        return self.prefix.startswith("Memory cgroup")


@dataclass(frozen=True, slots=True, kw_only=True)
class OomVictim:
    """The `oom-kill:` summary line. A name holding ',task=' is cut there: OomKill.comm has it whole."""

    constraint: str
    nodemask: str
    cpuset: str
    mems_allowed: str
    global_oom: bool
    oom_memcg: str | None
    task_memcg: str
    comm: str
    pid: int
    uid: int
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OomReport:
    """One report, from its `invoked oom-killer` line to the next one.

    `order` is -1 for sysrq. `victim` is None when nobody could be killed or the report is incomplete.
    `memcg_stats` may lack its end: v6.1 prints it in one printk, which the log cuts at about 1 KiB.
    `group_memcg` names the cgroup killed whole by memory.oom.group.
    """

    invoker: str
    gfp_flags: str
    order: int
    invoker_adj: int
    line: int
    memcg_usage_kib: int | None
    memcg_limit_kib: int | None
    memcg_stats: Mapping[str, int]
    tasks: tuple[OomTask, ...]
    victim: OomVictim | None
    group_memcg: str | None
    no_killable: bool
    kills: tuple[OomKill, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OomLog:
    """`kills` are all of the log, in the order in which the kernel killed, with or without a report."""

    reports: tuple[OomReport, ...]
    kills: tuple[OomKill, ...]


def parse_oom(records: Iterable[LogRecord]) -> OomLog:
    """Every report and every kill. Raises ParseError for a table or a kill in an unknown form."""
    believed = [record for record in records if record.from_kernel]
    kills = tuple(kill for record in believed if (kill := _kill(record)) is not None)
    return OomLog(reports=tuple(draft.report(kills) for draft in _drafts(believed)), kills=kills)


def _kill(record: LogRecord) -> OomKill | None:
    match = _KILL.fullmatch(record.text)
    if match is None:
        # A kill in a form this parser does not know must not read as "nobody was killed".
        if re.match(r"(Memory cgroup out|Out) of memory.*: Killed process ", record.text):
            raise ParseError("OOM kill", record.line, record.text)
        return None
    return OomKill(
        prefix=match["prefix"],
        pid=int(match["pid"]),
        comm=match["comm"],
        total_vm_kib=int(match["vm"]),
        anon_rss_kib=int(match["anon"]),
        file_rss_kib=int(match["file"]),
        shmem_rss_kib=int(match["shmem"]),
        uid=int(match["uid"]),
        pgtables_kib=int(match["pgtables"]),
        adj=int(match["adj"]),
        line=record.line,
    )


@dataclass(slots=True, kw_only=True)
class _Draft:
    """A report while its lines come in."""

    head: re.Match[str]
    line: int
    usage: tuple[int, int] | None = None
    stats: dict[str, int] = field(default_factory=dict)
    in_stats: bool = False
    columns: list[str] | None = None
    tasks: list[OomTask] = field(default_factory=list)
    victim: OomVictim | None = None
    group: str | None = None
    no_killable: bool = False
    last_line: int = 0

    def take(self, record: LogRecord) -> None:
        self.last_line = record.line
        if not (self._take_stats(record.text) or self._take_table(record)):
            self._take_end(record)

    def _take_stats(self, text: str) -> bool:
        if (memory := _MEMORY.fullmatch(text)) is not None:
            self.usage = (int(memory[1]), int(memory[2]))
        elif _STATS.fullmatch(text) is not None:
            self.in_stats = True
        elif self.in_stats and (pairs := [_STAT.fullmatch(line) for line in text.split("\n")])[0] is not None:
            self.stats.update((pair[1], int(pair[2])) for pair in pairs if pair is not None)
        else:
            return False
        return True

    def _take_table(self, record: LogRecord) -> bool:
        header = _TABLE.fullmatch(record.text)
        if header is not None:
            self.columns = header["columns"].split()
            self.in_stats = False
        elif self.columns is not None and re.match(r"\[ *\d+\]", record.text) is not None:
            self.tasks.append(_task(record, self.columns))
        else:
            return False
        return True

    def _take_end(self, record: LogRecord) -> None:
        if (victim := _VICTIM.fullmatch(record.text)) is not None:
            self.victim = _victim(victim, record.line)
            self.columns = None
        elif (group := _GROUP.fullmatch(record.text)) is not None:
            self.group = group[1]
        elif record.text == _NOBODY:
            self.no_killable = True

    def report(self, kills: tuple[OomKill, ...]) -> OomReport:
        usage, limit = self.usage or (None, None)
        return OomReport(
            invoker=self.head["comm"],
            gfp_flags=self.head["gfp"],
            order=int(self.head["order"]),
            invoker_adj=int(self.head["adj"]),
            line=self.line,
            memcg_usage_kib=usage,
            memcg_limit_kib=limit,
            memcg_stats=self.stats,
            tasks=tuple(self.tasks),
            victim=self.victim,
            group_memcg=self.group,
            no_killable=self.no_killable,
            kills=tuple(kill for kill in kills if self.line < kill.line <= self.last_line),
        )


def _drafts(records: Iterable[LogRecord]) -> Iterator[_Draft]:
    draft: _Draft | None = None
    for record in records:
        head = _HEADER.fullmatch(record.text)
        if head is not None:
            if draft is not None:
                yield draft
            draft = _Draft(head=head, line=record.line)
        elif draft is not None:
            draft.take(record)
    if draft is not None:
        yield draft


def _task(record: LogRecord, columns: list[str]) -> OomTask:
    """A row, by the names in its header: v6.12 has rss_anon, rss_file and rss_shmem that v6.1 lacks."""
    row = re.fullmatch(rf"\[ *(\d+)\]((?: +-?\d+){{{len(columns)}}}) (.*)", record.text, re.DOTALL)
    if row is None:
        raise ParseError("OOM table", record.line, record.text)
    value = dict(zip(columns, map(int, row[2].split()), strict=True))
    try:
        return OomTask(
            pid=int(row[1]),
            uid=value["uid"],
            tgid=value["tgid"],
            total_vm_pages=value["total_vm"],
            rss_pages=value["rss"],
            pgtables_bytes=value["pgtables_bytes"],
            swapents=value["swapents"],
            adj=value["oom_score_adj"],
            name=row[3],
            line=record.line,
        )
    except KeyError as missing:
        raise ParseError("OOM table", record.line, f"no column {missing}") from None


def _victim(match: re.Match[str], line: int) -> OomVictim:
    return OomVictim(
        constraint=match["constraint"],
        nodemask=match["nodemask"],
        cpuset=match["cpuset"],
        mems_allowed=match["mems"],
        global_oom=match["global"] is not None,
        oom_memcg=match["oom_memcg"],
        task_memcg=match["task_memcg"],
        comm=match["task"],
        pid=int(match["pid"]),
        uid=int(match["uid"]),
        line=line,
    )

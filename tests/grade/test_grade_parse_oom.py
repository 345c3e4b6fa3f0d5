from __future__ import annotations

import pytest
from grade_values import KERNELS, oom_records, records
from hypothesis import given
from hypothesis import strategies as st

from labkit.grade.parse.error import ParseError
from labkit.grade.parse.oom import OomReport, parse_oom
from labkit.model.kernel_log import LogRecord

KILL = (
    "Memory cgroup out of memory: Killed process {pid} ({comm}) total-vm:205804kB, anon-rss:102112kB, "
    "file-rss:4kB, shmem-rss:636kB, UID:0 pgtables:240kB oom_score_adj:-5"
)
HEADER = "{comm} invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0"
TABLES = {
    "6.1": (
        "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
        "[    109]     0   109    51451    25688   245760       12            -7 {comm}",
    ),
    "6.12": (
        "[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents "
        "oom_score_adj name",
        "[    109]     0   109    51451    25688    25536        0       152   245760       12            -7 "
        "{comm}",
    ),
}
# A name is at most 15 bytes (TASK_COMM_LEN) and may be anything a program writes to /proc/self/comm.
comms = st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=15)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_real_log_gives_every_kill_in_its_order(kernel: str) -> None:
    kills = parse_oom(oom_records(kernel, "cgroup")).kills
    assert [kill.comm for kill in kills] == ["mmt", "(a, b) [9] )", "new\nline", "big", "small", "big"]
    assert all(kill.by_memcg for kill in kills)
    kills = parse_oom(oom_records(kernel, "machine")).kills
    assert [kill.comm for kill in kills] == ["global", "bound", "alloc", "sysrq"]
    assert not any(kill.by_memcg for kill in kills)


def by_victim(kernel: str, of: str, comm: str) -> OomReport:
    reports = parse_oom(oom_records(kernel, of)).reports
    return next(report for report in reports if report.victim is not None and report.victim.comm == comm)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_real_report_of_a_cgroup_is_read_whole(kernel: str) -> None:
    report = by_victim(kernel, "cgroup", "mmt")
    assert (report.invoker, report.gfp_flags, report.order) == ("mmt", "GFP_KERNEL", 0)
    assert (report.memcg_usage_kib, report.memcg_limit_kib) == (102400, 102400)
    assert report.memcg_stats["anon"] > 90 << 20
    (task,) = report.tasks
    (kill,) = report.kills
    assert report.victim is not None
    assert (report.victim.constraint, report.victim.oom_memcg) == ("CONSTRAINT_MEMCG", "/t1")
    assert report.victim.pid == task.pid == kill.pid
    assert task.name == kill.comm == "mmt"
    # Read twice, from counters that each CPU may hold 64 pages of.
    assert abs(task.badness_pages * 4 - (kill.anon_rss_kib + kill.file_rss_kib + kill.pgtables_kib)) <= 1024


@pytest.mark.parametrize("kernel", KERNELS)
def test_odd_names_of_processes_and_cgroups_survive(kernel: str) -> None:
    report = by_victim(kernel, "cgroup", "(a, b) [9] )")
    assert report.victim is not None
    assert report.victim.oom_memcg == report.victim.task_memcg == "/a b,c]"
    assert [task.name for task in report.tasks] == ["x y,pid=1", "(a, b) [9] )"]


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_group_kill_names_its_cgroup_and_repeats_its_victim(kernel: str) -> None:
    report = by_victim(kernel, "cgroup", "big")
    assert report.group_memcg == "/t2"
    assert [kill.comm for kill in report.kills] == ["big", "small", "big"]


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_constraint_tells_a_full_machine_from_a_full_node(kernel: str) -> None:
    full, bound = (by_victim(kernel, "machine", comm).victim for comm in ("global", "bound"))
    assert full is not None
    assert bound is not None
    assert (full.constraint, full.nodemask, full.global_oom) == ("CONSTRAINT_NONE", "(null)", True)
    assert (bound.constraint, bound.nodemask) == ("CONSTRAINT_MEMORY_POLICY", "1")


@pytest.mark.parametrize("kernel", KERNELS)
def test_sysrq_has_order_minus_one_and_the_allocating_task_its_own_prefix(kernel: str) -> None:
    assert by_victim(kernel, "machine", "sysrq").order == -1
    kills = parse_oom(oom_records(kernel, "machine")).kills
    assert kills[2].prefix == "Out of memory (oom_kill_allocating_task)"


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_line_that_a_program_wrote_is_not_believed(kernel: str) -> None:
    records_of = oom_records(kernel, "machine")
    assert any("Killed process 1 (init)" in record.text for record in records_of)
    assert all(kill.pid != 1 for kill in parse_oom(records_of).kills)


def report_of(kernel: str, comm: str, memcg: str = "/lab") -> tuple[LogRecord, ...]:
    header, row = TABLES[kernel]
    return records(
        HEADER.format(comm=comm),
        "memory: usage 102400kB, limit 102400kB, failcnt 25",
        header,
        row.format(comm=comm),
        f"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset={memcg},mems_allowed=0-1,"
        f"oom_memcg={memcg},task_memcg={memcg},task={comm},pid=109,uid=0",
        KILL.format(pid=109, comm=comm),
    )


@pytest.mark.parametrize("kernel", KERNELS)
@given(comm=comms)
def test_no_name_can_hide_a_kill_or_make_one(kernel: str, comm: str) -> None:
    log = parse_oom(report_of(kernel, comm))
    (kill,) = log.kills
    assert (kill.pid, kill.comm, kill.adj, kill.line) == (109, comm, -5, 6)
    (report,) = log.reports
    assert report.invoker == comm
    assert [(task.name, task.adj, task.rss_pages) for task in report.tasks] == [(comm, -7, 25688)]
    assert report.tasks[0].badness_pages == 25688 + 12 + 60


def test_kills_without_a_report_are_counted() -> None:
    # Headers are rate-limited, kills are not.
    log = parse_oom(records(*(KILL.format(pid=pid, comm="hog") for pid in (3, 2, 1))))
    assert [kill.pid for kill in log.kills] == [3, 2, 1]
    assert log.reports == ()


def test_a_report_that_found_nobody_to_kill_says_so() -> None:
    log = parse_oom(records(HEADER.format(comm="hog"), "Out of memory and no killable processes..."))
    assert log.reports[0].no_killable
    assert (log.reports[0].victim, log.kills) == (None, ())


def test_statistics_cut_by_the_kernel_keep_their_whole_lines() -> None:
    log = parse_oom(
        records(
            HEADER.format(comm="hog"),
            "Memory cgroup stats for /lab:",
            "anon 104595456\nfile 0\nworkingset_restore_a",
        )
    )
    assert log.reports[0].memcg_stats == {"anon": 104595456, "file": 0}


@pytest.mark.parametrize(
    "texts",
    [
        [KILL.format(pid=1, comm="hog").replace("pgtables", "tables")],
        [HEADER.format(comm="a"), TABLES["6.12"][0], TABLES["6.1"][1]],
        [HEADER.format(comm="a"), TABLES["6.1"][0].replace("rss", "res"), TABLES["6.1"][1]],
    ],
)
def test_a_kill_or_a_table_in_an_unknown_form_is_an_error_and_never_nobody(texts: list[str]) -> None:
    with pytest.raises(ParseError):
        parse_oom(records(*texts))


@given(st.lists(st.text(max_size=60), max_size=5))
def test_a_log_without_an_oom_has_no_reports(texts: list[str]) -> None:
    assert parse_oom(records(*texts)).reports == ()

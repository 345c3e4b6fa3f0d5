"""Processes, cgroups and page tables against the guest's own /proc, on a process whose memory is known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from witnessed import Pair, witnessed

from labkit.grade.conservation import violations
from labkit.grade.parse.keyvalue import parse_key_values
from labkit.model.machine import MachineSpec, Node
from labkit.model.ram_map import Kind
from labkit.model.units import Deadline, Size
from labkit.model.witness import PAGE, Probe, TaskView

pytestmark = pytest.mark.guest
GROUP = "/sys/fs/cgroup/witnessed"
DIRTY, PSE = 1 << 6, 1 << 7
# 20 MiB of small pages, 8 MiB that may be huge, 1 MiB only read, then rest; the name is the process' own.
PROGRAM = """
import mmap, time
open('/proc/self/comm', 'w').write('subject')
open('/proc/self/oom_score_adj', 'w').write('321')
small = mmap.mmap(-1, 20 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
small.madvise(mmap.MADV_NOHUGEPAGE)
huge = mmap.mmap(-1, 10 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
huge.madvise(mmap.MADV_HUGEPAGE)
for part in (small, huge):
    for at in range(0, len(part), 4096):
        part[at] = 1 + at % 255
unwritten = mmap.mmap(-1, 1 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
unwritten.madvise(mmap.MADV_NOHUGEPAGE)
for at in range(0, len(unwritten), 4096):
    unwritten[at]
open('/run/subject.ready', 'w').close()
time.sleep(600)
"""


@pytest.fixture(scope="module")
def subject(pair: Pair) -> Iterator[int]:
    """The process id of a process with a cgroup of its own."""
    pair.run(
        "echo madvise >/sys/kernel/mm/transparent_hugepage/enabled;"
        f"mkdir {GROUP} && echo 200M >{GROUP}/memory.max && echo 180M >{GROUP}/memory.high"
        f" && echo 10M >{GROUP}/memory.swap.max && echo 1 >{GROUP}/memory.oom.group"
    )
    pair.stage.guest.ask("cat >/run/subject.py", PROGRAM.encode(), deadline=Deadline.after(30, "program"))
    pair.run(
        f"(echo 0 >{GROUP}/cgroup.procs; exec setpriv --reuid 4321 --clear-groups"
        " python3 /run/subject.py) >/run/subject.log 2>&1 </dev/null & echo $! >/run/subject.pid"
    )
    pair.run(
        "chmod 1777 /run; for i in $(seq 200); do [ -e /run/subject.ready ] && exit; sleep 0.1; done; exit 1"
    )
    yield int(pair.run("cat /run/subject.pid"))
    pair.run(f"kill $(cat /run/subject.pid); sleep 0.5; rmdir {GROUP}")


def status(pair: Pair, pid: int) -> dict[str, str]:
    lines = pair.file(f"/proc/{pid}/status").splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def seen(pair: Pair, pid: int) -> TaskView:
    tasks = pair.read(Probe.TASKS).tasks
    return next(task for task in tasks or () if task.pid == pid)


def kib(text: str) -> Size:
    return Size.kib(int(text.removesuffix(" kB")))


def test_a_process_is_that_of_its_status_file(pair: Pair, subject: int) -> None:
    told, task = status(pair, subject), seen(pair, subject)
    assert (task.comm, task.uid, task.threads) == ("subject", 4321, 1)
    assert task.parent == int(told["PPid"])
    assert task.state == told["State"][0]
    assert task.oom_score_adj == 321
    assert task.cgroup == "/witnessed"
    assert task.page_tables == kib(told["VmPTE"])
    assert task.swap == kib(told["VmSwap"])
    assert not task.dying


def test_rss_is_that_of_smaps_rollup(pair: Pair, subject: int) -> None:
    told, task = parse_rollup(pair.file(f"/proc/{subject}/smaps_rollup")), seen(pair, subject)
    assert task.rss == told["Rss"]
    assert task.rss_anon == told["Anonymous"]


def test_page_faults_are_those_of_its_stat_file(pair: Pair, subject: int) -> None:
    fields = pair.file(f"/proc/{subject}/stat").rpartition(")")[2].split()  # from field 3 on
    task = seen(pair, subject)
    assert task.minor_faults == int(fields[7]) >= Size.mib(20) // PAGE
    assert task.major_faults == int(fields[9])


def test_faults_of_threads_count_whether_they_live_or_have_ended(pair: Pair) -> None:
    pair.run(
        "cp /usr/bin/python3 /tmp/threaded; (/tmp/threaded -c 'import threading, time, mmap\n"
        "def touch():\n"
        "    memory = mmap.mmap(-1, 8 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)\n"
        "    memory.madvise(mmap.MADV_NOHUGEPAGE)\n"
        "    for at in range(0, 8 << 20, 4096): memory[at] = 1\n"
        'def stay(): touch(); open("/tmp/threaded.ready", "w"); time.sleep(600)\n'
        "ended = threading.Thread(target=touch); ended.start(); ended.join()\n"
        "threading.Thread(target=stay).start()' >/tmp/threaded.log 2>&1 &)\n"
        "for n in $(seq 300); do [ -e /tmp/threaded.ready ] && sleep 0.2 && exit; sleep 0.1; done; exit 1"
    )
    task = pair.read(Probe.TASKS).task("threaded")
    assert task is not None
    fields = pair.file(f"/proc/{task.pid}/stat").rpartition(")")[2].split()
    assert task.minor_faults == int(fields[7]) >= Size.mib(16) // PAGE
    pair.run("pkill -9 threaded")


def parse_rollup(text: str) -> dict[str, Size]:
    return {
        name: Size.kib(int(number)) for name, number in re.findall(r"^(\w+): +(\d+) kB$", text, re.MULTILINE)
    }


def test_every_process_of_the_guest_is_seen(pair: Pair, subject: int) -> None:
    told = {int(name) for name in pair.run("ls /proc").split() if name.isdigit()}
    tasks = pair.read(Probe.TASKS).tasks
    assert tasks is not None
    assert {task.pid for task in tasks} >= {pid for pid in told if pid <= subject}


def test_page_tables_map_what_is_resident_with_huge_leaves(pair: Pair, subject: int) -> None:
    reading = pair.read(Probe.TASKS, pids=(subject,))
    (tables,) = reading.page_tables
    told = parse_rollup(pair.file(f"/proc/{subject}/smaps_rollup"))
    assert violations(reading) == ()
    assert tables.resident == told["Rss"]
    huge = [extent for extent in tables.extents if extent.size == Size.mib(2)]
    assert Size(len(huge) * Size.mib(2)) == told["AnonHugePages"]
    assert all(extent.first % extent.size == 0 and extent.pfn % 512 == 0 for extent in huge)
    assert {extent.pfn for extent in huge} == {extent.entry >> 12 & (1 << 40) - 1 for extent in huge}
    assert all(extent.entry & PSE for extent in huge)


def test_the_tables_of_five_levels_are_those_that_the_mm_counts(tmp_path: Path) -> None:
    """The mm counts no p4d: with LA57 every process has one table more than it says."""
    node = Node(cpus=1, memory=Size.mib(192))
    with witnessed(MachineSpec(nodes=(node,), cpu_model="max"), tmp_path) as five:
        pid = int(five.run("sleep 600 >/dev/null 2>&1 </dev/null & echo $!; sleep 0.5"))
        reading = five.read(Probe.TASKS, pids=(pid,))
    assert reading.page_tables[0].levels in (4, 5)  # under KVM what the host has
    assert violations(reading) == ()


def test_pages_that_were_only_read_are_one_frame_and_no_extents(pair: Pair, subject: int) -> None:
    (tables,) = pair.read(Probe.TASKS, pids=(subject,)).page_tables
    assert tables.levels == 4
    assert len(tables.zero) >= 256
    (frame,) = {extent.pfn for extent in tables.zero}
    assert not any(extent.writable or extent.entry & DIRTY for extent in tables.zero)
    assert frame not in {extent.pfn for extent in tables.extents}


@pytest.mark.usefixtures("subject")
def test_a_memcg_is_that_of_its_files(pair: Pair) -> None:
    group = pair.read(Probe.MEMCGS).memcg("/witnessed")
    assert group is not None
    assert (group.max, group.high, group.swap_max) == (Size.mib(200), Size.mib(180), Size.mib(10))
    assert group.oom_group
    assert group.usage == pytest.approx(int(pair.file(f"{GROUP}/memory.current")), abs=64 * PAGE)
    told = parse_key_values(pair.file(f"{GROUP}/memory.events"))
    assert {name: group.events[name] for name in told} == told
    local = parse_key_values(pair.file(f"{GROUP}/memory.events.local"))
    assert {name: group.events_local[name] for name in local} == local


def test_a_limit_that_is_not_set_is_none(pair: Pair) -> None:
    root = pair.read(Probe.MEMCGS).memcg("/")
    assert root is not None
    assert (root.max, root.high, root.swap_max) == (None, None, None)


def test_the_ram_map_holds_the_frames_that_the_tables_name(pair: Pair, subject: int) -> None:
    reading = pair.read(Probe.RAM, pids=(subject,))
    (tables,) = reading.page_tables
    ram = reading.ram
    assert ram is not None
    where = {int(pfn): index for index, pfn in enumerate(ram.pfn)}
    huge = [extent for extent in tables.extents if extent.size == Size.mib(2)]
    assert len(huge) >= 3
    for extent in huge:
        at = slice(where[extent.pfn], where[extent.pfn] + 512)
        assert set(ram.kind[at]) == {Kind.ANON}
        assert set(ram.order[at]) == {9}
        assert set(ram.mapcount[at]) == {1}
    private = [where[extent.pfn] for extent in tables.extents if extent.size == PAGE and extent.writable]
    anon = sum(int(ram.kind[index]) == Kind.ANON for index in private)
    assert anon * PAGE >= Size.mib(8)


@pytest.mark.usefixtures("subject")
def test_the_ram_map_counts_what_the_guest_counts(pair: Pair) -> None:
    reading = pair.read(Probe.RAM, Probe.VMSTAT)
    ram, vmstat = reading.ram, reading.vmstat
    assert ram is not None
    assert vmstat is not None
    assert ram.pages(Kind.FREE) == vmstat["nr_free_pages"]
    slab = (
        vmstat["nr_slab_reclaimable"] + vmstat["nr_slab_unreclaimable"]
    )  # with kmalloc()s beyond all caches
    assert slab * 3 // 4 <= ram.pages(Kind.SLAB) <= slab
    # 6.1 does not mark the tables of the kernel's own half.
    assert ram.pages(Kind.TABLE) >= vmstat["nr_page_table_pages"] > 0
    assert ram.pages(Kind.ANON) >= vmstat["nr_anon_pages"]
    for node in (0, 1):
        told = pair.file(f"/sys/devices/system/node/node{node}/meminfo")
        total = Size.kib(int(re.findall(r"MemTotal: +(\d+)", told)[0]))
        assert total <= int((ram.node == node).sum()) * PAGE <= Size.mib(260)


def test_pages_in_swap_are_seen_as_such(pair: Pair, subject: int) -> None:
    disk = "/dev/disk/labkit/swap"
    pair.run(f"mkswap {disk} >/dev/null 2>&1; swapon {disk}")
    # With generations on (6.12) a first pass only ages what was touched.
    pair.run(
        f"for i in $(seq 30); do echo 22M >{GROUP}/memory.high; sleep 0.1;"
        f" [ $(cat {GROUP}/memory.swap.current) -gt 0 ] && break; done; echo 180M >{GROUP}/memory.high"
    )
    reading = pair.read(Probe.TASKS, Probe.MEMCGS, pids=(subject,))
    (tables,) = reading.page_tables
    assert tables.swapped == kib(status(pair, subject)["VmSwap"]) > 0
    assert violations(reading) == ()
    group = reading.memcg("/witnessed")
    assert group is not None
    assert group.swap_usage == int(pair.file(f"{GROUP}/memory.swap.current")) > 0

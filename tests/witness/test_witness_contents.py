"""What is in a process' pages, against what the process was told to put there."""

from __future__ import annotations

import pytest
from witnessed import Pair

from labkit.model.mapped import Contents
from labkit.model.units import Deadline, Size
from labkit.model.witness import Look, Probe

pytestmark = pytest.mark.guest

# Maps 24 MiB: 8 with data at the end of each page, 8 with zeroes written, 8 only read; and 8 more that are
# read where the zero page may be the huge one. Says when it is done.
PROGRAM = """
import mmap, sys, time
page, part = 4096, 8 << 20
if sys.argv[1] == "paint":
    huge = mmap.mmap(-1, part, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    huge.madvise(mmap.MADV_HUGEPAGE)
    for at in range(0, part, page):
        huge[at]
    memory = mmap.mmap(-1, 3 * part, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for at in range(0, part, page):
        memory[at + page - 1] = 7
        memory[part + at] = 0
        memory[2 * part + at]
print("done", flush=True)
time.sleep(600)
"""


def test_pages_with_data_are_told_from_pages_of_zeroes_and_from_none(pair: Pair) -> None:
    pair.run("cd /sys/kernel/mm/transparent_hugepage && echo madvise >enabled && echo 1 >use_zero_page")
    pair.run("cp /usr/bin/python3 /tmp/painter && cat >/tmp/painter.py <<'END'\n" + PROGRAM + "END\n")
    before, seen = (painted(pair, what) for what in ("idle", "paint"))
    # Two runs of one Python differ by some dozen pages.
    assert abs(seen.mapped - before.mapped - Size.mib(16)) < Size.kib(512)
    assert abs(seen.filled - before.filled - Size.mib(8)) < Size.kib(512)
    assert abs(seen.zero - before.zero - Size.mib(16)) < Size.kib(512)


def painted(pair: Pair, what: str) -> Contents:
    """The program's contents when it has done its part, or none of it."""
    pair.run(
        f"rm -f /tmp/said; (/tmp/painter /tmp/painter.py {what} >/tmp/said 2>/tmp/wrong &)\n"
        "for n in $(seq 500); do grep -q done /tmp/said && exit; sleep 0.1; done; cat /tmp/wrong; exit 1"
    )
    found = look(pair, "painter")
    pair.run("pkill -9 painter; while pgrep -x painter >/dev/null; do sleep 0.1; done")
    return found


def look(pair: Pair, comm: str) -> Contents:
    reading = pair.witness.look(Look(contents_of=(comm,)), Deadline.after(30, "witness"))
    assert reading.incoherent == ()
    (found,) = reading.contents
    assert found.comm == comm
    return found


def test_a_name_that_nobody_bears_has_no_contents(pair: Pair) -> None:
    reading = pair.witness.look(
        Look(probes=(Probe.TASKS,), contents_of=("nobody",)), Deadline.after(30, "witness")
    )
    assert reading.contents == ()
    assert reading.tasks


def test_a_process_with_too_many_page_tables_counts_as_empty_and_is_judged(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One page for each 2 MiB of a wide mapping takes a table each, and anybody may do that."""
    monkeypatch.setattr("labkit.witness.tables.MAX_TABLES", 8)
    seen = painted(pair, "idle")
    assert (seen.mapped, seen.filled) == (0, 0)


def test_cgroups_may_be_nested_deeper_than_anybody_looks(pair: Pair) -> None:
    level = "mkdir deep && cd deep && echo +memory >cgroup.subtree_control"
    pair.run(f"cd /sys/fs/cgroup; for _ in $(seq 100); do {level}; done; mkdir leaf")
    stay = "sleep 600 >/dev/null 2>&1 </dev/null &"
    pair.run(f"{stay} echo $! >/sys/fs/cgroup{'/deep' * 100}/leaf/cgroup.procs")
    reading = pair.read(Probe.MEMCGS, Probe.TASKS)
    assert reading.incoherent == ()
    paths = [memcg.path for memcg in reading.memcgs or ()]
    assert "/deep" in paths
    assert "/" + "/".join(["…", *["deep"] * 64]) in paths
    inside = "/" + "/".join(["…", *["deep"] * 63, "leaf"])
    assert [task.comm for task in reading.tasks or () if task.cgroup == inside] == ["sleep"]

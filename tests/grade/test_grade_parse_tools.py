"""Our parsers against the distribution's own readers, in a guest of each kernel.

One shell command reads the files, runs the tools and reads the files again. A counter that only grows must
lie between the two for the tool, too: no tolerance. What may also fall (free memory, slabs) is allowed
SLACK beyond them. What a sleeping process has does not move: there tool and parser agree exactly.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import pytest
from grade_values import KERNELS
from guests import raise_guest

from labkit.grade.parse.keyvalue import parse_key_values
from labkit.grade.parse.meminfo import Meminfo, parse_meminfo
from labkit.grade.parse.numa_maps import kib_by_node, parse_numa_maps
from labkit.grade.parse.slabinfo import parse_slabinfo
from labkit.grade.parse.smaps import parse_smaps, parse_smaps_rollup, total_kib
from labkit.model.machine import MachineSpec, Node
from labkit.model.units import Deadline, Size

pytestmark = pytest.mark.guest

FILES = (
    *("/proc/meminfo", "/proc/vmstat", "/proc/slabinfo"),
    *(f"/sys/devices/system/node/node{node}/{name}" for node in (0, 1) for name in ("meminfo", "numastat")),
)
TOOLS = ("free -b", "vmstat -s", "slabtop -o", "numastat", "numastat -m")
OF_A_PROCESS = (
    "numastat -p $pid",
    "pmap -X $pid",
    *(f"cat /proc/$pid/{f}" for f in ("smaps", "smaps_rollup", "numa_maps")),
)
# A process on both nodes, and asleep once it has all its memory. fork() and execve() of the tools come and go
# meanwhile, each with some 3 MiB of its own.
SLEEPER = """
numactl --interleave=all python3 -c "
import time
memory = bytearray(8 << 20)
for at in range(0, len(memory), 4096): memory[at] = 7
open('/tmp/asleep', 'w').write('x')
time.sleep(1000)" &
pid=$!
until [ -s /tmp/asleep ]; do sleep 0.1; done
sleep 0.5
"""
SLACK = Size.mib(8)  # what two tools at once may have
ROUNDED = 0.006  # numastat shows MiB with two digits


class Report:
    """What the one command said, by the command that said it; a file's second reading is told apart."""

    def __init__(self, text: str) -> None:
        parts = re.split(r"^=== (.*)\n", text, flags=re.MULTILINE)
        self.said: dict[str, list[str]] = {}
        for command, output in zip(parts[1::2], parts[2::2], strict=True):
            self.said.setdefault(command, []).append(output)

    def tool(self, command: str) -> str:
        (text,) = self.said[command]
        return text

    def readings(self, path: str) -> tuple[str, str]:
        before, after = self.said[f"cat {path}"]
        return before, after

    def meminfo(self) -> tuple[Meminfo, Meminfo]:
        before, after = map(parse_meminfo, self.readings("/proc/meminfo"))
        return before, after


@pytest.fixture(scope="module", params=KERNELS)
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    node = Node(cpus=1, memory=Size.mib(160))
    machine = MachineSpec(nodes=(node, node), kernel=request.param)
    files = [f"cat {path}" for path in FILES]
    script = SLEEPER + "".join(
        f"echo {shlex.quote('=== ' + command)}\n{command} 2>/dev/null\n"
        for command in (*files, *TOOLS, *files, *OF_A_PROCESS)
    )
    with raise_guest(machine, tmp_path_factory.mktemp("record")) as stage:
        yield Report(stage.guest.ask(script, deadline=Deadline.after(120, "the tools")).decode())


def lies_between(value: int, before: int, after: int, slack: int = 0) -> bool:
    return min(before, after) - slack <= value <= max(before, after) + slack


def test_free_reads_the_same_meminfo(report: Report) -> None:
    before, after = (reading.kib for reading in report.meminfo())
    rows = [line.split() for line in report.tool("free -b").splitlines()]
    assert rows[0] == ["total", "used", "free", "shared", "buff/cache", "available"]
    total, used, free, shared, cache, available = (int(word) >> 10 for word in rows[1][1:])
    assert total == before["MemTotal"] == after["MemTotal"]
    assert used == total - available
    slack = SLACK >> 10
    assert lies_between(free, before["MemFree"], after["MemFree"], slack)
    assert lies_between(available, before["MemAvailable"], after["MemAvailable"], slack)
    assert lies_between(shared, before["Shmem"], after["Shmem"], slack)
    parts = [reading["Buffers"] + reading["Cached"] + reading["SReclaimable"] for reading in (before, after)]
    assert lies_between(cache, parts[0], parts[1], slack)


def test_vmstat_reads_the_same_counters(report: Report) -> None:
    said = {
        text: int(count)
        for count, text in re.findall(r"^ *(\d+) (.*)$", report.tool("vmstat -s"), re.MULTILINE)
    }
    assert said["K total memory"] == report.meminfo()[0].kib["MemTotal"]
    before, after = map(parse_key_values, report.readings("/proc/vmstat"))
    for text, counter in (
        ("K paged in", "pgpgin"),
        ("K paged out", "pgpgout"),
        ("pages swapped in", "pswpin"),
        ("pages swapped out", "pswpout"),
    ):
        assert lies_between(said[text], before[counter], after[counter]), text


def test_slabtop_reads_the_same_caches(report: Report) -> None:
    before, after = map(parse_slabinfo, report.readings("/proc/slabinfo"))
    row = re.compile(r" *(\d+) +(\d+) +\d+% +(\d+\.\d+)K +(\d+) +(\d+) +(\d+)K (\S+) *")
    shown = [found for line in report.tool("slabtop -o").splitlines() if (found := row.fullmatch(line))]
    assert {found[7] for found in shown} == before.keys() == after.keys()
    for found in shown:
        first, last = before[found[7]], after[found[7]]
        assert int(found[5]) == first.objects_a_slab
        assert float(found[3]) == pytest.approx(first.object_bytes / 1024, abs=0.0051)
        # A cache grows by whole slabs; 1 MiB of them is more than a tool's start takes of any.
        slack = max(1, (1 << 20) // (first.pages_a_slab * 4096))
        assert lies_between(int(found[4]), first.slabs, last.slabs, slack), found[7]
        assert lies_between(
            int(found[1]), first.active_objects, last.active_objects, slack * first.objects_a_slab
        ), found[7]


def test_numastat_reads_the_same_nodes(report: Report) -> None:
    counted = {
        line.split()[0]: list(map(int, line.split()[1:])) for line in report.tool("numastat").splitlines()[1:]
    }
    said = table(report.tool("numastat -m"))
    for node in (0, 1):
        place = f"/sys/devices/system/node/node{node}"
        before, after = map(parse_key_values, report.readings(f"{place}/numastat"))
        assert counted.keys() == before.keys()
        for key, counts in counted.items():
            assert lies_between(counts[node], before[key], after[key]), key
        first, last = (parse_meminfo(text).kib for text in report.readings(f"{place}/meminfo"))
        assert said["MemTotal"][node] == pytest.approx(first["MemTotal"] / 1024, abs=ROUNDED)
        for key in (
            "MemFree",
            "AnonPages",
            "FilePages",
            "Slab",
            "SReclaimable",
            "PageTables",
            "Active(anon)",
        ):
            slack = SLACK >> 20
            low, high = sorted((first[key] / 1024, last[key] / 1024))
            assert low - slack <= said[key][node] <= high + slack, key


def test_numastat_of_a_process_reads_the_same_numa_maps(report: Report) -> None:
    maps = parse_numa_maps(report.tool("cat /proc/$pid/numa_maps"))
    said = table(report.tool("numastat -p $pid"))
    kinds = {
        "Heap": tuple(each for each in maps if "heap" in each.words),
        "Stack": tuple(each for each in maps if "stack" in each.words),
        "Total": maps,
    }
    assert sum(said["Total"][:2]) > 8  # MiB: what the process has filled
    for kind, some in kinds.items():
        for node in (0, 1):
            ours = kib_by_node(some).get(node, 0) / 1024
            # Each of the four kinds was rounded before numastat summed them.
            assert said[kind][node] == pytest.approx(ours, abs=4 * ROUNDED), kind


def test_pmap_reads_the_same_smaps(report: Report) -> None:
    vmas = parse_smaps(report.tool("cat /proc/$pid/smaps"))
    lines = report.tool("pmap -X $pid").splitlines()
    columns = lines[1].split()
    rows = [dict(zip(columns, line.split(None, len(columns) - 1), strict=False)) for line in lines[2:-2]]
    assert [int(row["Address"], 16) for row in rows] == [vma.start for vma in vmas]
    sizes = [column for column in columns if column in vmas[0].kib]
    assert {"Size", "Rss", "Pss", "Referenced", "Anonymous", "Swap", "Locked"} <= set(sizes)
    for row, vma in zip(rows, vmas, strict=True):
        assert row["Perm"] == vma.permissions
        # Who else maps a library changes a share of it (Pss), and who reads it, Referenced.
        for key in set(sizes) - {"Pss", "Referenced"}:
            assert int(row[key]) == vma.kib[key], (row["Address"], key)


def test_a_rollup_is_the_sum_of_its_mappings(report: Report) -> None:
    vmas = parse_smaps(report.tool("cat /proc/$pid/smaps"))
    rollup = parse_smaps_rollup(report.tool("cat /proc/$pid/smaps_rollup"))
    for key in ("Rss", "Private_Dirty", "Anonymous", "Swap", "Locked"):
        assert rollup[key] == total_kib(vmas, key), key


def test_smaps_and_numa_maps_count_the_same_pages(report: Report) -> None:
    rss = total_kib(parse_smaps(report.tool("cat /proc/$pid/smaps")), "Rss")
    by_node = kib_by_node(parse_numa_maps(report.tool("cat /proc/$pid/numa_maps")))
    # The vdso and vvar have pages that belong to no node's lists: numa_maps leaves them out.
    assert 0 <= rss - sum(by_node.values()) <= 16


def table(text: str) -> dict[str, list[float]]:
    """The rows of numastat: a name, MiB of each node, the total."""
    rows = re.findall(r"^(\S+) +(\d+\.\d\d) +(\d+\.\d\d) +(\d+\.\d\d)$", text, re.MULTILINE)
    return {name: [float(word) for word in words] for name, *words in rows}

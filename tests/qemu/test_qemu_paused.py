"""A paused QEMU is asked whether the machine is the one that was declared."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from qemu_machines import TWO_NODES, PlanMaker, soon, specs

from labkit.model.machine import Disk, MachineSpec, Node
from labkit.model.units import Deadline, Size
from labkit.qemu.launch import Drive
from labkit.qemu.process import start

pytestmark = pytest.mark.qemu


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spec=specs())
def test_qemu_accepts_every_machine_that_may_exist(make_plan: PlanMaker, spec: MachineSpec) -> None:
    with start(spec, make_plan(), soon()) as vm:
        told = vm.qmp.hmp("info numa", soon())
        backends = vm.qmp.command("query-memdev", soon())
    assert [int(size) for size in re.findall(r"node \d+ size: (\d+) MB", told)] == [
        node.memory // Size.mib(1) for node in spec.nodes
    ]
    cpus = [line.split() for line in re.findall(r"node \d+ cpus:(.*)", told)]
    assert [len(found) for found in cpus] == [node.cpus for node in spec.nodes]
    assert isinstance(backends, list)
    assert sorted(backend["size"] for backend in backends) == sorted(
        node.memory for node in spec.nodes if node.memory
    )


def test_128_nodes_at_every_distance_are_one_command(make_plan: PlanMaker) -> None:
    count = 128
    spec = MachineSpec(
        nodes=(
            Node(cpus=1, memory=Size.mib(128)),
            *(Node(cpus=0, memory=Size.mib(32)) for _ in range(count - 1)),
        ),
        distances=tuple(tuple(10 if i == j else 20 + abs(i - j) for j in range(count)) for i in range(count)),
    )
    with start(spec, make_plan(), soon()) as vm:
        assert f"{count} nodes" in vm.qmp.hmp("info numa", soon())


def test_255_cpus_fit_into_the_limits(make_plan: PlanMaker) -> None:
    spec = MachineSpec(nodes=(Node(cpus=255, memory=Size.mib(256)),))
    with start(spec, make_plan(), Deadline.after(90, "255 CPUs")) as vm:
        cpus = vm.qmp.command("query-cpus-fast", soon())
    assert isinstance(cpus, list)
    assert len(cpus) == 255


def test_disks_carry_their_serials_and_sizes(make_plan: PlanMaker, short_tmp: Path) -> None:
    root = short_tmp / "ro,ot.img"
    root.write_bytes(b"\0" * 4096)
    spec = MachineSpec(
        nodes=TWO_NODES.nodes, swap=Size.mib(64), disks=(Disk(serial="data", size=Size.mib(8)),)
    )
    plan = make_plan(drives=(Drive(serial="root", path=root),))
    with start(spec, plan, soon()) as vm:
        blocks = vm.qmp.command("query-named-block-nodes", soon())
        bus = vm.qmp.hmp("info qtree", soon())
    assert isinstance(blocks, list)
    raw = {block["node-name"]: block for block in blocks if block["drv"] == "raw"}
    assert {name: (block["image"]["virtual-size"], block["ro"]) for name, block in raw.items()} == {
        "disk-root": (4096, True),
        "disk-swap": (Size.mib(64), False),
        "disk-data": (Size.mib(8), False),
    }
    for serial in ("root", "swap", "data"):
        assert f'serial = "{serial}"' in bus


def test_scratch_disks_take_no_space_until_written(make_plan: PlanMaker) -> None:
    plan = make_plan()
    spec = MachineSpec(nodes=TWO_NODES.nodes, swap=Size.gib(8))
    with start(spec, plan, soon()):
        status = (plan.live / "swap.raw").stat()
    assert status.st_size == Size.gib(8)
    assert status.st_blocks * 512 < Size.mib(1)


def test_vmcoreinfo_and_entropy_are_there(make_plan: PlanMaker) -> None:
    with start(TWO_NODES, make_plan(), soon()) as vm:
        bus = vm.qmp.hmp("info qtree", soon())
    assert "virtio-rng-pci" in bus
    assert 'romfile = ""' in bus


def test_every_message_is_a_line_of_qmp_jsonl(make_plan: PlanMaker) -> None:
    plan = make_plan()
    with start(TWO_NODES, plan, soon()) as vm:
        assert vm.qmp.status(soon()) == "prelaunch"
    lines = [json.loads(line) for line in plan.qmp_log.read_text().splitlines()]
    assert "QMP" in lines[0]["received"]
    asked = [line["sent"]["execute"] for line in lines if "sent" in line]
    assert asked == ["qmp_capabilities", "query-status", "quit"]
    assert any(line.get("received", {}).get("event") == "SHUTDOWN" for line in lines)
    assert [line["seconds"] for line in lines] == sorted(line["seconds"] for line in lines)

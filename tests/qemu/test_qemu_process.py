"""How QEMU ends: when asked, when it must, when it cannot even begin. Every QEMU here is a real one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from qemu_machines import TWO_NODES, PlanMaker, soon

from labkit.model.errors import Broken, DeadlineExpired, HostError
from labkit.model.machine import Disk, MachineSpec, Node
from labkit.model.units import Deadline, Pace, Size
from labkit.qemu.confine import confine
from labkit.qemu.launch import Drive, FwCfgFile
from labkit.qemu.live import reap
from labkit.qemu.process import start

pytestmark = pytest.mark.qemu


def gone(pid: int) -> bool:
    """Whether a process has ended; one that waits for its parent to look has."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True
    return status.rpartition(")")[2].split()[0] == "Z"


def wait_until(fact: Callable[[], bool], seconds: float = 5.0) -> bool:
    return any(fact() for _ in Deadline.after(seconds, "test").polls(0.01))


def test_qemu_is_gone_when_the_block_ends(make_plan: PlanMaker) -> None:
    with start(TWO_NODES, make_plan(), soon()) as vm:
        assert vm.alive
        assert not gone(vm.pid)
    assert vm.exit_status == 0
    assert gone(vm.pid)
    assert vm.descent is not None
    assert vm.descent.ended_by == "QMP quit"
    assert vm.shutdown_reason == "host-qmp-quit"


def test_qemu_is_gone_when_the_block_raises(make_plan: PlanMaker) -> None:
    with pytest.raises(ZeroDivisionError), start(TWO_NODES, make_plan(), soon()) as vm:
        raise ZeroDivisionError
    assert gone(vm.pid)


def test_a_stopped_qemu_is_ended_by_sigkill_and_every_rung_is_told(make_plan: PlanMaker) -> None:
    with start(TWO_NODES, make_plan(), soon(), pace=Pace(factor=0.1)) as vm:
        os.kill(vm.pid, signal.SIGSTOP)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("labkit.qemu.process._QUIT_SECONDS", 0.3)
            patch.setattr("labkit.qemu.ladder.TERM_SECONDS", 0.3)
            descent = vm.stop()
    assert [rung.name for rung in descent.rungs] == ["QMP quit", "SIGTERM", "SIGKILL"]
    assert [rung.ended_it for rung in descent.rungs] == [False, False, True]
    assert "nothing after" in descent.rungs[0].failed
    assert descent.status == -signal.SIGKILL


def test_quit_is_the_first_rung_and_is_asked_once(make_plan: PlanMaker) -> None:
    with start(TWO_NODES, make_plan(), soon()) as vm:
        descent = vm.stop()
        assert vm.stop() is descent
    assert descent.ended_by == "QMP quit"


def test_a_qemu_that_died_meanwhile_ended_by_itself(make_plan: PlanMaker) -> None:
    with start(TWO_NODES, make_plan(), soon()) as vm:
        os.kill(vm.pid, signal.SIGKILL)
        assert vm.wait(soon()) == -signal.SIGKILL
        with pytest.raises(Broken, match="hung up"):
            vm.qmp.command("query-status", soon())
    assert vm.descent is not None
    assert vm.descent.ended_by == "itself"
    assert vm.shutdown_reason is None


def test_waiting_for_a_guest_that_stays_names_the_phase(make_plan: PlanMaker) -> None:
    with start(TWO_NODES, make_plan(), soon()) as vm, pytest.raises(DeadlineExpired, match="the lab"):
        vm.wait(Deadline.after(0.05, "the lab"))


def test_the_monitor_refuses_with_qemus_words(make_plan: PlanMaker) -> None:
    with start(TWO_NODES, make_plan(), soon()) as vm, pytest.raises(Broken, match="no-such-command"):
        vm.qmp.command("no-such-command", soon())


def test_a_silent_monitor_costs_no_more_than_its_deadline(make_plan: PlanMaker) -> None:
    with start(TWO_NODES, make_plan(), soon()) as vm:
        os.kill(vm.pid, signal.SIGSTOP)
        with pytest.raises(DeadlineExpired, match="asking"):
            vm.qmp.status(Deadline.after(0.2, "asking"))
        os.kill(vm.pid, signal.SIGCONT)
        assert vm.qmp.status(soon()) == "prelaunch"


def test_a_guest_opens_no_port_of_the_host(make_plan: PlanMaker) -> None:
    with start(TWO_NODES, make_plan(), soon()) as vm:
        held = {str(link.readlink()) for link in Path(f"/proc/{vm.pid}/fd").iterdir()}
        tables = "".join(Path(f"/proc/{vm.pid}/net/{name}").read_text() for name in ("tcp", "udp"))
        assert not held & {f"socket:[{line.split()[9]}]" for line in tables.splitlines()}
        assert vm.door.getpeername() == str(vm.plan.door_socket)


def test_qemu_holds_no_privilege_and_has_limits(make_plan: PlanMaker) -> None:
    with start(TWO_NODES, make_plan(), soon()) as vm:
        status = Path(f"/proc/{vm.pid}/status").read_text()
        limits = Path(f"/proc/{vm.pid}/limits").read_text()
        assert os.getsid(vm.pid) == vm.pid
    for line in ("NoNewPrivs:\t1", "Seccomp:\t2", "CapEff:\t0000000000000000", "CapPrm:\t0000000000000000"):
        assert line in status
    sizes = {line[:26].strip(): line[26:].split()[0] for line in limits.splitlines()[1:]}
    assert sizes["Max core file size"] == "0"
    assert sizes["Max file size"] == str(int(Size.mib(64)))
    assert int(sizes["Max address space"]) < Size.gib(8)


def test_a_disk_larger_than_the_log_limit_can_be_written(make_plan: PlanMaker) -> None:
    spec = MachineSpec(nodes=TWO_NODES.nodes, disks=(Disk(serial="big", size=Size.mib(256)),))
    with start(spec, make_plan(), soon()) as vm:
        limits = Path(f"/proc/{vm.pid}/limits").read_text()
    assert str(int(Size.mib(256))) in limits


KILLED = """
import sys
from pathlib import Path
from labkit.model.machine import Accel, MachineSpec, Node
from labkit.model.units import Deadline, Size
from labkit.qemu.launch import LaunchPlan
from labkit.qemu.live import live_folder
from labkit.qemu.process import start

root, kernel, initramfs = map(Path, sys.argv[1:])
with live_folder(root) as live:
    plan = LaunchPlan(
        accel=Accel.TCG, vmlinuz=kernel, initramfs=initramfs, live=live, record=live, paused=True
    )
    spec = MachineSpec(nodes=(Node(cpus=1, memory=Size.mib(256)),), swap=Size.mib(64))
    with start(spec, plan, Deadline.after(20, "start")) as vm:
        print(vm.pid, live, flush=True)
        vm.wait(Deadline.after(60, "the kill"))
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM], ids=lambda s: s.name)
def test_nothing_survives_the_death_of_labkit(
    make_plan: PlanMaker, short_tmp: Path, number: signal.Signals
) -> None:
    plan = make_plan()
    root = short_tmp / "l"
    owner = subprocess.Popen(
        [sys.executable, "-c", KILLED, root, plan.vmlinuz, plan.initramfs],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert owner.stdout is not None
    with owner, owner.stdout as said:
        pid, live = said.readline().split()
        assert not gone(int(pid))
        owner.send_signal(number)
        owner.wait(timeout=10)
    assert wait_until(lambda: gone(int(pid)), seconds=2)
    expected = () if number is signal.SIGINT else (Path(live),)  # Ctrl-C unwinds, the others cannot
    assert reap(root) == expected
    assert not Path(live).exists()


def test_a_qemu_whose_parent_died_before_it_began_never_begins(short_tmp: Path) -> None:
    mark = short_tmp / "ran"
    words = confine(("touch", str(mark)), TWO_NODES, parent=os.getpid() + 1, root=os.geteuid() == 0)
    assert subprocess.run(words, check=False).returncode != 0
    assert not mark.exists()


def test_no_qemu_is_the_operators_to_install(make_plan: PlanMaker) -> None:
    with (
        pytest.raises(HostError, match="apt-get install qemu-system-x86"),
        start(TWO_NODES, make_plan(binary="qemu-system-pdp11"), soon()),
    ):
        pass


def test_missing_helpers_are_the_operators_to_install(
    make_plan: PlanMaker, short_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = make_plan(binary="/bin/true")
    monkeypatch.setenv("PATH", str(short_tmp))
    with pytest.raises(HostError, match="apt-get install util-linux"), start(TWO_NODES, plan, soon()):
        pass


def test_a_program_that_cannot_be_executed_is_the_operators_to_repair(
    make_plan: PlanMaker, short_tmp: Path
) -> None:
    broken = short_tmp / "qemu"
    broken.write_bytes(b"\x7fELF and no more")
    broken.chmod(0o755)
    with (
        pytest.raises(HostError, match="exit status 126"),
        start(TWO_NODES, make_plan(binary=str(broken)), soon()),
    ):
        pass


def test_a_qemu_that_exits_at_once_is_quoted(make_plan: PlanMaker, short_tmp: Path) -> None:
    broken = short_tmp / "qemu"
    broken.write_text(
        "#!/bin/sh\necho 'qemu-system-x86_64: warning: old' >&2\necho it is broken >&2\nexit 7\n"
    )
    broken.chmod(0o755)
    with (
        pytest.raises(Broken, match="ended at once with exit status 7: it is broken") as caught,
        start(TWO_NODES, make_plan(binary=str(broken)), soon()),
    ):
        pass
    assert "warning: old" in caught.value.detail


def test_a_qemu_that_never_listens_ends_with_the_deadline(make_plan: PlanMaker, short_tmp: Path) -> None:
    mute = short_tmp / "qemu"
    mute.write_text("#!/bin/sh\nexec sleep 60\n")
    mute.chmod(0o755)
    began = time.monotonic()
    with (
        pytest.raises(DeadlineExpired, match="starting QEMU"),
        start(TWO_NODES, make_plan(binary=str(mute)), Deadline.after(0.3, "starting QEMU")),
    ):
        pass
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("changes", "spec", "words"),
    [
        (
            {"drives": (Drive(serial="root", path=Path("/no/such/root.erofs")),)},
            TWO_NODES,
            "labkit image build",
        ),
        ({"vmlinuz": Path("/no/such/vmlinuz")}, TWO_NODES, "labkit image build"),
        ({"fw_cfg": (FwCfgFile(name="opt/x", path=Path("/no/such/key")),)}, TWO_NODES, "labkit image build"),
        ({}, MachineSpec(nodes=(Node(cpus=1, memory=Size.gib(500)),)), "free some memory"),
    ],
    ids=["no root image", "no kernel", "no key", "500 GiB"],
)
def test_what_the_operator_can_change_is_a_host_error(
    make_plan: PlanMaker, changes: dict[str, object], spec: MachineSpec, words: str
) -> None:
    with pytest.raises(HostError, match=words), start(spec, make_plan(**changes), soon()):
        pass


def test_a_live_folder_too_deep_for_a_socket_is_named(make_plan: PlanMaker, short_tmp: Path) -> None:
    with (
        pytest.raises(HostError, match="Linux allows 107"),
        start(TWO_NODES, make_plan(live=short_tmp / ("x" * 100)), soon()),
    ):
        pass


def test_a_live_folder_that_cannot_be_written_is_named(make_plan: PlanMaker, short_tmp: Path) -> None:
    spec = MachineSpec(nodes=TWO_NODES.nodes, swap=Size.mib(64))
    with pytest.raises(HostError, match="disk 'swap'"), start(spec, make_plan(live=short_tmp / "no"), soon()):
        pass

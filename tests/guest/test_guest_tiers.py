"""Tiers in real guests: each forbidden thing is tried, with the privileges a student would have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from guests import raise_guest

from labkit.act import Cargo
from labkit.guest.ssh import Guest
from labkit.guest.tiers import enforce
from labkit.model.errors import Broken
from labkit.model.events import silent
from labkit.model.lab import Tier
from labkit.model.machine import MachineSpec, Node
from labkit.model.units import Deadline, Size
from labkit.places import places
from labkit.provision import own_module, platform

pytestmark = pytest.mark.guest

KERNELS = ("6.1", "6.12")
LOCKED = "none [integrity] confidentiality\n"
LOCKDOWN = "/sys/kernel/security/lockdown"
SIGNED_ONLY = "/sys/module/module/parameters/sig_enforce"
DRAIN = "echo drain >/proc/labkit/cmd && cat /proc/labkit/result"


def raised(kernel: str, tier: Tier, folder: Path) -> Iterator[Guest]:
    """A clone of two nodes, held to the tier; labkit's module is in it, and lies in /lab once more."""
    node = Node(cpus=1, memory=Size.mib(160))
    machine = MachineSpec(nodes=(node, node), kernel=kernel)
    here = places()
    module = own_module(here, platform(here, kernel, "auto", silent).pack, silent).path
    cargo: Cargo = {"again.ko": (module, 0o644), "secret": (b"expected\n", 0o600)}
    with raise_guest(machine, folder, kmod=True, tier=tier, cargo=cargo) as stage:
        yield stage.guest


@pytest.fixture(scope="module", params=KERNELS)
def root_guest(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    yield from raised(request.param, Tier.ROOT, tmp_path_factory.mktemp("root"))


@pytest.fixture(scope="module", params=KERNELS)
def user_guest(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    yield from raised(request.param, Tier.USER, tmp_path_factory.mktemp("user"))


def said(guest: Guest, command: str, student: Tier | None = None) -> tuple[int | None, str, str]:
    done = guest.run(command, student=student, deadline=Deadline.after(60, "try"))
    return done.status, done.stdout.decode(), done.stderr.decode()


def out(guest: Guest, command: str, student: Tier | None = None) -> str:
    status, text, error = said(guest, command, student)
    assert status == 0, (command, text, error)
    return text


ROOT_TRIES = {
    "insmod of a module nobody signed": ("insmod /lab/again.ko", "Operation not permitted"),
    # Signed by Debian, and yet a way to write anywhere by DMA.
    "modprobe of a signed module": ("modprobe vfio-pci", "Operation not permitted"),
    "rmmod of labkit's module": ("rmmod labkit", "Operation not permitted"),
    "reading /dev/mem": ("head -c 1 /dev/mem", "Operation not permitted"),
    "lowering lockdown": (f"echo none >{LOCKDOWN}", "I/O error"),
    "lowering sig_enforce": (f"echo 0 >{SIGNED_ONLY}", "I/O error"),
    "allowing modules": ("echo 0 >/proc/sys/kernel/modules_disabled", "I/O error"),
    "allowing kexec": ("echo 0 >/proc/sys/kernel/kexec_load_disabled", "I/O error"),
    "writing a device's PCI config": (
        "printf x | dd of=/sys/bus/pci/devices/0000:00:00.0/config conv=notrunc",
        "Operation not permitted",
    ),
    "I/O ports": (
        "python3 -c 'import ctypes, os; libc = ctypes.CDLL(None, use_errno=True);"
        " libc.iopl(3) and exit(os.strerror(ctypes.get_errno()))'",
        "Operation not permitted",
    ),
    "kexec": (
        "python3 -c 'import ctypes, os; libc = ctypes.CDLL(None, use_errno=True);"
        # kexec_load(entry, 0 segments, NULL, KEXEC_ARCH_DEFAULT), system call 246 on x86-64
        " libc.syscall(246, 0, 0, 0, 0) and exit(os.strerror(ctypes.get_errno()))'",
        "Operation not permitted",
    ),
}


@pytest.mark.parametrize(("command", "why"), ROOT_TRIES.values(), ids=ROOT_TRIES)
def test_root_gets_no_code_into_the_kernel(root_guest: Guest, command: str, why: str) -> None:
    status, text, error = said(root_guest, command, Tier.ROOT)
    assert status != 0, text
    assert why in error


def test_the_doors_stay_shut_after_all_was_tried(root_guest: Guest) -> None:
    for command, _ in ROOT_TRIES.values():
        said(root_guest, command, Tier.ROOT)
    assert out(root_guest, f"cat {LOCKDOWN}") == LOCKED
    assert out(root_guest, f"cat {SIGNED_ONLY} /proc/sys/kernel/modules_disabled") == "Y\n1\n"


def test_labkits_module_answers_on_a_locked_down_kernel(root_guest: Guest) -> None:
    assert '"cmd":"drain","ok":true' in out(root_guest, DRAIN)


COURSE = {
    "slabtop": "slabtop -o",
    "perf, with the kernel's events": "perf stat -e page-faults,kmem:mm_page_alloc true",
    "drop_caches": "echo 3 >/proc/sys/vm/drop_caches",
    "compact_memory": "echo 1 >/proc/sys/vm/compact_memory",
    "extfrag": "cat /sys/kernel/debug/extfrag/unusable_index",
    # Of one function: all 40,000 of them take 10 s to patch under TCG.
    "a tracer": (
        "cd /sys/kernel/tracing && echo handle_mm_fault >set_ftrace_filter"
        " && echo function_graph >current_tracer && echo nop >current_tracer && echo >set_ftrace_filter"
    ),
    "an event": "cd /sys/kernel/tracing/events/kmem/mm_page_alloc && echo 1 >enable && echo 0 >enable",
    "a kprobe": "cd /sys/kernel/tracing && echo p:labkit_try do_exit >kprobe_events && echo >kprobe_events",
    "a page's frame": "head -c 8 /proc/self/pagemap",
    "a cgroup": "mkdir -p /sys/fs/cgroup/mine && echo 64M >/sys/fs/cgroup/mine/memory.max",
    "huge pages": "echo 4 >/proc/sys/vm/nr_hugepages && echo 0 >/proc/sys/vm/nr_hugepages",
}


@pytest.mark.parametrize("command", COURSE.values(), ids=COURSE)
def test_what_the_course_does_as_root_still_works(root_guest: Guest, command: str) -> None:
    out(root_guest, command, Tier.ROOT)


def test_a_student_is_nobody(user_guest: Guest) -> None:
    assert out(user_guest, "id -u; id -G", Tier.USER) == "1000\n1000\n"
    status = dict(
        line.split(":\t", 1) for line in out(user_guest, "cat /proc/self/status", Tier.USER).splitlines()
    )
    assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert status["NoNewPrivs"] == "1"
    assert out(user_guest, "cat /proc/self/cgroup", Tier.USER) == "0::/student\n"
    assert out(user_guest, "cat /proc/self/oom_score_adj", Tier.USER) == "0\n"


USER_TRIES = {
    "a user namespace": "unshare -U true",
    "a signal to the attendant": "kill -0 $PPID",
    "the attendant's memory": "head -c 1 /proc/$PPID/mem",
    "the attendant's map": "cat /proc/$PPID/maps",
    "ptrace of the attendant": (
        "python3 -c 'import ctypes, sys;"
        " exit(ctypes.CDLL(None).ptrace(16, int(sys.argv[1]), 0, 0) != 0)' $PPID"
    ),
    "a new file in /lab": "touch /lab/mine",
    "another's secret": "cat /lab/secret",
    "the guest's key": "cat /run/labkit/host_key",
    "a line in the kernel's log": "echo forged >/dev/kmsg",
    "the kernel's log": "dmesg",
    "labkit's module": DRAIN,
    "a disk": "head -c 1 /dev/vda",
    "leaving the cgroup": "echo 0 >/sys/fs/cgroup/cgroup.procs",
    "raising a limit": "ulimit -Hu 9999",
    "safety from the OOM killer": "echo -1 >/proc/self/oom_score_adj",
    "a program that runs as root": "su -c true",
    "labkit's door": "exec bash -c '</dev/tcp/10.0.2.100/22'",
    "tracing": "cat /sys/kernel/tracing/trace",
    "a mount": "mount -t tmpfs none /home/student",
    "a setting": "echo 1 >/proc/sys/vm/drop_caches",
}


@pytest.mark.parametrize("command", USER_TRIES.values(), ids=USER_TRIES)
def test_a_student_is_refused(user_guest: Guest, command: str) -> None:
    status, text, error = said(user_guest, command, Tier.USER)
    assert status not in (None, 0), (text, error)


def test_a_student_reads_the_labs_files_and_writes_at_home(user_guest: Guest) -> None:
    assert out(user_guest, "pwd; wc -c <again.ko >~/size && test -s ~/size && echo $HOME", Tier.USER) == (
        "/lab\n/home/student\n"
    )


def test_a_student_has_a_loopback_and_no_way_out(user_guest: Guest) -> None:
    names = out(user_guest, "tail -n +3 /proc/net/dev | cut -d: -f1", Tier.USER).split()
    assert names == ["lo"]


def test_labkits_own_commands_are_root_in_every_tier(user_guest: Guest) -> None:
    assert out(user_guest, "id -u") == "0\n"
    assert '"cmd":"drain","ok":true' in out(user_guest, DRAIN)


@pytest.mark.parametrize("kernel", KERNELS)
def test_at_tier_kernel_a_module_nobody_signed_loads(kernel: str, tmp_path: Path) -> None:
    for guest in raised(kernel, Tier.KERNEL, tmp_path):
        out(guest, "rmmod labkit && insmod /lab/again.ko", Tier.KERNEL)
        assert '"cmd":"drain","ok":true' in out(guest, DRAIN, Tier.KERNEL)


def test_a_door_that_does_not_shut_is_broken(tmp_path: Path) -> None:
    for guest in raised("6.12", Tier.KERNEL, tmp_path):
        out(guest, "mount -t tmpfs none /sys/kernel/security")  # as on a kernel without lockdown
        with pytest.raises(Broken, match="could not be shut off"):
            enforce(guest, Tier.ROOT, Deadline.after(60, "tier"))

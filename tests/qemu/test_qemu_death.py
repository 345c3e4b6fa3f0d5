"""QEMU's last words, as QEMU 7.2 wrote them on real hosts, and who must act."""

from __future__ import annotations

from pathlib import Path

import pytest

from labkit.model.errors import Broken, HostError, LabkitError
from labkit.model.machine import Accel
from labkit.qemu.death import complaint, early_death
from labkit.qemu.launch import LaunchPlan

KVM_ABORT = """\
qemu-system-x86_64: warning: host doesn't support requested feature: CPUID.80000001H:ECX.svm [bit 2]
qemu-system-x86_64: error: failed to set MSR 0x10a to 0x0
qemu-system-x86_64: ../../target/i386/kvm/kvm.c:3183: kvm_buf_set_msrs: Assertion `ret == cpu->kvm_msr_buf->nmsrs' failed.
"""  # noqa: E501
KVM_DENIED = """\
Could not access KVM kernel module: Permission denied
qemu-system-x86_64: failed to initialize kvm: Permission denied
"""


def died(tmp_path: Path, log: str, status: int = 1) -> LabkitError:
    (tmp_path / "qemu.log").write_text(log)
    plan = LaunchPlan(accel=Accel.TCG, vmlinuz=Path("k"), initramfs=Path("i"), live=tmp_path, record=tmp_path)
    return early_death(status, plan)


@pytest.mark.parametrize(
    ("log", "fix"),
    [
        (KVM_ABORT, "use --accel tcg"),
        (KVM_DENIED, "let this user open /dev/kvm"),
        (
            "qemu-system-x86_64: cannot set up guest memory 'ram0': Cannot allocate memory\n",
            "free some memory",
        ),
        ("qemu: could not open kernel file '/x': No such file or directory\n", "labkit image build"),
        ("qemu-system-x86_64: -sandbox on: sandbox support is not enabled in this QEMU binary\n", "seccomp"),
        (
            "qemu-system-x86_64: -blockdev x: Could not open '/x/root.erofs': Permission denied\n",
            "read the file",
        ),
    ],
)
def test_what_the_operator_can_change_says_how(tmp_path: Path, log: str, fix: str) -> None:
    error = died(tmp_path, log)
    assert isinstance(error, HostError)
    assert fix in error.fix
    assert log.strip() in error.detail


def test_what_nobody_foresaw_is_labkits_to_answer_for(tmp_path: Path) -> None:
    error = died(tmp_path, "qemu-system-x86_64: the moon is wrong\n", status=-6)
    assert isinstance(error, Broken)
    assert "ended at once with signal 6: the moon is wrong" in error.found


def test_a_silent_death_tells_its_status(tmp_path: Path) -> None:
    assert died(tmp_path, "", status=3).found == "ended at once with exit status 3"


def test_a_missing_helper_program_is_the_operators(tmp_path: Path) -> None:
    assert isinstance(died(tmp_path, "prlimit: failed to execute setpriv: No such file\n", 127), HostError)


def test_the_first_line_that_is_no_warning_is_the_cause() -> None:
    assert complaint(KVM_ABORT) == "failed to set MSR 0x10a to 0x0"
    assert complaint("qemu-system-x86_64: warning: all is well\n") == ""

"""Why a QEMU died at once, read from its own words."""

from __future__ import annotations

import re

from labkit.model.errors import Broken, HostError, LabkitError
from labkit.qemu.launch import LaunchPlan

_TAIL_LINES = 20

# QEMU's own sentence (and libc's reason inside it), what the operator can do about it.
_OPERATOR = (
    (r"Could not access KVM kernel module", "use --accel tcg, or let this user open /dev/kvm"),
    (r"failed to initialize kvm|kvm_init_vcpu|failed to set MSR", "use --accel tcg"),
    (r"cannot set up guest memory|Cannot allocate memory", "free some memory, or run fewer guests at once"),
    (r"No space left on device", "free some disk space"),
    (r"Permission denied|Operation not permitted", "let this user read the file"),
    (r"No such file or directory|could not load kernel|could not open", "build it: labkit image build"),
    (r"sandbox|seccomp", "install a QEMU built with seccomp, as Debian's and Ubuntu's are"),
    (r"Address already in use|Could not set up host forwarding", "free the port, or run again"),
    (
        r"No machine specified|unsupported machine type|no accelerator",
        "install qemu-system-x86 of 7.2 or later",
    ),
)
_NOT_STARTED = (126, 127)  # what prlimit, setpriv and sh exit with when the next program cannot be started


def early_death(status: int, plan: LaunchPlan) -> LabkitError:
    """The error to raise for a QEMU that ended with `status` before its monitor answered."""
    log = plan.qemu_log.read_text(encoding="utf-8", errors="replace")
    said = complaint(log)
    found = f"ended at once with {describe_status(status)}" + (f": {said}" if said else "")
    tail = "\n".join(log.splitlines()[-_TAIL_LINES:])
    for pattern, fix in _OPERATOR:
        if re.search(pattern, said, re.IGNORECASE):
            return HostError(where=plan.binary, found=found, fix=fix, detail=tail)
    if status in _NOT_STARTED:
        return HostError(
            where=plan.binary, found=found, fix="install what is missing: labkit doctor", detail=tail
        )
    return Broken(where=plan.binary, found=found, fix="report this as a bug, with qemu.log", detail=tail)


def complaint(log: str) -> str:
    """What qemu.log complains of first: its first line that is no warning, empty if there is none."""
    for line in log.splitlines():
        if line.strip() and "warning:" not in line:
            return re.sub(r"^\S*qemu-system-\w+: (error: )?", "", line.strip())
    return ""


def describe_status(status: int) -> str:
    """Words for an exit status as subprocess tells it."""
    return f"signal {-status}" if status < 0 else f"exit status {status}"

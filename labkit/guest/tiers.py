"""Shuts the doors of a guest to what its tier forbids (TRUST), once labkit's own modules are in.

root: no code enters the kernel. Signatures alone would not do: Debian signs vfio-pci, with which root can
have a virtio device write anywhere in memory, so no module is loaded, or taken away, any more. Lockdown at
`integrity` leaves perf and tracefs as they are; `confidentiality` would take tracefs (security/security.c:
LOCKDOWN_TRACEFS). What it costs a lab: in debugfs only files of mode 0444 can be opened (fs/debugfs/file.c:
debugfs_locked_down()), neither lru_gen nor fault_around_bytes, and what needs a module (zram, loop) must have
it before. None of this can be undone before the next boot, by root neither; a clone is born with it.

user: a user, a cgroup and a home for the student's commands; images/attendant/student.c puts them there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labkit.guest.door import GuestLost
from labkit.guest.ssh import Guest
from labkit.model.errors import Broken
from labkit.model.lab import Tier
from labkit.model.units import Deadline

# Both as images/attendant/student.c has them.
STUDENT_ID = 1000
STUDENT_CGROUP = "/sys/fs/cgroup/student"

_SECURITY = "/sys/kernel/security"
_SIGNED_ONLY = "/sys/module/module/parameters/sig_enforce"
_MOUNT = f"mountpoint -q {_SECURITY} || mount -t securityfs security {_SECURITY}"
_SETTLE = f"""
mkdir -p {STUDENT_CGROUP} /home/student
chown {STUDENT_ID}:{STUDENT_ID} /home/student && chmod 0700 /home/student
grep -q ^student: /etc/passwd || echo student:x:{STUDENT_ID}:{STUDENT_ID}::/home/student:/bin/sh >>/etc/passwd
grep -q ^student: /etc/group || echo student:x:{STUDENT_ID}: >>/etc/group
chown root:root /lab && chmod 0755 /lab
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Doors:
    """Shell text that comes first, then what is written into which file and what is read back from it."""

    first: str
    wanted: Mapping[str, tuple[str, str]]


_DOORS = {
    Tier.USER: _Doors(
        first=_SETTLE,
        wanted={
            "/proc/sys/user/max_user_namespaces": ("0", "0"),
            "/proc/sys/kernel/unprivileged_bpf_disabled": ("2", "2"),
            "/proc/sys/kernel/dmesg_restrict": ("1", "1"),
            "/proc/sys/kernel/kptr_restrict": ("2", "2"),
            "/proc/sys/vm/unprivileged_userfaultfd": ("0", "0"),
            f"{STUDENT_CGROUP}/pids.max": ("512", "512"),
        },
    ),
    Tier.ROOT: _Doors(
        first=_MOUNT,
        wanted={
            _SIGNED_ONLY: ("1", "Y"),
            "/proc/sys/kernel/kexec_load_disabled": ("1", "1"),
            "/proc/sys/kernel/modules_disabled": ("1", "1"),
            f"{_SECURITY}/lockdown": ("integrity", "none [integrity] confidentiality"),
        },
    ),
}


def doors(tier: Tier | None) -> str:
    """All that `enforce` would do, as text: with another text a guest is another guest."""
    return "" if tier is None else f"{tier.value} {_DOORS.get(tier)!r}"


def enforce(guest: Guest, tier: Tier, deadline: Deadline) -> None:
    """Hold the guest to its tier from now on. Before any code of a student's runs.

    Raises Broken when a door does not shut (a kernel without lockdown, say): better no verdict than one that
    could be forged; GuestLost.
    """
    if tier not in _DOORS:
        return  # kernel: ring 0 is the student's
    wanted = _DOORS[tier].wanted
    lines = ["set -e", _DOORS[tier].first]
    lines += [f"echo {value} >{path}" for path, (value, _) in wanted.items()]
    # One line a file, whether or not it ends in a newline.
    lines += [f'read -r line <{path} || [ -n "$line" ]; echo "$line"' for path in wanted]
    done = guest.run("\n".join(lines), deadline=deadline)
    if done.guest_gone:
        raise GuestLost(ending=done.ending, where=f"guest, {deadline.phase}")
    found = done.stdout.decode("utf-8", "replace").splitlines()
    if done.status == 0 and found == [proof for _, proof in wanted.values()]:
        return
    raise Broken(
        where=f"guest, tier {tier.value}",
        found=f"what it forbids could not be shut off: {done.stderr.decode('utf-8', 'replace').strip()}",
        fix="use a kernel with module signatures, the lockdown LSM and user namespaces, as Debian's are",
        detail="\n".join(found),
    )

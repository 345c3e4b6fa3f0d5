"""What stands before QEMU on its command line: it dies with labkit, owns no privilege, fills no disk."""

from __future__ import annotations

from labkit.model.machine import MachineSpec
from labkit.model.units import Size

LOG_LIMIT = Size.mib(64)  # console.log and qemu.log: a guest that shouts for ever fills no disk

# Address space beside the guest's RAM: TCG's code buffer of at most 1 GiB, libraries; a stack for each CPU.
_OVERHEAD = Size.gib(4)
_OVERHEAD_PER_CPU = Size.mib(32)

# PR_SET_PDEATHSIG tells nothing about a parent that died before the call. $0 is the parent's process id.
_UNLESS_ORPHANED = '[ "$PPID" = "$0" ] && exec "$@"'


def confine(
    argv: tuple[str, ...], spec: MachineSpec, *, parent: int, root: bool, making: bool = False
) -> tuple[str, ...]:
    """The command that becomes QEMU: the death of process `parent` kills it; `root` tells that it is uid 0.

    Limits: no core file, no written file larger than the largest disk, LOG_LIMIT, or a node's memory for a
    guest that is `making` a template of itself; no more address space than the guest's memory and what QEMU
    itself maps. As root every capability is dropped.
    """
    files = [spec.swap or 0, *(disk.size for disk in spec.disks)]
    if making:
        files += [node.memory for node in spec.nodes]
    largest = max([LOG_LIMIT, *files])
    bounding = ("--bounding-set=-all",) if root else ()  # shrinking it takes CAP_SETPCAP
    return (
        "prlimit",
        "--core=0",
        f"--fsize={int(largest)}",
        f"--as={spec.memory + _OVERHEAD + spec.cpus * _OVERHEAD_PER_CPU}",
        "setpriv",
        *("--pdeathsig", "KILL"),
        "--no-new-privs",
        "--inh-caps=-all",
        *bounding,
        *("sh", "-c", _UNLESS_ORPHANED, str(parent)),
        *argv,
    )

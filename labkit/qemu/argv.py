"""The machine as QEMU's command line. Pure: values in, words out.

Sources: QEMU 7.2 qapi/machine.json (NumaOptions), hw/i386/pc_piix.c (the pc machine), Linux
Documentation/admin-guide/kernel-parameters.txt (hugepages=, hugepagesz=, transparent_hugepage=).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from typing_extensions import assert_never

from labkit.model.machine import GIB1, MIB2, Accel, MachineSpec, Node
from labkit.model.units import Size
from labkit.qemu.launch import Drive, Frozen, LaunchPlan, scratch_drives

TURNS = 2  # CPUs of a guest

Option = tuple[str, ...]  # one option with its value, or an option alone

DOOR = "10.0.2.100:22"  # as in images/door.sh
SANDBOX = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
_KERNEL_WORDS = (
    "console=ttyS0",
    "panic=-1",
    "ignore_loglevel",
    "printk.time=1",
    "log_buf_len=4M",
    # arch/x86/kernel/apic/io_apic.c: check_timer() waits some ticks of real time for the timer and panics
    # without it ("IO-APIC + timer doesn't work!"): seen under TCG on a busy host.
    "no_timer_check",
    # A disposable guest has no attack through the processor to fear: page tables of its own for the user's
    # half differ from host to host, and return trampolines cost TCG a twentieth of a run.
    "mitigations=off",
    "nokaslr",  # else the kernel lies in a drawn node: MemTotal and 1 GiB pools would differ from run to run
    "sysrq_always_enabled",  # Debian's mask of 438 forbids what a hung guest is asked over the console
)
_POOL_WORDS = {MIB2: "hugepagesz=2M", GIB1: "hugepagesz=1G"}


def argv(spec: MachineSpec, plan: LaunchPlan) -> tuple[str, ...]:
    """The whole command, the binary first."""
    return tuple(word for option in options(spec, plan) for word in option)


def render_argv(spec: MachineSpec, plan: LaunchPlan) -> str:
    """The command as it can be pasted into a shell: one option with its value on each line."""
    return " \\\n  ".join(shlex.join(option) for option in options(spec, plan)) + "\n"


def options(spec: MachineSpec, plan: LaunchPlan) -> tuple[Option, ...]:
    """The binary, then every option with its value."""
    return (
        (plan.binary,),
        *_host_side(plan),
        *board(spec, _accelerator(spec, plan.accel), plan.frozen),
        ("-kernel", str(plan.vmlinuz)),
        ("-initrd", str(plan.initramfs)),
        ("-append", kernel_cmdline(spec, init=plan.init)),
        *_drives(plan.drives + scratch_drives(spec, plan)),
        *_devices(plan),
    )


def board(spec: MachineSpec, accelerator: str, frozen: Frozen | None = None) -> tuple[Option, ...]:
    """Processors, memory and topology; `accelerator` as -accel takes it."""
    return (
        *_processor(spec, accelerator),
        *_memory(spec, frozen),
        *_distances(spec),
        *_hmat(spec),
    )


def kernel_cmdline(spec: MachineSpec, *, init: str = "") -> str:
    """The kernel's parameters: labkit's own, the machine's huge pages and THP mode, the machine's words."""
    words = [*_KERNEL_WORDS, f"transparent_hugepage={spec.thp.value}", *_pool_parameters(spec.nodes)]
    return " ".join([*words, *spec.cmdline, *([init] if init else [])])


def _pool_parameters(nodes: tuple[Node, ...]) -> Iterator[str]:
    for size, parameter in _POOL_WORDS.items():
        pools = [
            f"{index}:{pool.count}"
            for index, node in enumerate(nodes)
            for pool in node.hugepages
            if pool.size == size
        ]
        if pools:
            yield parameter
            yield f"hugepages={','.join(pools)}"


def _host_side(plan: LaunchPlan) -> Iterator[Option]:
    yield ("-nodefaults",)
    yield ("-no-user-config",)
    yield ("-display", "none")
    yield ("-sandbox", SANDBOX)
    yield ("-no-reboot",)
    if plan.paused:
        yield ("-S",)
    if plan.template:
        yield ("-incoming", "defer")
    for socket in (plan.qmp_socket, plan.witness_socket):
        yield ("-qmp", f"unix:{_escape(socket)},server=on,wait=off")


def _processor(spec: MachineSpec, accelerator: str) -> Iterator[Option]:
    machine = "pc"
    if spec.hmat:
        machine += ",hmat=on"
    if spec.max_ram_below_4g is not None:
        machine += f",max-ram-below-4g={_mib(spec.max_ram_below_4g)}"
    yield ("-machine", machine)
    yield ("-accel", accelerator)
    yield ("-cpu", spec.cpu_model)
    # A socket a CPU: CPUs of one socket on two nodes make Linux warn that siblings share no node
    # (arch/x86/kernel/smpboot.c, topology_sane()).
    yield ("-smp", f"cpus={spec.cpus},sockets={spec.cpus},cores=1,threads=1")


def _accelerator(spec: MachineSpec, accel: Accel) -> str:
    """Two CPUs that take turns on one thread of TCG cost less than two threads that lock each other out.

    Measured with lab2: 5.0 instead of 6.0 s of the host's CPUs. A guest with more CPUs has work for them.
    """
    match accel:
        case Accel.KVM:
            return "kvm"
        case Accel.TCG:
            return "tcg,thread=single" if spec.cpus <= TURNS else "tcg,thread=multi"
    assert_never(accel)


def _memory(spec: MachineSpec, frozen: Frozen | None) -> Iterator[Option]:
    yield ("-m", _mib(spec.memory))
    first_cpu = 0
    for index, node in enumerate(spec.nodes):
        words = [f"node,nodeid={index}"]
        if node.cpus:
            words.append(f"cpus={first_cpu}-{first_cpu + node.cpus - 1}")
            first_cpu += node.cpus
        if node.memory:
            yield ("-object", _backend(index, node.memory, frozen))
            words.append(f"memdev=ram{index}")
        if spec.hmat and not node.cpus:
            words.append(f"initiator={_nearest_initiator(spec, index)}")
        yield ("-numa", ",".join(words))


def _backend(index: int, memory: Size, frozen: Frozen | None) -> str:
    """Where a node's memory comes from."""
    what = f"id=ram{index},size={_mib(memory)}"
    if frozen is None:
        return f"memory-backend-ram,{what}"
    share = "on" if frozen.making else "off"
    return f"memory-backend-file,{what},share={share},mem-path={_escape(frozen.ram(index))}"


def _nearest_initiator(spec: MachineSpec, target: int) -> int:
    """ACPI 6.3, 5.2.27.3: the initiator attached to a memory-only node is the one that reaches it best."""
    paths = [path for path in spec.hmat if path.target == target]
    return min(paths, key=lambda path: (path.latency_ns, path.initiator)).initiator


def _distances(spec: MachineSpec) -> Iterator[Option]:
    for source, row in enumerate(spec.distances):
        for target, distance in enumerate(row):
            yield ("-numa", f"dist,src={source},dst={target},val={distance}")


def _hmat(spec: MachineSpec) -> Iterator[Option]:
    for path in spec.hmat:
        pair = f"hmat-lb,initiator={path.initiator},target={path.target},hierarchy=memory"
        yield ("-numa", f"{pair},data-type=access-latency,latency={path.latency_ns}")
        yield ("-numa", f"{pair},data-type=access-bandwidth,bandwidth={path.bandwidth_mib_s}M")


def _drives(drives: tuple[Drive, ...]) -> Iterator[Option]:
    for drive in drives:
        # What is written to a scratch disk dies with the guest: no flush is worth waiting for.
        mode = "read-only=on" if drive.readonly else "cache.no-flush=on,discard=unmap"
        node = f"disk-{drive.serial}"
        yield (
            "-blockdev",
            f"raw,node-name={node},{mode},file.driver=file,file.filename={_escape(drive.path)}",
        )
        yield ("-device", f"virtio-blk-pci,drive={node},serial={drive.serial}")


def _devices(plan: LaunchPlan) -> Iterator[Option]:
    yield (
        "-chardev",
        f"socket,id=console,path={_escape(plan.console_socket)},server=on,wait=off"
        f",logfile={_escape(plan.console_log)}",
    )
    yield ("-device", "isa-serial,chardev=console")
    # The guest calls DOOR; what it says there comes out of the Unix socket. No port of the host is opened.
    yield ("-chardev", f"socket,id=door,path={_escape(plan.door_socket)},server=on,wait=off")
    yield ("-netdev", f"user,id=net,restrict=on,guestfwd=tcp:{DOOR}-chardev:door")
    yield ("-device", "virtio-net-pci,netdev=net,romfile=")
    yield ("-device", "virtio-rng-pci")
    yield ("-device", "vmcoreinfo")
    for file in plan.fw_cfg:
        yield ("-fw_cfg", f"name={file.name},file={_escape(file.path)}")


def _mib(size: Size) -> str:
    return f"{size // Size.mib(1)}M"


def _escape(path: Path) -> str:
    """A comma ends a value in QEMU's option syntax unless it is doubled."""
    return str(path).replace(",", ",,")

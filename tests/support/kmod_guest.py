"""A guest with the module in it, spoken to through kmod_driver.py."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guests import raise_guest

from labkit.guest.deploy import put
from labkit.guest.door import LAB
from labkit.guest.ssh import Guest
from labkit.model.machine import MachineSpec, Node
from labkit.model.units import Deadline, Size

DRIVER = Path(__file__).with_name("kmod_driver.py")
SECONDS = 120.0
NOISE_KIB = 4096  # shells, slabs and dropbear move up to 2.5 MiB between two samples
# include/linux/panic.h: what a module that misbehaved leaves in /proc/sys/kernel/tainted
TAINT_DIE, TAINT_WARN, TAINT_SOFTLOCKUP = 1 << 7, 1 << 9, 1 << 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One command's outcome: the name of the writer's errno or None, and the result's lines."""

    errno: str | None
    lines: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KmodGuest:
    """Commands for the module in one guest."""

    guest: Guest

    def shell(self, command: str) -> str:
        return self.guest.ask(command, deadline=Deadline.after(SECONDS, "shell")).decode()

    def drive(self, operation: str, *arguments: object) -> Any:
        """One operation of kmod_driver.py."""
        answer = self.guest.ask(
            f"python3 {LAB}/{DRIVER.name} {operation}",
            json.dumps(arguments).encode(),
            deadline=Deadline.after(SECONDS, operation),
        )
        return json.loads(answer)

    def tell_all(self, commands: Sequence[str | bytes]) -> list[Reply]:
        """Each command by one write of exactly these bytes."""
        raw = [command.encode() if isinstance(command, str) else command for command in commands]
        answers = self.drive("tell_all", [base64.b64encode(command).decode() for command in raw])
        return [
            Reply(errno=errno, lines=tuple(json.loads(line) for line in text.splitlines()))
            for errno, text in answers
        ]

    def ask(self, command: str) -> dict[str, Any]:
        """The one result of a command that must succeed; the way a lab's shell steps do it, and quick."""
        line = self.shell(f"cd /proc/labkit && echo '{command}' > cmd && cat result")
        result = json.loads(line)
        assert isinstance(result, dict)
        return result

    def reload(self) -> None:
        self.shell(f"rmmod labkit && insmod {LAB}/labkit.ko")

    def assert_kernel_is_well(self) -> None:
        """Nothing that ran made the kernel complain."""
        taint = int(self.shell("cat /proc/sys/kernel/tainted"))
        assert taint & (TAINT_DIE | TAINT_WARN | TAINT_SOFTLOCKUP) == 0
        log = self.shell("dmesg")
        assert not re.search(r"BUG:|WARNING:|Oops|general protection|scheduling while atomic", log)


@contextmanager
def kmod_guest(kernel: str, record: Path, *, cpu_model: str = "qemu64") -> Iterator[KmodGuest]:
    """A guest of 512 MiB on two nodes with a swap disk, the module loaded; the kernel is well at the end."""
    node = Node(cpus=1, memory=Size.mib(256))
    machine = MachineSpec(nodes=(node, node), kernel=kernel, cpu_model=cpu_model, swap=Size.mib(64))
    with raise_guest(machine, record, kmod=True) as stage:
        it = KmodGuest(guest=stage.guest)
        put(
            stage.guest, {f"{LAB}/{DRIVER.name}": (DRIVER, 0o644)}, deadline=Deadline.after(SECONDS, "deploy")
        )
        it.shell("mkswap /dev/disk/labkit/swap && swapon /dev/disk/labkit/swap")
        yield it
        it.assert_kernel_is_well()


def zone_spans(guest: KmodGuest) -> dict[tuple[int, str], range]:
    """First to last page frame of each populated zone, from /proc/zoneinfo."""
    text = guest.shell("cat /proc/zoneinfo")
    spans = {}
    for node, zone, body in re.findall(r"^Node (\d+), zone +(\w+)\n((?: .*\n)*)", text, re.MULTILINE):
        start = re.search(r"start_pfn: +(\d+)", body)
        spanned = re.search(r"spanned +(\d+)", body)
        if start and spanned:
            spans[int(node), zone] = range(int(start[1]), int(start[1]) + int(spanned[1]))
    return spans


def free_kib(guest: KmodGuest) -> int:
    """Free memory with what comes and goes by itself, caches and per-CPU lists, out of the way."""
    text = guest.shell(
        "sync; echo 3 > /proc/sys/vm/drop_caches; echo drain > /proc/labkit/cmd;cat /proc/meminfo"
    )
    match = re.search(r"MemFree: +(\d+)", text)
    assert match
    return int(match[1])

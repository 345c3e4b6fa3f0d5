"""Refusals that need one value of a machine and nothing else. Each names its key and says what to give."""

from __future__ import annotations

import re

from labkit.model.units import Size

LOCAL_DISTANCE = 10  # ACPI SLIT: the distance of a node to itself
MAX_DISTANCE = 254  # 255 is "unreachable" in the SLIT, which Linux refuses for online nodes
MAX_CMDLINE = 1024  # bytes; x86 takes 2047 in all and cuts the rest in silence (COMMAND_LINE_SIZE)

# CPU models that run under KVM and under TCG alike, and what of them a memory lab may turn on or off.
CPU_MODELS = ("qemu64", "max")
CPU_FLAGS = ("la57", "pdpe1gb", "pku", "smap", "smep")

# Kernel parameters that the machine or labkit itself sets: the command line could only contradict them.
_TAKEN_WORDS = {
    "transparent_hugepage": "set thp",
    "hugepages": "give the node hugepages",
    "hugepagesz": "give the node hugepages",
    "numa": "declare the nodes",
    "mem": "set the nodes' memory",
    "memmap": "set the nodes' memory",
    "maxcpus": "set the nodes' cpus",
    "nr_cpus": "set the nodes' cpus",
    "nosmp": "set the nodes' cpus",
    "console": "leave it out, labkit needs the console",
    "quiet": "leave it out, labkit needs the console",
    "panic": "leave it out, a panic ends the guest",
    "init": "leave it out, labkit brings its own",
    "rdinit": "leave it out, labkit brings its own",
    "--": "leave it out, labkit brings its own init",
}


class SpecError(ValueError):
    """The machine cannot exist; `key` is the path in the declaration, `reason` says why and what to do."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}")
        self.key = key
        self.reason = reason

    @property
    def halves(self) -> tuple[str, str]:
        """What was found, and what to do: a reason reads 'what, what to do' or 'what; what to do'."""
        for mark in ("; ", ", "):
            found, separator, fix = self.reason.partition(mark)
            if separator:
                return found, fix
        return self.reason, "change it"


def check_distances(rows: tuple[tuple[int, ...], ...], nodes: int) -> None:
    if not rows:
        return
    if len(rows) != nodes or any(len(row) != nodes for row in rows):
        raise SpecError("distances", f"found {len(rows)} rows, give {nodes} rows of {nodes} numbers")
    for i, row in enumerate(rows):
        for j, distance in enumerate(row):
            key = f"distances[{i}][{j}]"
            if i == j and distance != LOCAL_DISTANCE:
                raise SpecError(key, f"found {distance}, a node is at distance 10 from itself (ACPI SLIT)")
            if i != j and not LOCAL_DISTANCE < distance <= MAX_DISTANCE:
                raise SpecError(key, f"found {distance}, give 11 to {MAX_DISTANCE}")


def check_low_ram(limit: Size | None) -> None:
    # The kernel and its initramfs must fit below; from 3 GiB on the PCI hole is the limit anyway.
    if limit is not None and (not Size.mib(128) <= limit <= Size.gib(3) or limit % Size.mib(64)):
        raise SpecError("max_ram_below_4g", f"found {limit}, give 128MiB to 3GiB in steps of 64MiB")


def check_cpu_model(cpu_model: str) -> None:
    name, *flags = cpu_model.split(",")
    if name == "host":
        raise SpecError(
            "cpu_model", "'host' exists under KVM only; give 'max', which is the host's under KVM"
        )
    if name not in CPU_MODELS:
        raise SpecError("cpu_model", f"found {name!r}, give one of {', '.join(CPU_MODELS)}")
    for flag in flags:
        feature, _, switch = flag.partition("=")
        if feature not in CPU_FLAGS or switch not in ("on", "off"):
            raise SpecError("cpu_model", f"found {flag!r}, give =on or =off to one of {', '.join(CPU_FLAGS)}")


def check_words(cmdline: tuple[str, ...]) -> None:
    for index, word in enumerate(cmdline):
        key = f"cmdline[{index}]"
        # A quotation mark would join what follows it into one parameter (lib/cmdline.c, next_arg()).
        if not re.fullmatch(r"[!#-~]+", word):
            raise SpecError(key, f"found {word!r}, give one parameter in ASCII without spaces and quotes")
        name = word.partition("=")[0]
        if name in _TAKEN_WORDS:
            raise SpecError(key, f"found {word!r}, {_TAKEN_WORDS[name]}")
    if len(" ".join(cmdline)) > MAX_CMDLINE:
        raise SpecError("cmdline", f"longer than {MAX_CMDLINE} bytes; Linux would cut it, leave some out")


def has_pdpe1gb(cpu_model: str) -> bool:
    """Whether the model brings 1 GiB pages."""
    name, *flags = cpu_model.split(",")
    return "pdpe1gb=on" in flags or (name == "max" and "pdpe1gb=off" not in flags)

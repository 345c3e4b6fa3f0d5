"""[machine] and a scene's own machine keys, or a file of such keys, as a MachineSpec known to boot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labkit.labfile.complaints import wrong
from labkit.labfile.document import MachineTable
from labkit.labfile.tomltext import load_table
from labkit.model.errors import BadInput, LabFileError
from labkit.model.machine import Disk, HugepagePool, MachineSpec, MemoryPath, Node, Thp
from labkit.model.rules import SpecError
from labkit.model.units import Size


def machine_spec(base: MachineTable, own: MachineTable, own_key: str, path: Path) -> MachineSpec:
    """The scene's machine. Raises LabFileError that names the key of whichever table gave the bad value."""
    merged = base.model_copy(update={name: getattr(own, name) for name in own.model_fields_set})
    try:
        return MachineSpec(**_fields(merged))
    except SpecError as error:
        first = error.key.split("[")[0].split(".")[0]
        table = own_key if first in own.model_fields_set else "machine"
        found, fix = error.halves
        raise wrong(path, f"{table}.{error.key}", found, fix) from error


def load_machine(path: Path) -> MachineSpec:
    """A machine from a file of its own, with the keys of [machine]. Raises BadInput that names the key."""
    try:
        return _alone(path)
    except LabFileError as error:  # by name about a lab's own files, which this is not
        raise BadInput(where=error.where, found=error.found, fix=error.fix, detail=error.detail) from error


def _alone(path: Path) -> MachineSpec:
    try:
        return MachineSpec(**_fields(load_table(path, MachineTable)))
    except SpecError as error:
        found, fix = error.halves
        raise wrong(path, error.key, found, fix) from error


def _fields(table: MachineTable) -> dict[str, Any]:
    """The arguments of MachineSpec that the tables give; what they leave out keeps the spec's default."""
    given: dict[str, Any] = {
        "nodes": tuple(
            Node(
                cpus=node.cpus,
                memory=Size.parse(node.memory),
                hugepages=tuple(
                    HugepagePool(size=Size.parse(pool.size), count=pool.count) for pool in node.hugepages
                ),
            )
            for node in table.node or ()
        ),
        "hmat": tuple(MemoryPath(**item.model_dump()) for item in table.hmat or ()),
        "disks": tuple(Disk(serial=disk.serial, size=Size.parse(disk.size)) for disk in table.disk or ()),
        "distances": tuple(tuple(row) for row in table.distances or ()),
        "cmdline": tuple(table.cmdline or ()),
        "swap": _size(table.swap),
        "max_ram_below_4g": _size(table.max_ram_below_4g),
    }
    if table.kernel is not None:
        given["kernel"] = table.kernel
    if table.cpu_model is not None:
        given["cpu_model"] = table.cpu_model
    if table.thp is not None:
        given["thp"] = Thp(table.thp)
    return given


def _size(text: str | None) -> Size | None:
    return None if text is None else Size.parse(text)

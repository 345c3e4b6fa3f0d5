"""What all trials of an experiment on this host have in common: kernels, programs, the machine of a cell."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from labkit.act import Cargo
from labkit.build.cache import Cache
from labkit.labfile.nodes import parse_nodes
from labkit.labfile.tuning import EXPERIMENT_FILE, SOURCES, experiment_schema, load_experiment
from labkit.model.artefact import Module, Program
from labkit.model.errors import LabFileError, UsageError
from labkit.model.events import Listener
from labkit.model.experiment import Experiment, Kind, Level, Levels
from labkit.model.machine import MachineSpec, Thp
from labkit.model.rules import SpecError
from labkit.model.trial import Planned
from labkit.model.units import Deadline, Size
from labkit.order import QEMU_SECONDS
from labkit.places import Places, places
from labkit.provision import Platform, own_headers, own_module, platform
from labkit.qemu.binary import load_version
from labkit.scene import EXECUTABLE

EXPERIMENTS = "experiments"  # below labs/
__all__ = ["Workshop", "equipped", "experiment_schema", "find_experiment", "machine_of", "shipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """`platforms` and `modules` are by kernel."""

    experiment: Experiment
    here: Places
    platforms: Mapping[str, Platform]
    programs: Mapping[str, Program]
    modules: Mapping[str, Module]
    qemu: str
    cold: bool = False
    deterministic: bool = False

    def key(self, planned: Planned) -> str:
        """The digest of all that a trial depends on."""
        base = self.platforms[machine_of(self.experiment, planned.levels).kernel]
        shaping = [
            self.experiment.digest,
            sorted((name, str(level)) for name, level in planned.levels.items()),
            planned.repeat,
            base.image.key,
            base.pack.key,
            base.probe.accel.value,
            self.qemu,
            self.cold,
            self.deterministic,
            version("labkit"),
        ]
        return hashlib.sha256(json.dumps(shaping).encode()).hexdigest()[:32]

    @property
    def cargo(self) -> Cargo:
        """What lies in a trial's /lab."""
        source = self.experiment.folder / SOURCES
        files = {name: (source / name, EXECUTABLE) for name in self.experiment.workload.files}
        return files | {name: (it.path, EXECUTABLE) for name, it in self.programs.items()}


def shipped() -> tuple[Experiment, ...]:
    """The experiments of this checkout, by name."""
    return tuple(load_experiment(folder) for folder in _shipped(places()))


def find_experiment(here: Places, name: str) -> Experiment:
    """The experiment of that name among those that ship, or in a folder or a file. Raises BadInput."""
    known = {folder.name: folder for folder in _shipped(here)}
    if name in known:
        return load_experiment(known[name])
    path = Path(name)
    if path.is_file() or (path / EXPERIMENT_FILE).is_file():
        return load_experiment(path)
    found = f"no {EXPERIMENT_FILE} in it" if path.is_dir() else "no such experiment"
    fix = "name a folder, a file, or one of " + ", ".join(known)
    raise UsageError(where=f"EXPERIMENT {name}", found=found, fix=fix)


def _shipped(here: Places) -> list[Path]:
    return sorted(path.parent for path in (here.labs / EXPERIMENTS).glob(f"*/{EXPERIMENT_FILE}"))


def equipped(
    experiment: Experiment,
    wanted: Sequence[Levels],
    here: Places,
    accel: str,
    listen: Listener,
    *,
    cold: bool = False,
    deterministic: bool = False,
) -> Workshop:
    """The machine of every cell `wanted` proven to be one, their kernels and the programs built.

    Raises BadInput, HostError.
    """
    machines = [machine_of(experiment, cell) for cell in wanted]
    if deterministic:
        _check_deterministic(experiment, machines)
    kernels = sorted({machine.kernel for machine in machines})
    platforms = {kernel: platform(here, kernel, accel, listen) for kernel in kernels}
    return Workshop(
        experiment=experiment,
        here=here,
        platforms=platforms,
        programs=_programs(experiment, here, listen) if experiment.workload.programs else {},
        modules={k: own_module(here, platforms[k].pack, listen) for k in kernels if experiment.workload.kmod},
        qemu=load_version(Deadline.after(QEMU_SECONDS, "QEMU's version")),
        cold=cold,
        deterministic=deterministic,
    )


def _check_deterministic(experiment: Experiment, machines: Sequence[MachineSpec]) -> None:
    """Raises LabFileError for a machine with disks: they answer when the host likes."""
    for machine in machines:
        if machine.swap or machine.disks:
            raise _impossible(
                experiment,
                "--deterministic",
                "a guest with a disk",
                "leave swap and disks out of its machine",
            )


def machine_of(experiment: Experiment, levels: Levels) -> MachineSpec:
    """The machine of a cell. Raises LabFileError for one that cannot exist."""
    changes: dict[str, Any] = {}
    words = list(experiment.machine.cmdline)
    for factor in experiment.factors:
        level = levels[factor.name]
        if factor.kind is Kind.MACHINE:
            changes |= _change(experiment, factor.target, level)
        elif factor.kind is Kind.CMDLINE:
            words.append(factor.target.replace("{}", str(level)))
    try:
        return replace(experiment.machine, cmdline=tuple(words), **changes)
    except SpecError as error:
        raise _impossible(experiment, f"{dict(levels)}: {error.key}", *error.halves) from error


def _change(experiment: Experiment, key: str, level: Level) -> dict[str, Any]:
    text = str(level)
    try:
        match key:
            case "nodes":
                return {"nodes": parse_nodes(text)}
            case "swap":
                return {"swap": None if text in ("0", "none") else Size.parse(text)}
            case "thp":
                return {"thp": Thp(text)}
            case _:
                return {key: text}
    except UsageError as error:
        raise _impossible(experiment, f"{key} = {text!r}", error.found, error.fix) from error
    except ValueError as error:
        found, _, fix = str(error).partition(", ")
        raise _impossible(experiment, f"{key} = {text!r}", found, fix or "see labs/AUTHORING.md") from error


def _impossible(experiment: Experiment, what: str, found: str, fix: str) -> LabFileError:
    return LabFileError(where=f"experiment {experiment.id}: {what}", found=found, fix=fix)


def _programs(experiment: Experiment, here: Places, listen: Listener) -> dict[str, Program]:
    """Raises CompileError with the compiler's words."""
    from labkit.build.program import program

    source = experiment.folder / SOURCES
    headers = own_headers(here) | {path.name: path.read_bytes() for path in sorted(source.glob("*.h"))}
    cache = Cache(here.cache)
    return {
        name: program(
            cache, name, {**headers, f"{name}.c": (source / f"{name}.c").read_bytes()}, here.images, listen
        )
        for name in experiment.workload.programs
    }

"""An experiment's folder becomes an Experiment, proven consistent before any guest boots."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from labkit.labfile.complaints import near, wrong
from labkit.labfile.document import MachineTable
from labkit.labfile.knobs import factor, setting
from labkit.labfile.machines import machine_spec
from labkit.labfile.scenes import unique
from labkit.labfile.tomltext import load_table
from labkit.labfile.tuning_document import ExperimentDocument, MetricTable, WorkloadTable
from labkit.model.experiment import (
    CGROUP,
    INSTRUCTIONS,
    Better,
    Design,
    DesignKind,
    Experiment,
    Factor,
    Invariant,
    Metric,
    MetricKind,
    Place,
    Plot,
    Source,
    Workload,
)
from labkit.model.formula import Formula

EXPERIMENT_FILE = "experiment.toml"
SOURCES = "src"
_FILES = {"vmstat": "/proc/vmstat", "meminfo": "/proc/meminfo"}
_SAID = "write 'vmstat KEY', 'meminfo KEY', 'memory.stat KEY', or an absolute path with or without a KEY"


def load_experiment(path: Path) -> Experiment:
    """The experiment in a folder, or in a file of any name beside its src/. Raises LabFileError."""
    path = path / EXPERIMENT_FILE if path.is_dir() else path
    document = load_table(path, ExperimentDocument)
    factors = tuple(factor(item, f"factor[{at}]", path) for at, item in enumerate(document.factor))
    settings = tuple(setting(item, f"setting[{at}]", path) for at, item in enumerate(document.setting))
    unique(path, "factor", "name", [each.name for each in factors])
    _distinct(path, (*factors, *settings))
    metrics = _metrics(document, factors, path)
    workload = _workload(document.workload, path)
    machine = machine_spec(document.machine, MachineTable(), "machine", path)
    names = [metric.name for metric in metrics]
    shaping = (machine, factors, settings, workload, sorted({m.place.path for m in metrics if m.place}))
    return Experiment(
        id=document.id,
        title=document.title,
        question=document.question,
        expected=document.expected,
        file=path,
        digest=_digest(repr(shaping), path.parent / SOURCES, workload),
        machine=machine,
        factors=factors,
        settings=settings,
        design=_design(document, factors, path),
        repeats=document.repeats,
        seed=document.seed,
        about_seconds=document.about_seconds,
        workload=workload,
        metrics=metrics,
        invariants=tuple(
            Invariant(
                holds=_formula(
                    it.holds, [*names, *(f.name for f in factors)], path, f"invariant[{at}].holds"
                ),
                says=it.says,
            )
            for at, it in enumerate(document.invariant)
        ),
        plots=_plots(document, names, [each.name for each in factors], path),
    )


def experiment_schema() -> str:
    """The JSON Schema of experiment.toml, for editors that complete and check it while it is typed."""
    return json.dumps(ExperimentDocument.model_json_schema(), indent=2) + "\n"


def _digest(declared: str, source: Path, workload: Workload) -> str:
    """SHA-256 of what a trial's evidence hangs on: pictures, metrics' names and words are not part of it."""
    total = hashlib.sha256(declared.encode("utf-8", "surrogatepass"))
    wanted = {*workload.files, *(f"{name}.c" for name in workload.programs)}
    headers = {path.name for path in source.glob("*.h")} if source.is_dir() else set()
    for name in sorted(wanted | headers):
        if (source / name).is_file():
            total.update(f"\n{name} {hashlib.sha256((source / name).read_bytes()).hexdigest()}".encode())
    return total.hexdigest()


def _distinct(path: Path, knobs: Sequence[Factor]) -> None:
    seen: dict[tuple[str, str], str] = {}
    for knob in knobs:
        place = (knob.kind.value, knob.target)
        if place in seen:
            raise wrong(path, f"{knob.kind.value} {knob.target!r}", "it is set twice", "keep one of them")
        seen[place] = knob.name


def _workload(table: WorkloadTable, path: Path) -> Workload:
    source = path.parent / SOURCES
    for at, name in enumerate(table.programs):
        if not (source / f"{name}.c").is_file():
            raise wrong(path, f"workload.programs[{at}]", f"no {SOURCES}/{name}.c", "write it")
    for at, name in enumerate(table.files):
        if not (source / name).is_file():
            raise wrong(path, f"workload.files[{at}]", f"no {SOURCES}/{name}", "put it there")
    return Workload(
        run=table.run,
        prepare=table.prepare,
        seconds=table.seconds,
        programs=tuple(table.programs),
        files=tuple(table.files),
        kmod=table.kmod,
    )


def _metrics(document: ExperimentDocument, factors: Sequence[Factor], path: Path) -> tuple[Metric, ...]:
    names = [item.name for item in document.metric]
    unique(path, "metric", "name", names)
    varied = [each.name for each in factors]
    for at, name in enumerate(names):
        if name in varied:
            raise wrong(path, f"metric[{at}].name", f"{name!r} is a factor, too", "choose another name")
    found: list[Metric] = []
    for at, item in enumerate(document.metric):
        known = [*(metric.name for metric in found), *varied]  # what stands above: no circle can be
        found.append(_metric(item, f"metric[{at}]", known, path))
    return tuple(found)


def _metric(item: MetricTable, key: str, known: Sequence[str], path: Path) -> Metric:
    given = [
        source for source in Source if getattr(item, source.value) is not None
    ]  # the enum's values are the keys
    if len(given) != 1:
        words = " and ".join(source.value for source in given) or "none of its sources"
        raise wrong(path, key, f"found {words}", "give one of counter, gauge, output, formula")
    source = given[0]
    place = None
    if source in (Source.COUNTER, Source.GAUGE):
        place = _place(getattr(item, source.value), f"{key}.{source.value}", path)
    formula = None
    if item.formula is not None:
        formula = _formula(item.formula, known, path, f"{key}.formula")
    return Metric(
        name=item.name,
        kind=MetricKind(item.kind),
        source=source,
        says=item.says,
        place=place,
        word=item.output or "",
        formula=formula,
        better=Better(item.better) if item.better else None,
    )


def _place(text: str, key: str, path: Path) -> Place:
    words = text.split()
    if words == ["instructions"]:
        return INSTRUCTIONS
    if len(words) not in (1, 2):
        raise wrong(path, key, f"found {text!r}", _SAID)
    file, name = words[0], words[1] if len(words) == 2 else ""
    if file in _FILES and name:
        return Place(path=_FILES[file], key=name)
    if file.startswith("/"):
        return Place(path=file, key=name)
    if file.startswith(("memory.", "cpu.", "io.", "pids.", "hugetlb.")):
        return Place(path=f"{CGROUP}/{file}", key=name)
    raise wrong(path, key, f"found {text!r}", _SAID)


def _formula(text: str, known: Sequence[str], path: Path, key: str) -> Formula:
    try:
        formula = Formula(text=text)
    except ValueError as error:
        found, _, fix = str(error).partition(", ")
        raise wrong(path, key, found, fix) from error
    for name in sorted(formula.names - set(known)):
        raise wrong(path, key, f"{name!r} is no factor and no metric above it", near(name, known))
    return formula


def _design(document: ExperimentDocument, factors: Sequence[Factor], path: Path) -> Design:
    table = document.design
    kind = DesignKind(table.kind)
    by_name = {each.name: each for each in factors}
    belongs = {"baseline": DesignKind.ONE_AT_A_TIME, "pair": DesignKind.PAIRED, "sample": DesignKind.RANDOM}
    for name, owner in belongs.items():
        if getattr(table, name) and kind is not owner:
            found = f"a {kind.value} design has none"
            raise wrong(path, f"design.{name}", found, f"leave it out, or make it {owner.value}")
    for name, level in table.baseline.items():
        if name not in by_name:
            raise wrong(path, f"design.baseline.{name}", "no such factor", near(name, by_name))
        if level not in by_name[name].levels:
            raise wrong(path, f"design.baseline.{name}", f"{level!r} is none of its levels", "name one")
    if kind is DesignKind.PAIRED:
        if table.pair not in by_name:
            raise wrong(path, "design.pair", f"found {table.pair!r}", near(table.pair or "", by_name))
        if len(by_name[table.pair].levels) != 2:
            raise wrong(path, "design.pair", f"{table.pair!r} has not two levels", "a pair is of two")
    if kind is DesignKind.RANDOM and table.sample is None:
        raise wrong(path, "design.sample", "not given", "say how many cells are drawn")
    baseline = {each.name: table.baseline.get(each.name, each.levels[0]) for each in factors}
    return Design(
        kind=kind,
        baseline=baseline if kind is DesignKind.ONE_AT_A_TIME else {},
        pair=table.pair or "",
        sample=table.sample or 0,
    )


def _plots(
    document: ExperimentDocument, metrics: Sequence[str], factors: Sequence[str], path: Path
) -> tuple[Plot, ...]:
    for at, item in enumerate(document.plot):
        if item.metric not in metrics:
            raise wrong(path, f"plot[{at}].metric", f"no metric {item.metric!r}", near(item.metric, metrics))
        for key in ("over", "by"):
            name = getattr(item, key)
            if name is not None and name not in factors:
                raise wrong(path, f"plot[{at}].{key}", f"no factor {name!r}", near(name, factors))
        if item.over == item.by:
            raise wrong(path, f"plot[{at}].by", f"{item.by!r} is `over` already", "name another factor")
    return tuple(Plot(metric=it.metric, over=it.over, by=it.by or "") for it in document.plot)

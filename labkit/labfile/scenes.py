"""[[scene]] tables: steps, programs and captures that exist, or an error that names the key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from labkit.labfile.complaints import near, wrong
from labkit.labfile.document import LabDocument, SceneTable, StepTable, WitnessTable
from labkit.labfile.draw import placeholders
from labkit.labfile.machines import machine_spec
from labkit.model.lab import RunsAs, Scene, Step
from labkit.model.witness import Look, Probe

OWN_MODULE = "labkit"  # kmod/ of the checkout, known to every lab


@dataclass(frozen=True, slots=True)
class Names:
    """What a scene may refer to."""

    path: Path
    parameters: frozenset[str]
    sources: frozenset[str]
    hand_in: frozenset[str]

    def must_know(self, key: str, word: str, known: frozenset[str], what: str) -> None:
        if word not in known:
            raise wrong(self.path, key, f"no {what} '{word}'", near(word, known))


def scenes(document: LabDocument, path: Path) -> tuple[Scene, ...]:
    """Every scene of the lab file, in order. Raises LabFileError."""
    source = path.parent / "src"
    names = Names(
        path=path,
        parameters=frozenset(item.name for item in document.parameter),
        sources=frozenset(file.name for file in source.iterdir()) if source.is_dir() else frozenset(),
        hand_in=frozenset(item.name for item in document.hand_in),
    )
    unique(path, "scene", "name", [item.name for item in document.scene])
    return tuple(_scene(document, names, at) for at in range(len(document.scene)))


def unique(path: Path, table: str, key: str, words: Sequence[str]) -> None:
    """Raise LabFileError at the second table that bears a name already taken."""
    for at, word in enumerate(words):
        if word in words[:at]:
            first = words.index(word)
            raise wrong(path, f"{table}[{at}].{key}", f"'{word}' again, as {table}[{first}]", "rename one")


def _scene(document: LabDocument, names: Names, at: int) -> Scene:
    table, key = document.scene[at], f"scene[{at}]"
    _check_deployed(table, key, names)
    unique(names.path, f"{key}.step", "name", [step.name for step in table.step])
    _check_paths(table.capture, f"{key}.capture", names)
    _check_opening(table, key, names)
    return Scene(
        name=table.name,
        says=table.says,
        machine=machine_spec(document.machine, table.machine, f"{key}.machine", names.path),
        programs=tuple(table.programs),
        modules=tuple(table.modules),
        files=tuple(table.files),
        submission=tuple(table.submission),
        steps=tuple(_step(step, f"{key}.step[{n}]", names) for n, step in enumerate(table.step)),
        capture=tuple(table.capture),
        fresh=table.fresh,
        witness=_look(table.witness, f"{key}.witness", names),
    )


def _check_deployed(table: SceneTable, key: str, names: Names) -> None:
    for n, name in enumerate(table.submission):
        names.must_know(f"{key}.submission[{n}]", name, names.hand_in, "hand-in")
    for n, name in enumerate(table.files):
        names.must_know(f"{key}.files[{n}]", name, names.sources, "file in src/")
    for n, program in enumerate(table.programs):
        source, place = f"{program}.c", f"{key}.programs[{n}]"
        names.must_know(place, source, names.sources | names.hand_in, "source")
        if source in names.hand_in and source not in table.submission:
            raise wrong(
                names.path, place, f"'{source}' is handed in, but not to this scene", "add it to submission"
            )
    modules = frozenset(p.name for p in names.path.parent.iterdir() if (p / "Kbuild").is_file())
    handed_in = frozenset(name.removesuffix(".c") for name in table.submission if name.endswith(".c"))
    for n, module in enumerate(table.modules):
        known = modules | handed_in | {OWN_MODULE}
        names.must_know(f"{key}.modules[{n}]", module, known, "module folder or handed in C file")


def _step(table: StepTable, key: str, names: Names) -> Step:
    _check_paths(table.capture, f"{key}.capture", names)
    return Step(
        name=table.name,
        run=table.run,
        runs_as=RunsAs(table.runs_as),
        seconds=table.seconds,
        capture=tuple(table.capture),
        once=table.once,
        witness=_look(table.witness, f"{key}.witness", names),
    )


def _look(table: WitnessTable | None, key: str, names: Names) -> Look | None:
    if table is None:
        return None
    if not (table.probes or table.contents_of or table.tables_of or table.tags):
        raise wrong(names.path, key, "found it empty", "name probes, or drop it")
    return Look(
        probes=tuple(map(Probe, table.probes)),
        contents_of=tuple(table.contents_of),
        tables_of=tuple(table.tables_of),
        tags=table.tags,
    )


def _check_opening(table: SceneTable, key: str, names: Names) -> None:
    """What is played once must be the same for everybody, and come before what is not."""
    opening = [n for n, step in enumerate(table.step) if step.once]
    for place, n in enumerate(opening):
        if n != place:
            raise wrong(
                names.path, f"{key}.step[{n}].once", f"step[{place}] comes first and is not", "move it up"
            )
        if table.step[n].witness is not None:
            found = "what is played once is not looked at: the host looks when a student's own run begins"
            raise wrong(names.path, f"{key}.step[{n}].witness", found, f"move it to {key}.witness")
        used = [word for word in sorted(names.parameters) if word.upper() in table.step[n].run]
        used += [word for path in table.step[n].capture for word in placeholders(path)]
        if used:
            found = f"it uses the parameter '{used[0]}', which differs from student to student"
            raise wrong(names.path, f"{key}.step[{n}].once", found, "drop one of the two")
    if not opening:
        return
    if drawn := [word for path in table.capture for word in placeholders(path)]:
        found = f"it uses the parameter '{drawn[0]}' and would be read before the first step, which is once"
        raise wrong(names.path, f"{key}.capture", found, "capture it after a step")
    if others := [name for name in table.modules if name != OWN_MODULE]:
        found = f"'{others[0]}' is loaded before the first step, which is once"
        raise wrong(names.path, f"{key}.modules", found, "load it in a step")


def _check_paths(paths: list[str], key: str, names: Names) -> None:
    for n, path in enumerate(paths):
        if not path.startswith("/"):
            raise wrong(names.path, f"{key}[{n}]", f"found '{path}'", "write an absolute guest path")
        for word in placeholders(path):
            names.must_know(f"{key}[{n}]", word, names.parameters, "parameter")

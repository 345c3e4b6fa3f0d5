"""[[check]] tables: unique ids, needs without a circle, a judge each, points that add up."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from types import ModuleType

from labkit.labfile.complaints import near, wrong
from labkit.labfile.document import CheckTable, FileTable, LabDocument
from labkit.labfile.draw import placeholders
from labkit.labfile.functions import find_function, first_paragraph
from labkit.labfile.scenes import unique
from labkit.model.evidence import AFTER, BEFORE, Evidence, after_step
from labkit.model.lab import Check, FileRelation, Relation, Scene
from labkit.model.verdict import EvidenceClass, Judgement


@dataclass(frozen=True, slots=True)
class Around:
    """What a check may refer to."""

    path: Path
    scenes: tuple[Scene, ...]
    module: ModuleType | None
    parameters: frozenset[str]

    @property
    def python(self) -> Path:
        return self.path.with_name("checks.py")


def checks(
    document: LabDocument, path: Path, scenes: tuple[Scene, ...], module: ModuleType | None
) -> tuple[Check, ...]:
    """Every check of the lab file, in order. Raises LabFileError."""
    tables = document.check
    unique(path, "check", "id", [table.id for table in tables])
    _check_needs(tables, path)
    total = sum(table.points for table in tables)
    if total != document.points:
        raise wrong(
            path, "points", f"found {document.points}, the checks' points sum to {total}", f"write {total}"
        )
    around = Around(path, scenes, module, frozenset(item.name for item in document.parameter))
    return tuple(_check(table, f"check[{at}]", around) for at, table in enumerate(tables))


def _check_needs(tables: list[CheckTable], path: Path) -> None:
    needs = {table.id: table.needs for table in tables}
    for at, table in enumerate(tables):
        for n, need in enumerate(table.needs):
            if need not in needs:
                raise wrong(path, f"check[{at}].needs[{n}]", f"no check '{need}'", near(need, needs))
    settled: set[str] = set()
    while len(settled) < len(needs):
        ready = {check for check in needs if check not in settled and settled.issuperset(needs[check])}
        if not ready:
            circle = ", ".join(sorted(set(needs) - settled))
            raise wrong(path, "check.needs", f"the needs run in a circle: {circle}", "drop one of them")
        settled |= ready


def _check(table: CheckTable, key: str, around: Around) -> Check:
    path = around.path
    says = table.says
    judge: FileRelation | Callable[[Evidence], Judgement]
    if table.python is not None and table.file is None:
        judge = find_function(around.module, around.python, f"{key}.python", table.python, path)
        says = says or first_paragraph(judge)
    elif table.file is not None and table.python is None:
        judge = _relation(table.file, f"{key}.file", around)
    else:
        found = "both python and file" if table.python else "neither python nor file"
        raise wrong(path, key, found, "give one of them: what judges this check")
    if not says:
        raise wrong(path, f"{key}.says", "not given", "write the sentence a student sees")
    if table.points and not table.hint:
        raise wrong(path, f"{key}.hint", "not given", "write what helps a student whose run fails it")
    return Check(
        id=table.id,
        says=says,
        points=table.points,
        evidence=EvidenceClass(table.evidence),
        hint=table.hint,
        needs=tuple(table.needs),
        judge=judge,
    )


def _relation(table: FileTable, key: str, around: Around) -> FileRelation:
    path = around.path
    by_name = {scene.name: scene for scene in around.scenes}
    if table.scene not in by_name:
        raise wrong(path, f"{key}.scene", f"no scene '{table.scene}'", near(table.scene, by_name))
    captured = _captures(by_name[table.scene])
    if table.moment not in captured:
        raise wrong(path, f"{key}.moment", f"no moment '{table.moment}'", near(table.moment, captured))
    if not any(fnmatchcase(table.path, pattern) for pattern in captured[table.moment]):
        raise wrong(
            path,
            f"{key}.path",
            f"'{table.path}' is not captured then",
            near(table.path, captured[table.moment]),
        )
    value = tuple(table.value) if isinstance(table.value, list) else (table.value,)
    _check_value(table, value, key, around)
    return FileRelation(
        scene=table.scene,
        moment=table.moment,
        path=table.path,
        key=table.key,
        relation=Relation(table.relation),
        value=value,
    )


def _captures(scene: Scene) -> dict[str, tuple[str, ...]]:
    """What is captured at each moment of a scene: the patterns of guest paths."""
    moments = {BEFORE: scene.capture, AFTER: scene.capture}
    return moments | {after_step(step.name): step.capture for step in scene.steps}


def _check_value(table: FileTable, value: tuple[int | str, ...], key: str, around: Around) -> None:
    path, parameters = around.path, around.parameters
    wanted = 2 if table.relation == "between" else 1
    if len(value) != wanted:
        raise wrong(path, f"{key}.value", f"found {len(value)} values", f"'{table.relation}' takes {wanted}")
    for word in (w for item in value if isinstance(item, str) for w in placeholders(item)):
        if word not in parameters:
            raise wrong(path, f"{key}.value", f"no parameter '{word}'", near(word, parameters))
    if table.relation == "matches":
        try:
            re.compile(str(value[0]))
        except re.error as error:
            raise wrong(path, f"{key}.value", f"{value[0]!r}: {error}", "correct the expression") from error

"""Checks that facts express: one value of a captured file against a constant or a {parameter}.

A file that was recorded as absent fails the check, one that was never captured breaks it, and so does a key
that the file does not hold. `max`, the word for "no limit" in cgroup files, is larger than any number.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from labkit.grade.judging import Decided, broken, failed, passed, require_file, require_scene
from labkit.grade.source import Source
from labkit.model.evidence import Evidence
from labkit.model.lab import FileRelation, Relation
from labkit.model.verdict import Judgement

_PARAMETER = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
_WORDS = {
    Relation.EQ: "is",
    Relation.NE: "is not",
    Relation.LE: "is at most",
    Relation.GE: "is at least",
    Relation.BETWEEN: "is between",
    Relation.MATCHES: "matches",
    Relation.CONTAINS: "contains",
}
_COMPARE: Mapping[Relation, Callable[..., bool]] = {
    Relation.EQ: operator.eq,
    Relation.NE: operator.ne,
    Relation.LE: operator.le,
    Relation.GE: operator.ge,
    Relation.BETWEEN: lambda number, low, high: low <= number <= high,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the file says, and on which lines."""

    text: str
    lines: tuple[int, ...]


def judge_relation(relation: FileRelation, evidence: Evidence) -> Judgement:
    """Raises Decided where there is nothing to relate."""
    parameters = evidence.request.parameters
    scene = require_scene(evidence, relation.scene)
    path = substituted(relation.path, parameters)
    key = substituted(relation.key, parameters)
    values = tuple(substituted(str(value), parameters) for value in relation.value)
    subject = f"{key} in {path}" if key else path
    expected = f"{subject} {_WORDS[relation.relation]} {' and '.join(values)}"
    source = require_file(scene, path, relation.moment)
    found = _find(source, key)
    if found is None:
        raise Decided(broken(expected, f"{path} has no {key}", source.show(missing=[key])))
    if _holds(relation.relation, found.text, values, expected):
        return passed(expected, found.text, source.show(good=found.lines))
    return failed(expected, found.text or "nothing", source.show(bad=found.lines))


def substituted(text: str, parameters: Mapping[str, object]) -> str:
    """Put this run's parameters for {name}. Decided as broken when the run has no such parameter."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in parameters:
            raise Decided(broken(text, f"the run has no parameter '{match[1]}'"))
        return str(parameters[match[1]])

    return _PARAMETER.sub(value, text)


def _find(source: Source, key: str) -> _Found | None:
    if not key:
        return _Found(text=source.text.strip(), lines=tuple(number for number, _ in source.lines[:1]))
    for number, line in source.lines:
        name, _, value = line.replace(":", " ", 1).strip().partition(" ")
        if name == key:
            return _Found(text=value.strip().removesuffix(" kB"), lines=(number,))
    return None


def _holds(relation: Relation, found: str, values: tuple[str, ...], expected: str) -> bool:
    if relation is Relation.CONTAINS:
        return values[0] in found
    if relation is Relation.MATCHES:
        return re.search(values[0], found, re.MULTILINE) is not None
    numbers = [number for number in map(_number, (found, *values)) if number is not None]
    if len(numbers) == 1 + len(values):
        return _COMPARE[relation](*numbers)
    if relation in (Relation.EQ, Relation.NE):
        return (found == values[0]) == (relation is Relation.EQ)
    raise Decided(broken(expected, f"{found!r} cannot be compared: not a number"))


def _number(text: str) -> float | int | None:
    if text == "max":
        return math.inf
    return int(text) if re.fullmatch(r"-?\d+", text) else None

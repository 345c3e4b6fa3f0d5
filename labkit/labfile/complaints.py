"""Errors of a lab's folder in one voice: file, key, what was found, what to write."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from labkit.model.errors import LabFileError

Loc = tuple[int | str, ...]


def wrong(path: Path, key: str, found: str, fix: str, detail: str = "") -> LabFileError:
    """The error for one key of a lab's file; an empty key means the file itself."""
    where = f"{path}: {key}" if key else str(path)
    return LabFileError(where=where, found=found, fix=fix, detail=detail)


def near(word: str, known: Iterable[str]) -> str:
    """'did you mean …' for a misspelt word, else the list of what is known."""
    choices = sorted(known)
    close = difflib.get_close_matches(word, choices, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    return "known are: " + ", ".join(choices) if choices else "there is none"


def key_path(loc: Loc) -> str:
    """('scene', 1, 'step', 0, 'run') as scene[1].step[0].run."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def from_validation(path: Path, error: ValidationError, model: type[BaseModel]) -> LabFileError:
    """One of pydantic's complaints as a LabFileError; the others go to `detail`, one a line.

    Unknown keys come first: a key misspelt is also a key missing, and the typo is what to mend.
    """
    all_details = sorted(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
    told = [_sentence(details, model) for details in all_details]
    key, found, fix = told[0]
    rest = "\n".join(f"{k}: {f}; {x}" for k, f, x in told[1:])
    return wrong(path, key, found, fix, rest)


def _sentence(details: ErrorDetails, model: type[BaseModel]) -> tuple[str, str, str]:
    """(key, what was found, what to do) of one complaint."""
    loc = _in_file(details["loc"])
    key, value, context = key_path(loc), details["input"], details.get("ctx", {})
    kind = details["type"]
    if kind == "extra_forbidden":
        return key, "unknown key", near(str(loc[-1]), _fields_at(model, loc[:-1]))
    if kind == "value_error":
        found, _, fix = str(context["error"]).partition(", ")
        return key, found, fix
    found, fix = f"found {value!r}", details["msg"].replace("Input should be", "write")
    if kind == "missing":
        found, fix = "not given", "add it"
    elif kind == "literal_error":
        fix = f"write {context['expected']}"
    elif kind == "string_pattern_mismatch":
        fix = f"write a name that matches {context['pattern']}"
    elif kind in ("too_short", "string_too_short"):
        found, fix = "found it empty", "give at least one"
    return key, found, fix


def _in_file(loc: Loc) -> Loc:
    """Drop what pydantic adds for the members of a union ('int', 'list[…]'): no key is spelt so."""
    return tuple(p for p in loc if isinstance(p, int) or (p not in ("int", "str") and "[" not in p))


def _fields_at(model: type[BaseModel], loc: Loc) -> Mapping[str, object]:
    """The keys that the table at `loc` knows."""
    for part in loc:
        if isinstance(part, str) and part in model.model_fields:
            inner = _table_in(model.model_fields[part].annotation)
            if inner is None:
                return {}
            model = inner
    return model.model_fields


def _table_in(annotation: object) -> type[BaseModel] | None:
    """The table class inside list[X], X | None and the like."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, BaseModel) else None
    for inner in typing.get_args(annotation):
        found = _table_in(inner)
        if found is not None:
            return found
    return None

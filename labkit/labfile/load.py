"""A lab folder becomes a Lab: lab.toml and checks.py read, and proven consistent before any guest boots."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from labkit.labfile.checks import checks
from labkit.labfile.complaints import wrong
from labkit.labfile.document import LabDocument, ParameterTable
from labkit.labfile.draw import TAG_NONCE
from labkit.labfile.functions import find_function, load_functions
from labkit.labfile.scenes import scenes, unique
from labkit.labfile.tomltext import load_table
from labkit.model.lab import Draw, DrawKind, FileKind, HandIn, Lab, Tier

LAB_FILE = "lab.toml"
CHECKS_FILE = "checks.py"
SOURCES = "src"


def load(folder: Path) -> Lab:
    """The lab in `folder`. Raises LabFileError: file, key, what was found, what to write."""
    path = folder / LAB_FILE
    document = load_table(path, LabDocument)
    unique(path, "parameter", "name", [item.name for item in document.parameter])
    for at, item in enumerate(document.parameter):
        if item.name == TAG_NONCE:
            found = "labkit draws this one itself, for labs that look for tagged pages"
            raise wrong(path, f"parameter[{at}].name", found, "choose another name")
    unique(path, "hand_in", "name", [item.name for item in document.hand_in])
    own_scenes = scenes(document, path)
    module = load_functions(folder / CHECKS_FILE, document.id)
    answers = None
    if document.answers is not None:
        answers = find_function(module, folder / CHECKS_FILE, "answers", document.answers, path)
    return Lab(
        id=document.id,
        title=document.title,
        question=document.question,
        course=document.course,
        tier=Tier(document.tier),
        folder=folder,
        digest=digest(folder),
        draws=tuple(_draw(item, f"parameter[{at}]", path) for at, item in enumerate(document.parameter)),
        hand_in=tuple(
            HandIn(name=item.name, kind=FileKind(item.kind), says=item.says) for item in document.hand_in
        ),
        scenes=own_scenes,
        checks=checks(document, path, own_scenes, module),
        answers=answers,
    )


def schema() -> str:
    """The JSON Schema of lab.toml, for editors that complete and check it while it is typed."""
    return json.dumps(LabDocument.model_json_schema(), indent=2) + "\n"


def digest(folder: Path) -> str:
    """SHA-256 over the files that shape a run: lab.toml, the folder's *.py and everything in src/.

    Each file counts with its path and length, so that no two folders share a digest by shifting bytes.
    """
    files = [folder / LAB_FILE, *sorted(folder.glob("*.py")), *sorted((folder / SOURCES).rglob("*"))]
    total = hashlib.sha256()
    for file in files:
        if file.is_file():
            content = file.read_bytes()
            total.update(f"{file.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
            total.update(content)
    return total.hexdigest()


def _draw(table: ParameterTable, key: str, path: Path) -> Draw:
    if table.kind == "range":
        _check_range(table.values, f"{key}.values", path)
    elif len(set(table.values)) != len(table.values):
        raise wrong(path, f"{key}.values", "a value stands twice", "keep one")
    return Draw(name=table.name, kind=DrawKind(table.kind), values=tuple(table.values))


def _check_range(values: list[int | str], key: str, path: Path) -> None:
    numbers = [value for value in values if isinstance(value, int)]
    if len(values) != 3 or len(numbers) != 3:
        raise wrong(path, key, f"found {values!r}", "write [start, stop, step], three numbers")
    start, stop, step = numbers
    if step < 1 or stop < start or (stop - start) % step:
        raise wrong(path, key, f"found {values!r}", "let stop be start plus a whole number of steps")

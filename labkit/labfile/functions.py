"""checks.py of a lab: loaded by path, its functions found by name.

It may import files beside it (`from .herd import …`): the lab's folder is its package.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from labkit.labfile.complaints import near, wrong


def load_functions(path: Path, lab_id: str) -> ModuleType | None:
    """checks.py as a module of a name of its own, None where the lab has none. Raises LabFileError."""
    if not path.is_file():
        return None
    # The path is part of the name: two labs of one id (a copy being edited) do not share a module.
    name = f"labkit_lab_{lab_id}_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
    for stale in [known for known in sys.modules if known == name or known.startswith(f"{name}.")]:
        del sys.modules[stale]  # what was loaded before an edit
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=[str(path.parent)])
    if spec is None or spec.loader is None:
        raise wrong(path, "", "not a Python file", "name it checks.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up there
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        text, file = (error.text or "").strip(), Path(error.filename or path)
        raise wrong(file, f"line {error.lineno}", f"{error.msg}: {text!r}", "correct the Python") from error
    except Exception as error:  # a border: a lab's own code runs here and may raise anything
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if Path(frame.filename).parent == path.parent]
        file, key = (Path(own[-1].filename), f"line {own[-1].lineno}") if own else (path, "")
        raise wrong(file, key, f"{type(error).__name__}: {error}", "make the file importable") from error
    return module


def find_function(
    module: ModuleType | None, path: Path, key: str, name: str, toml: Path
) -> Callable[..., Any]:
    """The function that lab.toml names at `key`. Raises LabFileError with the nearest name there is."""
    if module is None:
        raise wrong(
            toml, key, f"names '{name}', but there is no {path.name}", f"write {path} with def {name}"
        )
    own = {
        known: value
        for known, value in vars(module).items()
        if inspect.isfunction(value) and _is_own(value, module) and not known.startswith("_")
    }
    if name not in own:
        raise wrong(toml, key, f"no function '{name}' in {path.name}", near(name, own))
    return own[name]


def _is_own(function: Callable[..., Any], module: ModuleType) -> bool:
    """Written in the lab's folder, not imported from elsewhere."""
    return f"{function.__module__}.".startswith(f"{module.__name__}.")


def first_paragraph(function: Callable[..., Any]) -> str:
    """A function's docstring up to the first empty line, on one line: the sentence a student sees."""
    text = inspect.getdoc(function) or ""
    return " ".join(text.split("\n\n")[0].split())


def other_paragraphs(function: Callable[..., Any]) -> tuple[str, ...]:
    """The docstring's further paragraphs, each on one line: why the check is as it is."""
    rest = (inspect.getdoc(function) or "").split("\n\n")[1:]
    return tuple(" ".join(text.split()) for text in rest if text.strip())

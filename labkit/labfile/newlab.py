"""A new lab: the small whole one of sketch/ under a name of its own, for an author to change."""

from __future__ import annotations

import re
from pathlib import Path

import jinja2

from labkit.labfile.document import IDENTIFIER
from labkit.model.errors import UsageError

SKETCH = Path(__file__).with_name("sketch")
SUFFIX = ".j2"
HANDOUT = "README.md.j2"  # a template itself, which each student's numbers fill in: laid down as it is


def write_new_lab(name: str, folder: Path) -> Path:
    """Lay out the lab `name` in a new folder of that name inside `folder`, and return it.

    Raises UsageError for a name that no lab may have, and for a folder that cannot be had.
    """
    if not re.fullmatch(IDENTIFIER, name):
        fix = f"write it in small letters, digits and _, a letter first: {_mended(name)}"
        raise UsageError(where="LAB", found=f"'{name}' is no name for a lab", fix=fix)
    target = folder / name
    if target.exists():
        raise UsageError(
            where=str(target), found="there is something already", fix="choose another name, or --in FOLDER"
        )
    texts = {path.relative_to(SKETCH): _text(path, name) for path in sorted(SKETCH.rglob(f"*{SUFFIX}"))}
    try:
        for path, text in texts.items():
            file = target / (path if path.name == HANDOUT else path.with_suffix(""))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            where=error.filename or str(target),
            found=error.strerror or str(error),
            fix="name a folder that you may write to with --in FOLDER",
        ) from error
    return target


def _mended(name: str) -> str:
    """The nearest name that is one."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_0123456789") or "mylab"


def _text(path: Path, name: str) -> str:
    text = path.read_text(encoding="utf-8")
    if path.name == HANDOUT:
        return text
    # Marks of their own: C, TOML and Python are full of braces.
    world = jinja2.Environment(
        variable_start_string="@{",
        variable_end_string="}@",
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )
    return world.from_string(text).render(id=name, title=name.replace("_", " ").capitalize())

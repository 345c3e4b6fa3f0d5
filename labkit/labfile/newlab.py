"""A new lab's files: small, real and whole, so that its author begins with a lab that runs and lints.

The templates lie in scaffold/. A name's last .j2 goes when it is rendered: README.md.j2.j2 becomes the
handout's own template.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from labkit.model.errors import UsageError

SCAFFOLD = Path(__file__).with_name("scaffold")
SUFFIX = ".j2"
ID = re.compile(r"[a-z][a-z0-9_]{0,31}")


def lab_id(name: str) -> str:
    """The name, if a lab can have it. Raises UsageError."""
    if not ID.fullmatch(name):
        raise UsageError(
            where=f"LAB {name}",
            found="no id of a lab",
            fix="small letters, digits and _, a letter first, 32 at most",
        )
    return name


def new_lab(name: str, word: str) -> Mapping[Path, str]:
    """The files of a lab `name`, by their paths inside its folder; `word` is how a command line names it."""
    from jinja2 import Environment, StrictUndefined

    world = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)
    values = {"id": name, "title": name.replace("_", " ").capitalize(), "word": word}
    files = {}
    for path in sorted(SCAFFOLD.rglob("*")):
        if not path.is_file():
            continue
        text, inside = path.read_text(encoding="utf-8"), path.relative_to(SCAFFOLD)
        if path.name.endswith(SUFFIX):
            text, inside = world.from_string(text).render(values), inside.with_name(path.name[: -len(SUFFIX)])
        files[inside] = text
    return files

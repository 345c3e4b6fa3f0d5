"""C sources as they are handed to a sandbox: checked names, a folder, a key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from labkit.build.key import content_key
from labkit.build.trees import remove_tree
from labkit.model.errors import SubmissionError

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*\.[ch]")
_BUILD_FILES = ("Kbuild", "Makefile")  # never run: labkit builds modules with a Kbuild of its own


def clean_sources(sources: Mapping[str, bytes]) -> dict[str, bytes]:
    """The .c and .h files, sorted; build files are left out. Raises SubmissionError for any other name."""
    kept = {name: sources[name] for name in sorted(sources) if name not in _BUILD_FILES}
    for name in kept:
        if not _NAME.fullmatch(name):
            raise SubmissionError(
                where=name, found="not a C source's name", fix="give .c and .h files, without folders"
            )
    if not any(name.endswith(".c") for name in kept):
        raise SubmissionError(where="sources", found="no .c file", fix="give at least one")
    return kept


def sources_key(sources: Mapping[str, bytes]) -> str:
    """The digest of names and contents."""
    return content_key(*(part for name, data in sorted(sources.items()) for part in (name, data)))


def lay_out(sources: Mapping[str, bytes], folder: Path) -> Path:
    """Write the sources into a new folder."""
    remove_tree(folder)
    folder.mkdir(parents=True)
    for name, data in sources.items():
        (folder / name).write_bytes(data)
    return folder

"""Hallway: this process' own streams: a console that fails on no character, files that are whole or not."""

from __future__ import annotations

import codecs
import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from rich.console import Console

from labkit.model.errors import UsageError
from labkit.report.text import ascii_fallback

STDOUT = "-"
PIPE_COLUMNS = 80
_FALLBACK = "labkit-ascii"


def console_on(stream: TextIO) -> Console:
    """A console that cannot fail on a character: what the stream's encoding lacks is spelled in ASCII."""
    if isinstance(stream, TextIOWrapper):
        codecs.register_error(_FALLBACK, ascii_fallback)
        # UTF-8 mode (PEP 540) hides LC_ALL=C from the stream's encoding; the terminal still is what it is.
        plain = os.environ.get("LC_ALL") in ("C", "POSIX")
        stream.reconfigure(encoding="ascii" if plain else stream.encoding, errors=_FALLBACK)
    fixed = None if stream.isatty() or "COLUMNS" in os.environ else PIPE_COLUMNS
    return Console(file=stream, width=fixed, highlight=False, markup=False, emoji=False)


def write_to(target: str, content: str | bytes, option: str = "--json") -> None:
    """Whole or not at all: written beside the target, then renamed. Pipes and devices are written to."""
    data = content if isinstance(content, bytes) else content.encode("utf-8")
    if target == STDOUT:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    path = Path(target)
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        path = path.resolve()  # a symbolic link stays one
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            partial.write_bytes(data)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as problem:
        raise UsageError(
            where=f"{option} {target}",
            found=f"{problem.strerror}",
            fix="labkit grade RUN --json FILE writes it" if option == "--json" else "name another file",
        ) from problem

"""labkit's program inside the guest (images/attendant/): static, the same for every kernel."""

from __future__ import annotations

from pathlib import Path

from labkit.build.cache import Cache
from labkit.build.program import program
from labkit.model.artefact import Program
from labkit.model.events import Listener


def attendant(cache: Cache, recipe: Path, listen: Listener) -> Program:
    """The attendant, compiled in the sandbox like any program of a lab."""
    sources = {path.name: path.read_bytes() for path in sorted((recipe / "attendant").glob("*.[ch]"))}
    return program(cache, "attendant", sources, recipe, listen)

"""Static C programs for the guest, compiled in the sandbox and kept by content."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from labkit.build.cache import Cache
from labkit.build.compiler import compile_c
from labkit.build.kernel import toolchain
from labkit.build.key import content_key
from labkit.build.recipe import load_buildroot
from labkit.build.sources import clean_sources, lay_out, sources_key
from labkit.build.trees import measure
from labkit.model.artefact import ArtefactKind, Program
from labkit.model.events import Listener

_LAYOUT = "1"  # of how sources become a program here
_OUTPUT = "a.out"


def program(cache: Cache, name: str, sources: Mapping[str, bytes], recipe: Path, listen: Listener) -> Program:
    """Compile and link all .c files of `sources` (file name to bytes; headers beside them).

    Raises CompileError with the compiler's own words, SubmissionError for names that are no C sources'.
    """
    kept = clean_sources(sources)
    flags = load_buildroot(recipe).program
    sandbox = toolchain(cache, recipe, listen)

    def make(data: Path) -> None:
        work = lay_out(kept, data.parent / "work")
        units = [file for file in kept if file.endswith(".c")]
        gcc = ["gcc", "-fdiagnostics-color=never", *flags.flags]
        compile_c(sandbox, [*gcc, "-o", _OUTPUT, *units, *flags.libraries], work, name)
        (work / _OUTPUT).rename(data / name)

    key = content_key("program", _LAYOUT, name, sources_key(kept), flags.model_dump_json(), sandbox.digest)
    path = cache.get_or_build(ArtefactKind.PROGRAM, name, key, make, listen).path / name
    return Program(name=name, path=path, digest=measure(path).digest)

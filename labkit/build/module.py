"""Kernel modules, built for exactly one kernel in the sandbox and kept by content."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from labkit.build.cache import Cache
from labkit.build.compiler import compile_c
from labkit.build.kernel import toolchain
from labkit.build.key import content_key
from labkit.build.sandbox import WORK
from labkit.build.sources import clean_sources, lay_out, sources_key
from labkit.build.trees import measure
from labkit.model.artefact import ArtefactKind, KernelPack, Module
from labkit.model.errors import SubmissionError, UsageError
from labkit.model.events import Listener

_LAYOUT = "1"  # of how sources become a module here


def module(  # noqa: PLR0917  program()'s arguments and the pack
    cache: Cache,
    name: str,
    sources: Mapping[str, bytes],
    pack: KernelPack,
    recipe: Path,
    listen: Listener,
) -> Module:
    """Build all .c files of `sources` into `name`.ko. Build files among them are never run.

    Raises CompileError with the compiler's own words, UsageError when the pack has no headers.
    """
    headers = pack.headers
    if headers is None:
        raise UsageError(
            where=f"kernel pack '{pack.name}'",
            found="it has no headers, and this lab needs a kernel module",
            fix="add the kernel again with --headers",
        )
    kept = clean_sources(sources)
    kbuild = render_kbuild(name, kept)
    sandbox = toolchain(cache, recipe, listen)

    def make(data: Path) -> None:
        work = lay_out({**kept, "Kbuild": kbuild.encode()}, data.parent / "work")
        # BTF of a module wants pahole and the kernel's own BTF; nothing here reads it.
        options = [f"M={WORK}", f"-j{os.cpu_count() or 1}", "CONFIG_DEBUG_INFO_BTF_MODULES="]
        argv = ["make", "-C", f"/usr/src/linux-headers-{pack.release}", *options, "modules"]
        compile_c(sandbox, argv, work, name, headers / "usr" / "src")
        (work / f"{name}.ko").rename(data / f"{name}.ko")

    key = content_key("module", _LAYOUT, name, sources_key(kept), pack.key, pack.release, sandbox.digest)
    path = cache.get_or_build(ArtefactKind.MODULE, name, key, make, listen).path / f"{name}.ko"
    return Module(name=name, release=pack.release, path=path, digest=measure(path).digest)


def render_kbuild(name: str, sources: Mapping[str, bytes]) -> str:
    """The build file of a module out of all its .c files. Raises SubmissionError where kbuild has no way."""
    units = [file.removesuffix(".c") for file in sorted(sources) if file.endswith(".c")]
    if units == [name]:
        return f"obj-m := {name}.o\n"
    if name in units:
        raise SubmissionError(
            where=f"{name}.c",
            found=f"a module '{name}' of several files cannot have one called {name}.c",
            fix="rename that file, to main.c for instance",
        )
    return f"obj-m := {name}.o\n{name}-y := {' '.join(f'{unit}.o' for unit in units)}\n"

"""The part of a pack that everything else hangs on: a kernel, its modules as a tree and as an image."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from labkit.build.cache import Cache
from labkit.build.erofs import make_erofs
from labkit.build.image import buildroot
from labkit.build.recipe import load_buildroot
from labkit.build.sandbox import WORK, Sandbox
from labkit.build.trees import remove_tree
from labkit.model.artefact import Artefact
from labkit.model.errors import BadInput
from labkit.model.events import Listener


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """A built kernel. `digest` is its content's: it tells two versions of one name apart."""

    artefact: Artefact
    digest: str
    release: str
    version: str

    @property
    def vmlinuz(self) -> Path:
        return self.artefact.path / "vmlinuz"

    @property
    def modules(self) -> Path:
        return self.artefact.path / "modules.erofs"

    @property
    def tree(self) -> Path:
        return self.artefact.path / "modules" / self.release


def load_kernel(cache: Cache, artefact: Artefact) -> Kernel:
    about = json.loads((artefact.path / "kernel.json").read_text())
    return Kernel(
        artefact=artefact,
        digest=cache.digest(artefact),
        release=about["release"],
        version=about["version"],
    )


def finish_kernel(data: Path, release: str, version: str, sandbox: Sandbox) -> None:
    """Complete `data`, which holds vmlinuz and modules/<release>: dependencies, the image, and what it is.

    Raises BadInput when depmod cannot make sense of the modules.
    """
    base = data.parent / "depmod"
    inside = base / "lib" / "modules"  # where depmod looks for it
    inside.parent.mkdir(parents=True)
    (data / "modules").rename(inside)
    done = sandbox.run(["depmod", "-b", WORK, release], work=base, phase="depmod")
    if done.status != 0:
        raise BadInput(
            where=f"modules of {release}",
            found="depmod cannot read them",
            fix="give the result of 'make modules_install'",
            detail=done.last_lines,
        )
    inside.rename(data / "modules")
    remove_tree(base)
    make_erofs(data / "modules", data / "modules.erofs")
    (data / "kernel.json").write_text(json.dumps({"release": release, "version": version}))


def toolchain(cache: Cache, recipe: Path, listen: Listener, mirror: str | None = None) -> Sandbox:
    """The sandbox of images/buildroot.toml, built on first use."""
    root = buildroot(cache, recipe, listen, mirror=mirror)
    return Sandbox(root=root.path / "root", digest=cache.digest(root), limits=load_buildroot(recipe).limits)

"""Packs out of kernels that the user built: bzImage, modules, and where given headers and vmlinux."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from labkit.build.bzimage import NotABzImage, parse_release
from labkit.build.cache import Cache
from labkit.build.kernel import finish_kernel, toolchain
from labkit.build.key import content_key
from labkit.build.modtree import load_tree
from labkit.build.pack import pack
from labkit.build.recipe import load_packs
from labkit.build.trees import measure
from labkit.model.artefact import ArtefactKind, KernelPack
from labkit.model.errors import UsageError
from labkit.model.events import Listener
from labkit.model.units import Size

_LAYOUT = "1"  # of what is put into data/ here
_HEAD = 1 << 16
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,39}")
_ROOM = Size.mib(500)


def add_kernel(
    cache: Cache,
    name: str,
    recipe: Path,
    *,
    bzimage: Path,
    modules: Path,
    headers: Path | None = None,
    vmlinux: Path | None = None,
    listen: Listener,
) -> KernelPack:
    """Make a pack called `name`; one of that name that the user added before is replaced.

    `modules` is lib/modules/<release> of 'make modules_install' or a folder above it; `headers` a folder with
    usr/src/linux-headers-<release>, or that folder itself. Everything is copied. Raises UsageError when the
    parts do not fit each other, or the kernel lacks what a guest needs.
    """
    packs = load_packs(recipe)
    if name in packs.kernels or not _NAME.fullmatch(name):
        raise UsageError(
            where=f"kernel name '{name}'",
            found="it is one of labkit's own" if name in packs.kernels else "not a name",
            fix="choose another, of letters, digits and . _ + -",
        )
    release = _release_of(bzimage)
    tree = find_modules(modules, release)
    source = find_headers(headers, release) if headers else None
    if vmlinux is not None and not vmlinux.is_file():
        raise UsageError(where=str(vmlinux), found="no such file", fix="give the vmlinux of this kernel")

    def make(data: Path) -> None:
        shutil.copyfile(bzimage, data / "vmlinuz")
        # build and source are links into the tree the kernel was built in.
        shutil.copytree(
            tree, data / "modules" / release, symlinks=True, ignore=shutil.ignore_patterns("build", "source")
        )
        finish_kernel(data, release, release, toolchain(cache, recipe, listen))
        _require_modules(data / "modules" / release, packs.initramfs.modules)
        if source:
            shutil.copytree(source, data / "headers" / "usr" / "src", symlinks=True)
        if vmlinux:
            shutil.copyfile(vmlinux, data / "vmlinux")

    parts = [path for path in (bzimage, tree, source, vmlinux) if path]
    key = content_key("own pack", _LAYOUT, name, *(measure(path).digest for path in parts))
    added = cache.get_or_build(ArtefactKind.PACK, name, key, make, listen, room=_ROOM)
    for old in cache.named(ArtefactKind.PACK, name):
        if old.key != added.key:
            cache.remove(old)
    return pack(cache, name, recipe, listen)


def find_modules(folder: Path, release: str) -> Path:
    """The folder named `release` at or below lib/modules. Raises UsageError that tells what is there."""
    for candidate in (folder, folder / release, folder / "lib" / "modules" / release):
        if candidate.name == release and candidate.is_dir():
            return candidate
    seen = ", ".join(sorted(path.name for path in folder.glob("*") if path.is_dir())[:5]) or "nothing"
    raise UsageError(
        where=str(folder),
        found=f"the bzImage is {release}, and here is {seen if folder.name != release else 'no folder'}",
        fix=f"give the folder {release} that 'make modules_install' made of the same build",
    )


def find_headers(folder: Path, release: str) -> Path:
    """The folder that holds linux-headers-<release>, as usr/src does. Raises UsageError if there is none."""
    wanted = f"linux-headers-{release}"
    for candidate in (folder, folder / "usr" / "src", folder.parent):
        if (candidate / wanted / "Makefile").is_file():
            return candidate
    raise UsageError(
        where=str(folder),
        found=f"no usr/src/{wanted}",
        fix="unpack the linux-headers package that 'make bindeb-pkg' made: dpkg-deb -x FILE.deb DIR",
    )


def _release_of(bzimage: Path) -> str:
    try:
        with bzimage.open("rb") as file:
            return parse_release(file.read(_HEAD))
    except FileNotFoundError:
        found = "no such file"
    except NotABzImage as error:
        found = str(error)
    raise UsageError(where=str(bzimage), found=found, fix="give arch/x86/boot/bzImage of an x86-64 build")


def _require_modules(folder: Path, wanted: dict[str, str]) -> None:
    missing = load_tree(folder).missing(wanted)
    if missing:
        raise UsageError(
            where=f"kernel {folder.name}",
            found=f"neither built in nor a module: {', '.join(missing)}",
            fix="build it with " + ", ".join(f"{wanted[name]}=m" for name in missing),
        )

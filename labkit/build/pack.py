"""Kernel packs: a kernel, its modules, headers, symbols, and the initramfs that brings a guest's root up."""

from __future__ import annotations

import difflib
from pathlib import Path

from labkit.build.cache import Cache
from labkit.build.debian_kernel import DebianKernel
from labkit.build.initramfs import initramfs
from labkit.build.kernel import load_kernel
from labkit.build.recipe import load_packs
from labkit.model.artefact import ArtefactKind, KernelPack
from labkit.model.errors import UsageError
from labkit.model.events import Listener


def pack(
    cache: Cache,
    name: str,
    recipe: Path,
    listen: Listener,
    *,
    symbols: bool = False,
    mirror: str | None = None,
) -> KernelPack:
    """A kernel by its name in images/packs.toml, or one the user added. Built on first use.

    Debug symbols (300 MB to fetch) are made only when asked for, and found again once made.
    Raises UsageError for an unknown name, HostError when something cannot be fetched or built here.
    """
    packs = load_packs(recipe)
    if name not in packs.kernels:
        return _own_pack(cache, name, recipe, listen)
    source = DebianKernel(cache=cache, name=name, recipe=recipe, packs=packs, listen=listen, mirror=mirror)
    kernel = source.kernel()
    headers = source.headers(kernel)
    vmlinux = source.symbols(kernel) if symbols else source.find_symbols(kernel)
    return KernelPack(
        name=name,
        release=kernel.release,
        key=kernel.digest,
        vmlinuz=kernel.vmlinuz,
        modules=kernel.modules,
        initramfs=initramfs(cache, name, kernel, recipe, listen),
        headers=headers.path,
        symbols=vmlinux.path / "vmlinux" if vmlinux else None,
    )


def pack_names(cache: Cache, recipe: Path) -> tuple[str, ...]:
    """Names that pack() takes: the recipe's, built or not, and then the user's own."""
    shipped = load_packs(recipe).kernels
    own = {item.name for item in cache.list() if item.kind is ArtefactKind.PACK}
    return (*shipped, *sorted(own - shipped.keys()))


def _own_pack(cache: Cache, name: str, recipe: Path, listen: Listener) -> KernelPack:
    added = cache.named(ArtefactKind.PACK, name)
    if not added:
        known = pack_names(cache, recipe)
        near = difflib.get_close_matches(name, known, n=1)
        raise UsageError(
            where="kernel",
            found=f"no kernel pack '{name}'",
            fix=f"did you mean '{near[0]}'?" if near else f"the packs are: {', '.join(known)}",
        )
    kernel = load_kernel(cache, added[-1])
    headers, vmlinux = kernel.artefact.path / "headers", kernel.artefact.path / "vmlinux"
    return KernelPack(
        name=name,
        release=kernel.release,
        key=kernel.digest,
        vmlinuz=kernel.vmlinuz,
        modules=kernel.modules,
        initramfs=initramfs(cache, name, kernel, recipe, listen),
        headers=headers if headers.is_dir() else None,
        symbols=vmlinux if vmlinux.is_file() else None,
    )

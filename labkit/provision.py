"""Hallway: what guests are made of: image, kernel packs, the accelerator, programs, modules.

A guest like one before it needs nothing of what builds: that is imported where it is wanted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from labkit.build.cache import Cache
from labkit.build.key import content_key
from labkit.build.memo import Memo
from labkit.model.artefact import Artefact, ArtefactKind, GuestImage, KernelPack, Module, Program
from labkit.model.errors import UsageError
from labkit.model.events import Event, Listener, Mood
from labkit.model.lab import Lab
from labkit.model.machine import Accel
from labkit.places import Places, places
from labkit.qemu.accel import Probe, probe

SHIPPED_KERNELS = ("6.12", "6.1")
LABKIT_MODULE = "labkit"
# What image() and pack() look for in the cache: a new entry may be what they would find next time.
_LOOKED_THROUGH = (
    ArtefactKind.BUILDROOT,
    ArtefactKind.HEADERS,
    ArtefactKind.IMAGE,
    ArtefactKind.INITRAMFS,
    ArtefactKind.PACK,
    ArtefactKind.SYMBOLS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """What any guest of one kernel needs on this host."""

    image: GuestImage
    pack: KernelPack
    probe: Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """A platform and what a lab deploys on it, by the names its scenes use."""

    platform: Platform
    programs: Mapping[str, Program]
    modules: Mapping[str, Module]


def platform(here: Places, kernel: str, accel: str, listen: Listener, *, symbols: bool = False) -> Platform:
    """Image, pack and a believed accelerator, built and probed where they are not yet.

    With `symbols` the pack has those of its kernel, which a user's own may lack.
    """
    guest_image, kernel_pack = _base(here, kernel, listen, symbols=symbols)
    wanted = None if accel == "auto" else Accel(accel)
    return Platform(
        image=guest_image, pack=kernel_pack, probe=probe(kernel_pack, here.probes, here.live, wanted, listen)
    )


def _base(here: Places, kernel: str, listen: Listener, *, symbols: bool) -> tuple[GuestImage, KernelPack]:
    """Image and pack, as an earlier lookup found them if that still holds."""
    memo = Memo(
        path=here.cache / "memos" / f"base-{content_key(kernel, str(here.images), str(symbols))[:16]}.json",
        depends=(*sorted(here.images.rglob("*")), *(here.cache / kind.value for kind in _LOOKED_THROUGH)),
    )
    found = memo.find()
    if found is not None:
        return GuestImage(**_with_paths(found["image"])), KernelPack(**_with_paths(found["pack"]))
    from labkit.build.image import image
    from labkit.build.pack import pack

    before, cache = memo.look(), Cache(here.cache)
    base = (image(cache, here.images, listen), pack(cache, kernel, here.images, listen, symbols=symbols))
    noted = {"image": asdict(base[0]), "pack": asdict(base[1])}
    files = [value for fields in noted.values() for value in fields.values() if isinstance(value, Path)]
    memo.keep(noted, files, before)
    return base


def _with_paths(fields: Mapping[str, str | None]) -> dict[str, Any]:
    """The fields of a value of model/artefact.py, out of JSON: what begins with a slash is a path."""
    return {name: Path(text) if text and text.startswith("/") else text for name, text in fields.items()}


def outfit(here: Places, lab: Lab, submission: Mapping[str, str], base: Platform, listen: Listener) -> Kit:
    """Compile a lab's programs (a submitted C file stands in for the lab's own) and modules.

    Raises CompileError with the compiler's words.
    """
    from labkit.build.module import module
    from labkit.build.program import program

    cache = Cache(here.cache)
    source = lab.folder / "src"
    headers = own_headers(here) | {path.name: path.read_bytes() for path in sorted(source.glob("*.h"))}
    names = sorted({name for scene in lab.scenes for name in scene.programs})
    programs = {}
    for name in names:
        file = f"{name}.c"
        own = submission.get(file)
        code = own.encode() if own is not None else (source / file).read_bytes()
        programs[name] = program(cache, name, {**headers, file: code}, here.images, listen)
    wanted = sorted({name for scene in lab.scenes for name in scene.modules})
    modules = {
        name: own_module(here, base.pack, listen)
        if name == LABKIT_MODULE
        else module(cache, name, _module_sources(lab, name, submission), base.pack, here.images, listen)
        for name in wanted
    }
    return Kit(platform=base, programs=programs, modules=modules)


def _module_sources(lab: Lab, name: str, submission: Mapping[str, str]) -> Mapping[str, bytes]:
    """A module that was handed in is one file; any other is a folder of the lab."""
    own = submission.get(f"{name}.c")
    return {f"{name}.c": own.encode()} if own is not None else _sources(lab.folder / name)


def own_headers(here: Places) -> dict[str, bytes]:
    """What any program of a lab may include: images/include/."""
    return {path.name: path.read_bytes() for path in sorted((here.images / "include").glob("*.h"))}


def own_module(here: Places, pack_of_guest: KernelPack, listen: Listener) -> Module:
    """labkit's kernel module for one kernel."""
    from labkit.build.module import module

    sources = _sources(here.kmod)
    return module(Cache(here.cache), LABKIT_MODULE, sources, pack_of_guest, here.images, listen)


def _sources(folder: Path) -> Mapping[str, bytes]:
    wanted = (*folder.glob("*.c"), *folder.glob("*.h"), *folder.glob("Kbuild"))
    return {path.name: path.read_bytes() for path in sorted(wanted)}


def build(kernels: tuple[str, ...], symbols: bool, listen: Listener) -> None:
    """Make the image and the packs now, so that no run has to wait for them."""
    from labkit.build.image import image
    from labkit.build.pack import pack

    here = places()
    cache = Cache(here.cache)
    image(cache, here.images, listen)
    for name in kernels or SHIPPED_KERNELS:
        pack(cache, name, here.images, listen, symbols=symbols)
    listen(Event(scope="image", phase="cache", mood=Mood.NOTE, text=f"all of it is kept in {here.cache}"))


def listing() -> tuple[Artefact, ...]:
    """What the cache holds beside templates, which `labkit template` lists."""
    return tuple(item for item in Cache(places().cache).list() if item.kind is not ArtefactKind.TEMPLATE)


def remove(names: tuple[str, ...], everything: bool) -> tuple[Artefact, ...]:
    """Remove artefacts by name or by the start of their key; tells what went. Raises UsageError."""
    cache = Cache(places().cache)
    held = listing()
    doomed = tuple(
        item
        for item in held
        if everything or any(item.name == name or item.key.startswith(name) for name in names)
    )
    unknown = [
        name for name in names if not any(item.name == name or item.key.startswith(name) for item in held)
    ]
    if unknown:
        raise UsageError(
            where="NAME", found=f"nothing called '{unknown[0]}' in the cache", fix="see `labkit image list`"
        )
    for item in doomed:
        cache.remove(item)
    return doomed


def add_kernel(
    name: str,
    *,
    bzimage: Path,
    modules: Path,
    headers: Path | None,
    vmlinux: Path | None,
    listen: Listener,
) -> KernelPack:
    """Make a pack from a user's own kernel."""
    from labkit.build.own_kernel import add_kernel as pack_of_user

    here = places()
    return pack_of_user(
        Cache(here.cache),
        name,
        here.images,
        bzimage=bzimage,
        modules=modules,
        headers=headers,
        vmlinux=vmlinux,
        listen=listen,
    )

"""Debian's kernels: image, headers and symbols are artefacts of their own, so that each finished one survives
an interruption."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from labkit.build.apt import Apt, open_apt
from labkit.build.cache import Cache
from labkit.build.deb import extract_member, unpack
from labkit.build.headers import gather_headers
from labkit.build.kernel import Kernel, finish_kernel, load_kernel, toolchain
from labkit.build.key import content_key
from labkit.build.progress import speaker
from labkit.build.recipe import PacksRecipe
from labkit.build.symbols import DROPPED, KEPT, slim
from labkit.build.trees import remove_tree
from labkit.model.artefact import Artefact, ArtefactKind
from labkit.model.errors import HostError
from labkit.model.events import Listener
from labkit.model.units import Size

_LAYOUT = "1"  # of what is put into data/ here
_IMAGE = "linux-image-"


@dataclass(frozen=True, slots=True, kw_only=True)
class DebianKernel:
    """One kernel of images/packs.toml. What is missing is built; HostError where that cannot be."""

    cache: Cache
    name: str
    recipe: Path
    packs: PacksRecipe
    listen: Listener
    mirror: str | None

    def kernel(self) -> Kernel:
        """vmlinuz and modules of the newest version at the time of building."""
        meta = self.packs.kernels[self.name]

        def make(data: Path) -> None:
            apt = self._apt()
            image = next((p for p in apt.closure(meta, rf"{_IMAGE}\d") if p.name != meta), None)
            if image is None:
                raise HostError(where=meta, found="it leads to no image", fix="correct images/packs.toml")
            release = image.name.removeprefix(_IMAGE)
            unpacked = data.parent / "unpacked"
            self._fetch_and_unpack(apt, ArtefactKind.PACK, image.exact, unpacked)
            (unpacked / "boot" / f"vmlinuz-{release}").rename(data / "vmlinuz")
            # Debian moves /lib/modules to /usr/lib/modules, release by release.
            usr, top = unpacked / "usr/lib/modules", unpacked / "lib/modules"
            (usr if usr.is_dir() else top).rename(data / "modules")
            remove_tree(unpacked)
            sandbox = toolchain(self.cache, self.recipe, self.listen, self.mirror)
            finish_kernel(data, release, image.version, sandbox)

        key = content_key("pack", _LAYOUT, self.packs.suite, meta)
        return load_kernel(self.cache, self._built(ArtefactKind.PACK, key, make, self.packs.room_mib))

    def headers(self, kernel: Kernel) -> Artefact:
        """The headers of exactly this kernel, as usr/src."""

        def make(data: Path) -> None:
            unpacked = data.parent / "unpacked"
            first = f"{self.packs.headers.format(release=kernel.release)}={kernel.version}"
            self._fetch_and_unpack(self._apt(), ArtefactKind.HEADERS, first, unpacked)
            gather_headers(unpacked, data)
            remove_tree(unpacked)

        key = content_key("headers", _LAYOUT, self.packs.headers, kernel.digest)
        return self._built(ArtefactKind.HEADERS, key, make, self.packs.headers_room_mib)

    def symbols(self, kernel: Kernel) -> Artefact:
        """A vmlinux of exactly this kernel with the DWARF of its types and variables."""

        def make(data: Path) -> None:
            apt = self._apt()
            package = apt.show(f"{self.packs.symbols.format(release=kernel.release)}={kernel.version}")
            (deb,) = apt.fetch(
                [package], self._downloads(ArtefactKind.SYMBOLS), self._say(ArtefactKind.SYMBOLS)
            )
            self._say(ArtefactKind.SYMBOLS)("unpacking")
            whole = data / "whole"
            extract_member(deb, f"usr/lib/debug/boot/vmlinux-{kernel.release}", whole)
            slim(whole, data / "vmlinux", toolchain(self.cache, self.recipe, self.listen, self.mirror))
            whole.unlink()

        key = self._symbols_key(kernel)
        return self._built(ArtefactKind.SYMBOLS, key, make, self.packs.symbols_room_mib)

    def find_symbols(self, kernel: Kernel) -> Artefact | None:
        """The symbols if they have been made."""
        return self.cache.find(ArtefactKind.SYMBOLS, self.name, self._symbols_key(kernel))

    def _symbols_key(self, kernel: Kernel) -> str:
        return content_key("symbols", _LAYOUT, self.packs.symbols, kernel.digest, *DROPPED, *KEPT)

    def _fetch_and_unpack(self, apt: Apt, kind: ArtefactKind, first: str, folder: Path) -> None:
        packages = apt.closure(first, r"linux-(headers|kbuild)-")
        debs = apt.fetch(packages, self._downloads(kind), self._say(kind))
        self._say(kind)("unpacking")
        unpack(debs, folder)

    def _built(self, kind: ArtefactKind, key: str, make: Callable[[Path], None], room_mib: int) -> Artefact:
        built = self.cache.get_or_build(kind, self.name, key, make, self.listen, room=Size.mib(room_mib))
        remove_tree(self._downloads(kind))
        return built

    def _apt(self) -> Apt:
        return open_apt(self.cache, self.packs.suite, self.listen, self.mirror)

    def _downloads(self, kind: ArtefactKind) -> Path:
        return self.cache.root / "downloads" / f"{kind.value}-{self.name}"

    def _say(self, kind: ArtefactKind) -> Callable[[str], None]:
        return speaker(self.listen, kind, self.name)

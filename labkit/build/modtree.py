"""The folder /lib/modules/<release> of one kernel: what is built in, what is a module, what each one needs.

Formats: kmod's modules.dep ("path.ko: dep.ko …", the needed first to be loaded last in the line) and kbuild's
modules.builtin (Linux scripts/modules-check.sh and Makefile.modbuiltin).
"""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from labkit.model.errors import BadInput

_SUFFIXES = (".ko", ".ko.xz", ".ko.gz")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleTree:
    """One kernel's modules. `needs` maps each module's path to the paths it needs, nearest first."""

    folder: Path
    builtin: frozenset[str]
    needs: Mapping[str, tuple[str, ...]]

    @property
    def release(self) -> str:
        return self.folder.name

    def missing(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of `names` that are neither a module nor built in."""
        known = self.builtin | {module_name(path) for path in self.needs}
        return tuple(name for name in names if name not in known)

    def load_order(self, names: Iterable[str]) -> tuple[str, ...]:
        """Paths to insert so that `names` work, each after what it needs; what is built in is left out."""
        paths = {module_name(path): path for path in self.needs}
        order: dict[str, None] = {}
        for name in names:
            if name in self.builtin or name not in paths:
                continue
            path = paths[name]
            for needed in (*reversed(self.needs[path]), path):
                order.setdefault(needed)
        return tuple(order)

    def read(self, path: str) -> bytes:
        """A module's own bytes: the kernel's loader in an initramfs takes no compressed ones for granted."""
        data = (self.folder / path).read_bytes()
        if path.endswith(".xz"):
            return lzma.decompress(data)
        if path.endswith(".gz"):
            return gzip.decompress(data)
        return data


def module_name(path: str) -> str:
    """The name the kernel gives a module: 'kernel/…/virtio-rng.ko.xz' is virtio_rng."""
    return PurePosixPath(path).name.partition(".ko")[0].replace("-", "_")


def parse_dep(text: str) -> dict[str, tuple[str, ...]]:
    """The table of modules.dep."""
    table = {}
    for line in text.splitlines():
        path, colon, needed = line.partition(":")
        if colon:
            table[path] = tuple(needed.split())
    return table


def load_tree(folder: Path) -> ModuleTree:
    """Read /lib/modules/<release>. Raises BadInput if depmod has not seen it."""
    dep, builtin = folder / "modules.dep", folder / "modules.builtin"
    for table in (dep, builtin):
        if not table.is_file():
            raise BadInput(
                where=str(folder), found=f"no {table.name}", fix="give the result of 'make modules_install'"
            )
    needs = parse_dep(dep.read_text())
    odd = next((path for path in needs if not path.endswith(_SUFFIXES)), None)
    if odd is not None:
        raise BadInput(
            where=str(folder / odd),
            found="a compression labkit does not read",
            fix="install the modules uncompressed, or with CONFIG_MODULE_COMPRESS_XZ or _GZIP",
        )
    return ModuleTree(
        folder=folder,
        builtin=frozenset(module_name(line) for line in builtin.read_text().split()),
        needs=needs,
    )

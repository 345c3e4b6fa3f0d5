"""Things that were built once and are found again by the content that shaped them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class ArtefactKind(Enum):
    IMAGE = "image"
    BUILDROOT = "buildroot"
    PACKAGES = "packages"  # lists of what a Debian suite offers
    PACK = "pack"
    HEADERS = "headers"
    SYMBOLS = "symbols"
    INITRAMFS = "initramfs"
    PROGRAM = "program"
    MODULE = "module"
    TEMPLATE = "template"  # a guest frozen when it was ready


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """A finished file or folder in the cache. `key` is the SHA-256 of everything that shaped it."""

    kind: ArtefactKind
    name: str
    key: str
    path: Path
    bytes: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestImage:
    """The guest's read-only root file system (erofs)."""

    key: str
    root: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelPack:
    """One kernel as labkit boots it. `modules` is an erofs of /lib/modules, `initramfs` brings the root up.

    `headers` is a folder with usr/src/… (and usr/lib/linux-kbuild-…) for out-of-tree modules; `symbols` a
    vmlinux with the DWARF of types and variables. Both may be absent in a pack made from a user's own kernel.
    """

    name: str
    release: str
    key: str
    vmlinuz: Path
    modules: Path
    initramfs: Path
    headers: Path | None
    symbols: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A static executable for the guest, built from lab or student C code."""

    name: str
    path: Path
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A kernel module built for exactly one kernel release."""

    name: str
    release: str
    path: Path
    digest: str

"""The recipes of images/: TOML files as values. A recipe's bytes are part of the key of what it builds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TypeVar

import pydantic

from labkit.model.errors import BadInput
from labkit.model.units import Size

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class _Recipe(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, strict=True)


class RootRecipe(_Recipe):
    """A Debian root: `variant` is mmdebstrap's, `drop` globs of paths that no package may unpack."""

    suite: str
    variant: str
    packages: list[str]
    drop: list[str]
    room_mib: int

    @property
    def room(self) -> Size:
        return Size.mib(self.room_mib)


class GuestRecipe(RootRecipe):
    """The guest's root; `root_shell` runs each command that comes over SSH."""

    root_shell: str


class ProgramFlags(_Recipe):
    """How gcc is called for a lab's program."""

    flags: list[str]
    libraries: list[str]


class Limits(_Recipe):
    """What one compilation may take."""

    seconds: float
    memory_mib: int
    file_mib: int


class BuildrootRecipe(RootRecipe):
    """The root in which C is compiled."""

    program: ProgramFlags
    limits: Limits


class InitramfsRecipe(_Recipe):
    """`modules` maps what init loads, in order, to the kernel's name of the option that builds it."""

    hostname: str
    overlay_percent: int
    disk_wait_seconds: int
    modules: dict[str, str]


class PacksRecipe(_Recipe):
    """Kernels by name. `headers` and `symbols` are package names with a {release}."""

    suite: str
    headers: str
    symbols: str
    room_mib: int
    headers_room_mib: int
    symbols_room_mib: int
    kernels: dict[str, str]
    initramfs: InitramfsRecipe


_Some = TypeVar("_Some", bound=_Recipe)


def load_guest(recipe: Path) -> GuestRecipe:
    """images/guest.toml. Raises BadInput that names the key."""
    return _load(recipe / "guest.toml", GuestRecipe)


def load_buildroot(recipe: Path) -> BuildrootRecipe:
    """images/buildroot.toml. Raises BadInput that names the key."""
    return _load(recipe / "buildroot.toml", BuildrootRecipe)


def load_packs(recipe: Path) -> PacksRecipe:
    """images/packs.toml. Raises BadInput that names the key."""
    return _load(recipe / "packs.toml", PacksRecipe)


def _load(path: Path, kind: type[_Some]) -> _Some:
    try:
        return kind.model_validate(tomllib.loads(path.read_text()))
    except FileNotFoundError:
        raise BadInput(where=str(path), found="no such file", fix="restore it from the checkout") from None
    except tomllib.TOMLDecodeError as error:
        raise BadInput(where=str(path), found=str(error), fix="correct the TOML") from error
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise BadInput(where=f"{path}: {key}", found=first["msg"], fix="correct the key") from error

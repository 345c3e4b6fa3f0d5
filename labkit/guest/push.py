"""Files and folders of ours as a guest is to have them below its /lab."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from labkit.model.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What is to lie in /lab: name → (content or file of ours, mode). `left_out` are paths that cannot."""

    cargo: dict[str, tuple[bytes | Path, int]]
    left_out: tuple[Path, ...]
    bytes: int


@dataclass(frozen=True, slots=True)
class _Item:
    """A file, folder or link of ours and its name in /lab. `root` is the folder that was named, resolved."""

    path: Path
    name: str
    root: Path


def pack(paths: Iterable[Path]) -> Pushed:
    """Each path under its own last name, folders whole.

    A link that stays inside its folder, or leads nowhere, goes as a link; one that leads out is followed, and
    so is a path that is a link itself. Sockets, FIFOs and devices are left out. Raises UsageError.
    """
    cargo: dict[str, tuple[bytes | Path, int]] = {}
    left_out: list[Path] = []
    total = 0
    for path in paths:
        named = _named(path)
        if named.name in cargo:
            raise _cannot(path, f"another path has the name {named.name}, too", "rename one of them")
        try:
            for item in _walk(named, frozenset()):
                status = item.path.lstat()
                if (content := _content(item, status.st_mode)) is None:
                    left_out.append(item.path)
                    continue
                cargo[item.name] = (content, status.st_mode)
                total += status.st_size
        except OSError as error:
            raise _cannot(path, f"{error.filename or path}: {error.strerror}", "make it readable") from error
    return Pushed(cargo=cargo, left_out=tuple(left_out), bytes=total)


def _named(path: Path) -> _Item:
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:  # a RuntimeError is a loop of links, before Python 3.13
        raise _cannot(path, "no such file or folder", "name one that is there") from error
    name = real.name if path.name in ("", "..") else path.name
    if not name:
        raise _cannot(path, "all of this machine", "name a folder of it")
    return _Item(real, name, real)


def _walk(item: _Item, above: frozenset[Path]) -> Iterator[_Item]:
    """The item and all below it; links that lead out are replaced by what they lead to.

    `above` are the folders we are in: a link back to one of them would not end.
    """
    if item.path.is_symlink() and (out := _outside(item)):
        item = _Item(out, item.name, out)
    yield item
    if item.path.is_symlink() or not item.path.is_dir() or (real := item.path.resolve()) in above:
        return
    for child in sorted(item.path.iterdir()):
        yield from _walk(_Item(child, f"{item.name}/{child.name}", item.root), above | {real})


def _outside(link: _Item) -> Path | None:
    """Where a link leads if that is out of its folder and there."""
    try:
        target = link.path.resolve(strict=True)
    except (OSError, RuntimeError):
        return None
    return None if target.is_relative_to(link.root) else target


def _content(item: _Item, mode: int) -> bytes | Path | None:
    """What lies in it; None for a kind that a guest cannot be given."""
    if stat.S_ISREG(mode):
        with item.path.open("rb"):  # here, where it can be told which of the paths is not to be read
            return item.path
    if stat.S_ISLNK(mode):
        return os.fsencode(_link_text(item))
    return b"" if stat.S_ISDIR(mode) else None


def _link_text(item: _Item) -> str:
    """What the link says; an absolute path inside its folder would be another in the guest."""
    text, target = item.path.readlink(), item.path.resolve()
    if text.is_absolute() and target.is_relative_to(item.root):
        return os.path.relpath(target, item.path.parent.resolve())
    return str(text)


def _cannot(path: Path, found: str, fix: str) -> UsageError:
    return UsageError(where=f"--push {path}", found=found, fix=fix)

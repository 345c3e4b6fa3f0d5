"""A kernel's headers as one folder that is bound at /usr/src in the sandbox."""

from __future__ import annotations

import os
from pathlib import Path


def gather_headers(unpacked: Path, target: Path) -> None:
    """Make `target`/usr/src out of Debian's unpacked header packages, kbuild's own programs included.

    Debian puts those into /usr/lib/linux-kbuild-X and links there from /usr/src. The build root is read-only
    and has no such folder to bind over, so they move into /usr/src, where kbuild looks through a link anyway.
    """
    source = target / "usr" / "src"
    source.parent.mkdir(parents=True)
    (unpacked / "usr" / "src").rename(source)
    for kbuild in sorted((unpacked / "usr" / "lib").glob("linux-kbuild-*")):
        link = source / kbuild.name
        link.unlink(missing_ok=True)
        kbuild.rename(link)
    for tree in source.iterdir():
        for path in tree.iterdir():
            if path.is_symlink() and (inside := _moved(os.fspath(path.readlink()))):
                path.unlink()
                path.symlink_to(inside)


def _moved(link: str) -> str | None:
    before, found, after = link.partition("lib/linux-kbuild-")
    return f"../linux-kbuild-{after}" if found and not before.strip("./") else None

"""Debian roots as plain folders: mmdebstrap in its own namespaces, unpacked as this user."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from labkit.build.namespaces import enter_namespace
from labkit.build.tools import find_tool, run
from labkit.build.trees import remove_tree
from labkit.model.errors import HostError
from labkit.model.units import Deadline

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_BOOKKEEPING = re.compile("tempdir|signed-by|skipping|received signal")
_BOOTSTRAP_SECONDS = 1800.0
_UNPACK_SECONDS = 300.0

Say = Callable[[str], None]


def bootstrap(
    folder: Path,
    *,
    suite: str,
    variant: str,
    packages: Sequence[str],
    drop: Sequence[str],
    say: Say,
    mirror: str | None,
    keep_lists: bool = False,
) -> None:
    """Make `folder` a Debian root, every file owned by this user and no device nodes.

    Packages come from Debian's own mirror with its updates and security (or from `mirror`), verified by apt.
    Raises HostError with apt's last words when it cannot be had.
    """
    find_tool("mmdebstrap")
    require_keyring()
    scratch, tar = folder.parent / "bootstrap", folder.parent / "bootstrap.tar"
    scratch.mkdir(mode=0o755)
    argv = [
        *enter_namespace(),
        "mmdebstrap",
        "--mode=root",
        "--format=tar",
        f"--variant={variant}",
        *([f"--include={','.join(packages)}"] if packages else []),
        *(["--skip=cleanup"] if keep_lists else []),
        '--aptopt=Acquire::Languages "none"',
        '--aptopt=APT::Sandbox::User "root"',
        "--dpkgopt=force-unsafe-io",
        *(f"--dpkgopt=path-exclude={glob}" for glob in drop),
        suite,
        str(tar),
        *([mirror] if mirror else []),
    ]
    done = run(
        argv,
        deadline=Deadline.after(_BOOTSTRAP_SECONDS, f"Debian {suite}"),
        env={"TMPDIR": str(scratch), "DEBIAN_FRONTEND": "noninteractive"},
        on_line=lambda line: _tell(line, say),
    )
    if done.status != 0:
        raise HostError(
            where="mmdebstrap",
            found=f"no Debian {suite} root could be made",
            fix="read its words below; often the network or a proxy (http_proxy) is missing",
            detail=done.last_lines,
        )
    say("unpacking")
    _unpack(tar, folder)
    tar.unlink()
    remove_tree(scratch)


def require_keyring() -> None:
    """Raises HostError where Debian's keys are missing, as on Ubuntu."""
    if not _KEYRING.is_file():
        raise HostError(
            where=str(_KEYRING),
            found="Debian's archive keys are not installed",
            fix="install them: sudo apt-get install debian-archive-keyring",
        )


def _tell(line: str, say: Say) -> None:
    """Pass on mmdebstrap's steps ("I: extracting archives..."), not its bookkeeping."""
    if line.startswith("I: ") and line.endswith("...") and not _BOOKKEEPING.search(line):
        say(line[3:].rstrip("."))


def _unpack(tar: Path, folder: Path) -> None:
    folder.mkdir()
    argv = ["tar", "-x", "-p", "--no-same-owner", "--exclude=./dev/*", "-f", str(tar), "-C", str(folder)]
    done = run(argv, deadline=Deadline.after(_UNPACK_SECONDS, "unpacking"))
    if done.status != 0:
        raise HostError(
            where=str(folder), found="tar could not unpack the root", fix="see below", detail=done.last_lines
        )

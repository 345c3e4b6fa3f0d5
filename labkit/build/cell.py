"""The build root where a host gives no namespaces: a copy, changed into by nobody.

A container such as a learning platform's forbids them to its own root. The container is then the wall around
everything; what is left to do is to keep C from what it could reach while it is compiled. Outside the copy it
reaches no file (chroot), and in it, it may write to nothing but its work and /tmp.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from labkit.build.tools import run
from labkit.build.trees import remove_tree
from labkit.model.errors import DeadlineExpired, HostError
from labkit.model.units import Deadline

NOBODY = 65534  # Debian's own
_COPY_SECONDS = 60.0  # of hard links; a second here
_NULL = os.makedev(1, 3)  # Documentation/admin-guide/devices.txt


@contextmanager
def cell(root: Path, work: Path, inside: str, headers: Path | None) -> Iterator[Path]:
    """A copy of `root` with `work` at `inside` and `headers` at /usr/src; what is made there comes back.

    It is of hard links, beside `work` on one file system. Raises HostError when this host refuses.
    """
    copy = work.parent / "cell"
    within = copy / inside.lstrip("/")
    try:
        _link(root, copy)
        if headers is not None:
            _link(headers, copy / "usr" / "src")
        _put_null(copy / "dev" / "null")
        (copy / "tmp").chmod(0o1777)
        remove_tree(within)
        shutil.copytree(work, within, symlinks=True)
        for path in (within, *within.rglob("*")):
            os.lchown(path, NOBODY, NOBODY)
        yield copy
        shutil.copytree(within, work, symlinks=True, dirs_exist_ok=True)
    finally:
        if copy.exists():
            remove_tree(copy)


def entering(copy: Path, inside: str, environment: Sequence[str]) -> tuple[str, ...]:
    """The words before a command that is to run in a cell."""
    door = ("chroot", f"--userspec={NOBODY}:{NOBODY}", "--groups=", str(copy))
    return (*door, "/usr/bin/env", "-i", *environment, "sh", "-c", f'cd {inside} && exec "$@"', "sh")


def _link(source: Path, target: Path) -> None:
    argv = ["cp", "--archive", "--link", "--no-target-directory", str(source), str(target)]
    try:
        done = run(argv, deadline=Deadline.after(_COPY_SECONDS, "copying the build root"))
    except DeadlineExpired as error:  # the compiler's deadline is the author's to mind, this one is not
        found = f"the build root was not copied within {error.seconds:.0f} s"
        raise HostError(where=str(target), found=found, fix="try again on a less busy machine") from error
    if done.status != 0:
        raise HostError(
            where=str(target),
            found="the build root could not be copied",
            fix="see below",
            detail=done.last_lines,
        )


def _put_null(path: Path) -> None:
    """kbuild reads and writes it."""
    try:
        path.parent.mkdir(exist_ok=True)
        os.mknod(path, stat.S_IFCHR | 0o666, _NULL)
        path.chmod(0o666)
    except OSError as error:
        raise HostError(
            where=str(path),
            found=f"no device can be made: {error.strerror}",
            fix="allow this container mknod, or user namespaces",
        ) from error

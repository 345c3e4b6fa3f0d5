"""Where C is compiled: the build root, read-only, without network, environment, or anything of this host."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from labkit.build.cell import cell, entering
from labkit.build.namespaces import are_walls_refused, blocking_switch
from labkit.build.recipe import Limits
from labkit.build.tools import Done, find_tool, run
from labkit.model.errors import HostError
from labkit.model.units import Deadline

WORK = "/mnt"  # Debian's own, so that a read-only root has it; written to, as /tmp is


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A build root, the digest of its content, and what one command in it may take."""

    root: Path
    digest: str
    limits: Limits

    def run(self, argv: Sequence[str], *, work: Path, phase: str, headers: Path | None = None) -> Done:
        """Run a command of the build root in `work`, seen as /mnt; `headers` is seen as /usr/src.

        Raises HostError if bubblewrap itself cannot start, DeadlineExpired after the recipe's seconds.
        """
        if are_walls_refused():
            with cell(self.root, work, WORK, headers) as copy:
                return self._run([*entering(copy, WORK, _ENVIRONMENT), *argv], phase)
        find_tool("bwrap")
        root = ("--ro-bind", str(self.root), "/")
        bound = ("--ro-bind", str(headers), "/usr/src") if headers else ()
        inside = (*_WALLS, *root, *_FURNITURE, *bound, "--bind", str(work), WORK, "--chdir", WORK)
        done = self._run(["bwrap", *inside, "--", *argv], phase)
        if done.status != 0 and done.stderr.startswith("bwrap: "):
            raise HostError(
                where="bubblewrap",
                found=done.last_lines,
                fix=f"allow user namespaces: {blocking_switch()}",
            )
        return done

    def _run(self, words: Sequence[str], phase: str) -> Done:
        limits = (
            f"--as={self.limits.memory_mib << 20}",
            f"--fsize={self.limits.file_mib << 20}",
            f"--cpu={int(self.limits.seconds)}",
            "--core=0",
        )
        return run(["prlimit", *limits, "--", *words], deadline=Deadline.after(self.limits.seconds, phase))


_ENVIRONMENT = ("PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp", "LC_ALL=C")
_WALLS = ("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv")
_FURNITURE = (
    *("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"),
    *(word for name in _ENVIRONMENT for word in ("--setenv", *name.split("=", 1))),
)

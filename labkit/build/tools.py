"""The one door to the host's programs: found by name, ended with labkit, waited for with a deadline."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from labkit.model.errors import DeadlineExpired, HostError
from labkit.model.units import Deadline, Size

PACKAGES = {  # of Debian and Ubuntu, by the program they bring
    "apt-get": "apt",
    "apt-cache": "apt",
    "bwrap": "bubblewrap",
    "dpkg-deb": "dpkg",
    "mkfs.erofs": "erofs-utils",
    "mmdebstrap": "mmdebstrap",
    "newuidmap": "uidmap",
    "prlimit": "util-linux",
    "setpriv": "util-linux",
    "tar": "tar",
    "unshare": "util-linux",
}
_KEPT = Size.mib(4)  # of a program's output; the rest is read and dropped
_TICK_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a program ended: its status (-n for signal n) and its output as text."""

    status: int
    stdout: str
    stderr: str

    @property
    def last_lines(self) -> str:
        """The end of what it said on stderr, for an error's detail."""
        return "\n".join(self.stderr.strip().splitlines()[-12:])


def find_tool(name: str) -> Path:
    """The program's path. Raises HostError that names the package to install."""
    # mkfs.erofs and its like live in sbin, which a plain user's PATH leaves out on Debian.
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        raise HostError(
            where="this host",
            found=f"no program '{name}'",
            fix=f"install it: sudo apt-get install {PACKAGES.get(name, name)}",
        )
    return Path(found)


def run(
    argv: Sequence[str],
    *,
    deadline: Deadline,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] | None = None,
    on_tick: Callable[[], None] | None = None,
) -> Done:
    """Run a program to its end. `env` is added to this process's own; `on_line` hears each line of stderr.

    Its whole session is killed when the deadline expires (DeadlineExpired), on any exception here, and with
    labkit whatever ends that. Raises OSError(ENOSPC) when it says that the disk is full.
    """
    find_tool(argv[0])
    with _started(argv, cwd=cwd, env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})}) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        out, err = _Reader(process.stdout), _Reader(process.stderr, on_line)
        _wait(process, deadline, on_tick or (lambda: None), err)
        done = Done(status=process.returncode, stdout=out.text(), stderr=err.text())
    if done.status != 0 and os.strerror(errno.ENOSPC) in done.stderr:
        raise OSError(errno.ENOSPC, f"{argv[0]}: {os.strerror(errno.ENOSPC)}")
    return done


@contextlib.contextmanager
def stream(argv: Sequence[str], deadline: Deadline) -> Iterator[IO[bytes]]:
    """A program's output while it runs. At the deadline it is killed, and its output ends early."""
    with _started(argv, cwd=None, env=os.environ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        _Reader(process.stderr)
        timer = threading.Timer(deadline.remaining, process.kill)
        timer.start()
        try:
            with process.stdout as pipe:
                yield pipe
        finally:
            timer.cancel()


@contextlib.contextmanager
def _started(
    argv: Sequence[str], *, cwd: Path | None, env: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """The program in a session of its own. The kernel kills it when the thread that started it is gone."""
    process = subprocess.Popen(
        [str(find_tool("setpriv")), "--pdeathsig", "KILL", "--", str(find_tool(argv[0])), *argv[1:]],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(
    process: subprocess.Popen[bytes], deadline: Deadline, on_tick: Callable[[], None], err: _Reader
) -> None:
    while True:
        try:
            process.wait(timeout=min(_TICK_SECONDS, deadline.remaining))
            return
        except subprocess.TimeoutExpired:
            on_tick()
            if deadline.expired:
                raise DeadlineExpired(
                    phase=deadline.phase,
                    seconds=deadline.seconds,
                    where=str(process.args[4]) if isinstance(process.args, list) else "",
                    fix="see whether the network or this host is slow, then run again",
                    detail=err.text(),
                ) from None


class _Reader:
    """Drains a pipe on a thread of its own, so that no program is ever blocked by its own output."""

    def __init__(self, pipe: IO[bytes], on_line: Callable[[str], None] | None = None) -> None:
        self._pipe = pipe
        self._on_line = on_line
        self._kept = bytearray()
        self._thread = threading.Thread(target=self._drain, daemon=True)
        self._thread.start()

    def text(self) -> str:
        # A grandchild may hold the pipe open: what has come so far is what there is.
        self._thread.join(timeout=1.0)
        return self._kept.decode(errors="replace")

    def _drain(self) -> None:
        with self._pipe:
            for line in self._pipe:
                if len(self._kept) < _KEPT:
                    self._kept += line
                if self._on_line is not None:
                    self._on_line(line.decode(errors="replace").rstrip())

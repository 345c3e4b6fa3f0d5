"""Where soaked runs take place: folders of their own, and a mark by which what they leave is found."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

LABKIT = Path(sys.executable).with_name("labkit")
MARK = "LABKIT_SOAK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arena:
    """Folders for run directories, temporary files and to stand in; every child's environment has `mark`."""

    folder: Path
    mark: str

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    @property
    def tmp(self) -> Path:
        return self.folder / "tmp"

    @property
    def cwd(self) -> Path:
        return self.folder / "cwd"

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """`labkit run WORDS` as the head of a process group, like a shell's job. The caller ends it."""
        with (self.folder / "out").open("wb") as out:
            return subprocess.Popen(
                [LABKIT, "run", *words, "--runs", str(self.runs), "--quiet"],
                cwd=self.cwd,
                env={**os.environ, "TMPDIR": str(self.tmp), MARK: self.mark},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        """What the last run printed."""
        return (self.folder / "out").read_text(encoding="utf-8", errors="replace").strip()

    def survivors(self) -> dict[int, str]:
        """The living processes that runs of this arena started: their command lines by process id."""
        mark = f"{MARK}={self.mark}".encode()
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "environ").read_bytes().split(b"\0"):
                    words = (process / "cmdline").read_bytes().split(b"\0")
                    found[int(process.name)] = b" ".join(words).decode().strip()[:200]
            except OSError:  # it ended, or it is another user's
                continue
        return {pid: line for pid, line in found.items() if line}  # a zombie has no command line

    def strays(self) -> list[str]:
        """Files that runs left where they should leave none."""
        return [str(path) for folder in (self.tmp, self.cwd) for path in sorted(folder.rglob("*"))]


@contextmanager
def arena() -> Iterator[Arena]:
    with tempfile.TemporaryDirectory(prefix="labkit-soak-") as name:
        place = Arena(folder=Path(name), mark=uuid.uuid4().hex)
        for folder in (place.runs, place.tmp, place.cwd):
            folder.mkdir()
        try:
            yield place
        finally:
            for pid in place.survivors():
                os.kill(pid, signal.SIGKILL)


@contextmanager
def busy_cores() -> Iterator[None]:
    """Every core of the host kept busy."""
    with ExitStack() as stack:
        for _ in range(os.cpu_count() or 1):
            spin = ["setpriv", "--pdeathsig", "KILL", sys.executable, "-c", "while True: pass"]
            spinner = stack.enter_context(subprocess.Popen(spin))
            stack.callback(spinner.kill)
        yield

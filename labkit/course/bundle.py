"""A zip that grades a lab inside Gradescope's own container: labkit, the one lab, and two scripts."""

from __future__ import annotations

import io
import re
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from labkit.labfile.load import load
from labkit.model.errors import UsageError
from labkit.model.lab import Lab
from labkit.model.machine import Accel
from labkit.model.units import Size
from labkit.order import guest_need
from labkit.places import CHECKOUT, is_shipped, lab_folder, places
from labkit.policy.load import load_policy
from labkit.report.export.bundle import render_run, render_setup
from labkit.report.export.github import render_workflow
from labkit.store.disk import write_whole

ROOTS = ("labkit", "images", "kmod")
FILES = ("pyproject.toml", "Makefile", "README.md", "labs/course.toml")
# Nothing of the lab that a student may not see comes near a student's code.
SECRET = ("solution", "wrong", "forgers", "evidence")
JUNK = ("__pycache__",)
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")
CONTAINER = Size.mib(768)  # Gradescope's smallest, with half a CPU (EXPORTS.md)
OWN = Size.mib(250)  # labkit itself, and what it compiles with


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundled:
    """The zip, and what the container must have for its largest guest."""

    path: Path
    memory: Size

    @property
    def fits(self) -> bool:
        """Whether the smallest container will do."""
        return self.memory <= CONTAINER


def bundle(lab: str, out: Path, *, kernel: str = "", policy: Path | None = None) -> Bundled:
    """Write it. Raises BadInput for the lab and the policy, HostError when the host refuses."""
    here = places()
    loaded = load(lab_folder(here, lab))
    if not is_shipped(here, loaded.folder):
        raise UsageError(where=f"LAB {lab}", found="no lab of this checkout", fix="copy it to labs/ first")
    if policy is not None:
        load_policy(policy)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        _put(archive, "setup.sh", render_setup(loaded.id, kernel).encode(), executable=True)
        run = render_run(loaded.id, kernel, policy=policy is not None)
        _put(archive, "run_autograder", run.encode(), executable=True)
        if policy is not None:
            _put(archive, "policy.toml", policy.read_bytes())
        for path in _files(loaded):
            name = f"labkit/{path.relative_to(CHECKOUT).as_posix()}"
            _put(archive, name, path.read_bytes(), executable=bool(path.stat().st_mode & stat.S_IXUSR))
    write_whole(out, data.getvalue())
    return Bundled(path=out, memory=_memory(loaded))


def workflow(lab: str, out: Path, source: str, kernel: str = "") -> Path:
    """Write GitHub Classroom's workflow; `source` is labkit's own repository. Raises UsageError."""
    loaded = load(lab_folder(places(), lab))
    if not _REPOSITORY.fullmatch(source):
        raise UsageError(where=f"--source {source}", found="no repository", fix="write OWNER/NAME")
    write_whole(out, render_workflow(loaded.id, labkit=source, kernel=kernel).encode())
    return out


def _memory(lab: Lab) -> Size:
    largest = max(guest_need(scene.machine, Accel.TCG).memory for scene in lab.scenes)
    return Size(largest + OWN)


def _files(lab: Lab) -> Iterator[Path]:
    yield from (CHECKOUT / name for name in FILES)
    for root in (*(CHECKOUT / name for name in ROOTS), lab.folder):
        for path in sorted(root.rglob("*")):
            inside = path.relative_to(root).parts
            secret = root == lab.folder and inside[0] in SECRET
            if path.is_file() and not secret and not set(inside) & set(JUNK):
                yield path


def _put(archive: zipfile.ZipFile, name: str, data: bytes, *, executable: bool = False) -> None:
    """The same bytes for the same content: nothing in it hangs on the clock."""
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
    archive.writestr(info, data)

"""A deterministic guest's initramfs: that of its kernel, and behind it an archive with the job.

The kernel unpacks archives that stand one after the other (Documentation/driver-api/early-userspace/
buffer-format.rst): the pack's own part stays as it is.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from labkit.build import cpio

TEMPLATE = "job.sh.j2"
INIT = "rdinit=/job/init"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a deterministic guest does: `script` sets knobs, which are read back, then come `prepare`, `run`.

    The files at `places` are copied before and after `run`. `files` lie in /lab; `modules` are in first.
    """

    run: str
    prepare: str = ""
    script: str = ""
    knobs: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    seconds: int = 60
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    modules: Mapping[str, bytes] = field(default_factory=dict)


def write_initrd(target: Path, initramfs: Path, job: Job, recipe: Path) -> None:
    """The archive that a guest boots from: the kernel's own initramfs, then the job."""
    target.write_bytes(initramfs.read_bytes() + render_job(job, (recipe / TEMPLATE).read_text()))


def render_job(job: Job, template: str) -> bytes:
    """The job's own archive; the same job, the same bytes."""
    return cpio.render_archive(_entries(job, template))


def _entries(job: Job, template: str) -> Sequence[cpio.Entry]:
    init = render_script(job, template)
    return [
        *(cpio.directory(name) for name in ("job", "lab", "modules")),
        cpio.file("job/init", init.encode(), 0o755),
        cpio.file("job/prepare", job.prepare.encode()),
        cpio.file("job/run", job.run.encode()),
        *(cpio.file(f"lab/{name}", data, 0o755) for name, data in sorted(job.files.items())),
        *(cpio.file(f"modules/{name}", data) for name, data in sorted(job.modules.items())),
    ]


def render_script(job: Job, template: str) -> str:
    """The first process of the guest."""
    import jinja2

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, autoescape=False)
    return environment.from_string(template).render(
        script=job.script,
        knobs=[shlex.quote(path) for path in job.knobs],
        places=[shlex.quote(path) for path in job.places],
        environment=sorted((name, shlex.quote(value)) for name, value in job.environment.items()),
        prepare=bool(job.prepare),
        seconds=job.seconds,
        modules=sorted(job.modules),
    )

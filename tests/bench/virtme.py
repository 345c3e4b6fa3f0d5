"""virtme-ng, as it may be had on any host, to be measured beside `labkit exec`.

Everything lands in one folder of labkit's cache; nothing is installed. What it gets, and why:

- virtme-ng from PyPI in a virtual environment, and Debian's generic kernel: the cloud kernels lack 9p.
- For its root a small Debian with udev, without which it does not find the ports for a script's output. The
  kernel's modules are in its initramfs alone: in the root udev would load one for every device.
- 9p at once: it takes no virtiofsd but the one in Rust, which Debian 12 lacks, and would try before.
- The memory and the CPUs of labkit's guest, and no KVM where labkit found it useless: it would believe it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from labkit.build.apt import open_apt
from labkit.build.cache import Cache
from labkit.build.deb import unpack
from labkit.build.debian import bootstrap
from labkit.model.events import silent
from labkit.places import places

VERSION = "1.42"
SUITE = "bookworm"
META = "linux-image-amd64"
KMOD = ("depmod", "modprobe", "insmod")
_WHOLE = "whole-2"


@dataclass(frozen=True, slots=True)
class Virtme:
    """virtme-ng and what it needs, below one folder."""

    folder: Path

    @property
    def kernel(self) -> Path:
        return next((self.folder / "kernel" / "boot").glob("vmlinuz-*"))

    @property
    def release(self) -> str:
        return self.kernel.name.partition("-")[2]

    @property
    def env(self) -> Mapping[str, str]:
        path = (str(self.folder / "venv" / "bin"), str(self.folder / "tools"), os.environ["PATH"])
        return {**os.environ, "PATH": ":".join(path)}

    def argv(self, *words: str, memory_mib: int, cpus: int, kvm: bool) -> tuple[str, ...]:
        return (
            str(self.folder / "venv" / "bin" / "vng"),
            *("--run", str(self.kernel), "--root", str(self.folder / "root"), "--force-9p"),
            *("--memory", f"{memory_mib}M", "--cpus", str(cpus), *(() if kvm else ("--disable-kvm",))),
            *("--", *words),
        )


def ready() -> Virtme:
    """virtme-ng, fetched on first use (160 MB). Raises HostError or CalledProcessError where it cannot be."""
    here = places()
    folder = here.cache / "bench" / f"virtme-ng-{VERSION}"
    if (folder / _WHOLE).exists():
        return Virtme(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _fetch_program(folder)
    bootstrap(
        folder / "root",
        suite=SUITE,
        variant="minbase",
        packages=("udev", "kmod", "iproute2", "busybox-static"),
        drop=("/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/man/*"),
        say=_say,
        mirror=None,
    )
    apt = open_apt(Cache(here.cache), SUITE, silent, None)
    image = next(it for it in apt.closure(META, r"linux-image-\d") if it.name != META)
    unpack(apt.fetch([image], folder / "downloads", _say), folder / "kernel")
    _make_tools(folder)
    found = Virtme(folder)
    subprocess.run(["depmod", "-b", folder / "kernel", found.release], env=found.env, check=True)
    (folder / _WHOLE).touch()
    return found


def _fetch_program(folder: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    subprocess.run([*pip, f"virtme-ng=={VERSION}"], check=True)


def _make_tools(folder: Path) -> None:
    """depmod, modprobe, busybox, which not every host has: the root's own, with the root's own libraries."""
    root = folder / "root"
    (folder / "tools").mkdir()
    for name in KMOD:
        tool = folder / "tools" / name
        tool.write_text(
            "#!/bin/sh\n"
            f"exec {root}/lib64/ld-linux-x86-64.so.2 --library-path {root}/usr/lib/x86_64-linux-gnu"
            f' --argv0 {name} {root}/usr/bin/kmod "$@"\n'
        )
        tool.chmod(0o755)
    (folder / "tools" / "busybox").symlink_to(root / "usr" / "bin" / "busybox")  # static, for its initramfs


def _say(text: str) -> None:
    print(f"  virtme-ng: {text}", flush=True)

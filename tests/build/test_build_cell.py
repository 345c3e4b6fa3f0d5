"""C compiled where there are no namespaces, as in a learning platform's container: by nobody, in a copy."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit.build.cache import Cache
from labkit.build.cell import NOBODY
from labkit.build.kernel import toolchain
from labkit.build.pack import pack
from labkit.build.sandbox import Sandbox
from labkit.model.events import silent
from labkit.places import places

pytestmark = [
    pytest.mark.guest,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may change root"),
]
MODULE = b"""#include <linux/module.h>
MODULE_LICENSE("GPL");
"""


@pytest.fixture(scope="module")
def cache() -> Cache:
    return Cache(places().cache)


@pytest.fixture
def sandbox(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    monkeypatch.setattr("labkit.build.sandbox.are_walls_refused", lambda: True)
    return toolchain(cache, places().images, silent)


@pytest.fixture
def work(cache: Cache) -> Iterator[Path]:
    """On the cache's file system, as a build's own is."""
    with tempfile.TemporaryDirectory(dir=cache.root) as folder:
        made = Path(folder) / "work"
        made.mkdir()
        yield made


def said(sandbox: Sandbox, work: Path, script: str) -> list[str]:
    done = sandbox.run(["sh", "-c", script], work=work, phase="test")
    return (done.stdout + done.stderr).splitlines()


def test_a_program_is_compiled_and_what_was_made_comes_back(sandbox: Sandbox, work: Path) -> None:
    (work / "a.c").write_text("int main(void) { return 0; }\n")
    done = sandbox.run(["gcc", "-static", "-o", "a", "a.c"], work=work, phase="test")
    assert (done.status, done.stderr) == (0, "")
    assert (work / "a").read_bytes().startswith(b"\x7fELF")
    assert not (work.parent / "cell").exists()


@pytest.mark.parametrize("kernel", ["6.1", "6.12"])
def test_a_module_is_built(kernel: str, sandbox: Sandbox, work: Path, cache: Cache) -> None:
    found = pack(cache, kernel, places().images, silent)
    assert found.headers is not None
    (work / "a.c").write_bytes(MODULE)
    (work / "Kbuild").write_text("obj-m := a.o\n")
    options = ["M=/mnt", "CONFIG_DEBUG_INFO_BTF_MODULES=", "modules"]
    argv = ["make", "-C", f"/usr/src/linux-headers-{found.release}", *options]
    done = sandbox.run(argv, work=work, phase="test", headers=found.headers / "usr" / "src")
    assert done.status == 0, done.stderr
    assert (work / "a.ko").is_file()


def test_it_is_nobody_who_knows_nothing_and_may_write_nowhere_else(
    sandbox: Sandbox, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABKIT_SECRET", "1")
    assert said(sandbox, work, "id -u; id -G; pwd") == [str(NOBODY), str(NOBODY), "/mnt"]
    assert not [line for line in said(sandbox, work, "env") if "SECRET" in line]
    assert len(said(sandbox, work, f"ls {Path.cwd()} /proc/self 2>&1")) == 2
    before = (sandbox.root / "etc" / "passwd").read_bytes()
    script = "for at in / /etc /usr/src /usr/bin; do touch $at/c; done; echo x >>/etc/passwd; ls /mnt"
    assert len(said(sandbox, work, script)) == 5
    assert (sandbox.root / "etc" / "passwd").read_bytes() == before

"""What the recipes really build: roots, packs, programs and modules, out of this user's own cache."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import platformdirs
import pytest

from labkit.build.cache import Cache
from labkit.build.image import image
from labkit.build.kernel import toolchain
from labkit.build.module import module
from labkit.build.own_kernel import add_kernel
from labkit.build.pack import pack, pack_names
from labkit.build.program import program
from labkit.build.sandbox import Sandbox
from labkit.model.artefact import ArtefactKind, KernelPack
from labkit.model.errors import CompileError, HostError, UsageError
from labkit.model.events import Event, Mood, silent

pytestmark = pytest.mark.guest

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "images"
HELLO = b"""#include <linux/module.h>
static int __init hello_init(void) { return 0; }
static void __exit hello_exit(void) { }
module_init(hello_init);
module_exit(hello_exit);
MODULE_LICENSE("GPL");
"""


@pytest.fixture(scope="module")
def cache() -> Cache:
    return Cache(Path(os.environ.get("LABKIT_CACHE") or platformdirs.user_cache_dir("labkit")))


@pytest.fixture(scope="module", params=["6.1", "6.12"])
def kernel(request: pytest.FixtureRequest, cache: Cache) -> KernelPack:
    return pack(cache, request.param, IMAGES, silent)


@pytest.fixture(scope="module")
def sandbox(cache: Cache) -> Sandbox:
    return toolchain(cache, IMAGES, silent)


def inside(sandbox: Sandbox, work: Path, script: str) -> str:
    done = sandbox.run(["sh", "-c", script], work=work, phase="test")
    return done.stdout + done.stderr


def test_the_image_is_one_erofs_that_root_owns(cache: Cache) -> None:
    root = image(cache, IMAGES, silent).root
    with root.open("rb") as file:
        file.seek(1024)
        assert file.read(4) == bytes.fromhex("e2e1f5e0")  # EROFS_SUPER_MAGIC_V1, fs/erofs/erofs_fs.h


def test_a_pack_is_a_kernel_with_its_modules_and_headers(kernel: KernelPack) -> None:
    assert kernel.release.startswith(kernel.name + ".")
    assert kernel.headers is not None
    headers = kernel.headers / "usr" / "src" / f"linux-headers-{kernel.release}"
    assert (headers / "scripts" / "basic" / "fixdep").is_file()
    assert all(path.is_file() for path in (kernel.vmlinuz, kernel.modules, kernel.initramfs))


def test_a_pack_that_is_built_is_only_found(cache: Cache, kernel: KernelPack) -> None:
    heard = list[Event]()
    assert pack(cache, kernel.name, IMAGES, heard.append) == kernel
    assert heard == []


def test_every_artefact_still_has_its_bytes(cache: Cache) -> None:
    kept = {ArtefactKind.IMAGE, ArtefactKind.PACK, ArtefactKind.INITRAMFS}
    assert [item for item in cache.list() if item.kind in kept and not cache.verify(item)] == []


def test_kmod_builds_for_the_kernel(cache: Cache, kernel: KernelPack) -> None:
    sources = {path.name: path.read_bytes() for path in (ROOT / "kmod").glob("*.[ch]")}
    built = module(cache, "labkit", sources, kernel, IMAGES, silent)
    assert built.release == kernel.release
    assert f"vermagic={kernel.release} ".encode() in built.path.read_bytes()


def test_a_makefile_handed_in_is_not_run(cache: Cache, kernel: KernelPack) -> None:
    sources = {"hello.c": HELLO, "Makefile": b"$(error run)\n", "Kbuild": b"$(error run)\n"}
    assert module(cache, "hello", sources, kernel, IMAGES, silent).path.is_file()


def test_a_module_that_does_not_compile_is_its_authors(cache: Cache, kernel: KernelPack) -> None:
    wrong = HELLO.replace(b"return 0", b"return zork")
    with pytest.raises(CompileError, match="'zork' undeclared") as caught:
        module(cache, "hello", {"hello.c": wrong}, kernel, IMAGES, silent)
    assert caught.value.where == "hello.c:2:45"
    assert "/" not in caught.value.detail.replace("hello.c", "")


def test_a_module_that_wants_an_unknown_symbol_is_refused(cache: Cache, kernel: KernelPack) -> None:
    wrong = HELLO.replace(b"return 0", b"extern int zork(void); return zork()")
    with pytest.raises(CompileError, match=r'"zork" \[hello\.ko\] undefined!'):
        module(cache, "hello", {"hello.c": wrong}, kernel, IMAGES, silent)


def test_a_program_is_static_and_runs_anywhere(cache: Cache) -> None:
    sources = {
        "main.c": b'#include "part.h"\nint main(void) { return part(); }\n',
        "part.c": b'#include "part.h"\nint part(void) { return 7; }\n',
        "part.h": b"int part(void);\n",
    }
    built = program(cache, "seven", sources, IMAGES, silent)
    assert subprocess.run([built.path], check=False, env={}).returncode == 7
    assert program(cache, "seven", sources, IMAGES, silent) == built


@pytest.mark.parametrize(
    ("code", "where", "found"),
    [
        (b"int main(void) { return 0 }\n", "hog.c:1:26", "expected ';' before '}' token"),
        (b"int zork(void);\nint main(void) { return zork(); }\n", "hog", "undefined reference to `zork'"),
        (b'#include "/dev/zero"\n', "hog", "out of memory"),
        (b'#include "../../etc/shadow.h"\n', "hog.c:1:10", "No such file"),
    ],
)
def test_a_program_that_does_not_compile_is_its_authors(
    cache: Cache, code: bytes, where: str, found: str
) -> None:
    with pytest.raises(CompileError) as caught:
        program(cache, "hog", {"hog.c": code}, IMAGES, silent)
    assert caught.value.where == where
    assert found in caught.value.found


def test_the_sandbox_has_no_network_but_its_own_loopback(sandbox: Sandbox, tmp_path: Path) -> None:
    assert "eth" not in inside(sandbox, tmp_path, "cat /proc/net/dev")


def test_the_sandbox_can_write_nowhere_but_its_work(sandbox: Sandbox, tmp_path: Path) -> None:
    said = inside(sandbox, tmp_path, "touch /mnt/a /tmp/b; for d in / /etc /usr/src; do touch $d/c; done")
    assert said.count("Read-only file system") == 3
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_the_sandbox_knows_nothing_of_this_host(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "1")
    assert "SECRET" not in inside(sandbox, tmp_path, "env")
    assert str(os.getpid()) not in inside(sandbox, tmp_path, "ls /proc").split()


def test_the_sandbox_keeps_files_below_the_recipes_limit(sandbox: Sandbox, tmp_path: Path) -> None:
    done = sandbox.run(["sh", "-c", "head -c 1G /dev/zero >big"], work=tmp_path, phase="test")
    assert done.status != 0
    assert (tmp_path / "big").stat().st_size == sandbox.limits.file_mib << 20


def test_a_broken_build_root_is_the_hosts_fault(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(HostError, match="bubblewrap"):
        Sandbox(root=tmp_path / "nowhere", digest="", limits=sandbox.limits).run(
            ["true"], work=tmp_path, phase="test"
        )


def test_a_users_own_kernel_becomes_a_pack(cache: Cache, kernel: KernelPack) -> None:
    assert kernel.headers is not None
    name = f"own-{kernel.name}"
    modules = kernel.vmlinuz.parent / "modules"
    try:
        own = add_kernel(
            cache,
            name,
            IMAGES,
            bzimage=kernel.vmlinuz,
            modules=modules,
            headers=kernel.headers,
            listen=silent,
        )
        assert (own.name, own.release, own.symbols) == (name, kernel.release, None)
        assert own.initramfs.read_bytes() == kernel.initramfs.read_bytes()
        assert name in pack_names(cache, IMAGES)
        assert module(cache, "hello", {"hello.c": HELLO}, own, IMAGES, silent).release == kernel.release
    finally:
        for kind in (ArtefactKind.PACK, ArtefactKind.INITRAMFS):
            for item in cache.named(kind, name):
                cache.remove(item)


def test_a_kernel_that_cannot_carry_a_guest_is_refused(
    cache: Cache, kernel: KernelPack, tmp_path: Path
) -> None:
    tree = tmp_path / kernel.release
    tree.mkdir()
    (tree / "modules.builtin").touch()
    (tree / "modules.order").touch()
    heard = list[Event]()
    with pytest.raises(UsageError, match=r"virtio_blk.*CONFIG_VIRTIO_BLK=m") as caught:
        add_kernel(cache, "bare", IMAGES, bzimage=kernel.vmlinuz, modules=tree, listen=heard.append)
    assert caught.value.where == f"kernel {kernel.release}"
    assert heard[-1].mood is Mood.FAILED
    assert "bare" not in pack_names(cache, IMAGES)

"""A user's own kernel: what does not fit is refused before anything is built."""

from __future__ import annotations

from pathlib import Path

import pytest
from bzimages import make_head

from labkit.build.cache import Cache
from labkit.build.module import module, render_kbuild
from labkit.build.own_kernel import add_kernel, find_headers, find_modules
from labkit.build.pack import pack, pack_names
from labkit.model.artefact import KernelPack
from labkit.model.errors import SubmissionError, UsageError
from labkit.model.events import silent

IMAGES = Path(__file__).resolve().parents[2] / "images"


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.mark.parametrize("below", ["", "lib/modules", "lib/modules/6.9.0-mine"])
def test_modules_are_found_at_or_below_the_folder_given(tmp_path: Path, below: str) -> None:
    tree = tmp_path / "lib" / "modules" / "6.9.0-mine"
    tree.mkdir(parents=True)
    assert find_modules(tmp_path / below, "6.9.0-mine") == tree


def test_modules_of_another_release_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "6.8.0").mkdir()
    with pytest.raises(UsageError, match=r"the bzImage is 6\.9\.0, and here is 6\.8\.0"):
        find_modules(tmp_path, "6.9.0")


@pytest.mark.parametrize("below", ["", "usr/src", "usr/src/linux-headers-6.9.0"])
def test_headers_are_found_in_a_package_or_by_themselves(tmp_path: Path, below: str) -> None:
    tree = tmp_path / "usr" / "src" / "linux-headers-6.9.0"
    tree.mkdir(parents=True)
    (tree / "Makefile").touch()
    assert find_headers(tmp_path / below, "6.9.0") == tree.parent


def test_headers_of_another_release_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no usr/src/linux-headers-6\.9\.0"):
        find_headers(tmp_path, "6.9.0")


@pytest.mark.parametrize(
    ("name", "why"), [("6.12", "one of labkit's own"), ("a/b", "not a name"), ("", "not a")]
)
def test_names_that_are_taken_or_odd_are_refused(cache: Cache, tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        add_kernel(cache, name, IMAGES, bzimage=tmp_path, modules=tmp_path, listen=silent)


def test_a_file_that_is_no_bzimage_is_refused(cache: Cache, tmp_path: Path) -> None:
    (tmp_path / "vmlinux").write_bytes(b"\x7fELF" + bytes(4096))
    with pytest.raises(UsageError, match=r"no x86 boot header.*give arch/x86/boot/bzImage"):
        add_kernel(cache, "mine", IMAGES, bzimage=tmp_path / "vmlinux", modules=tmp_path, listen=silent)


def test_a_missing_vmlinux_is_refused(cache: Cache, tmp_path: Path) -> None:
    (tmp_path / "bzImage").write_bytes(make_head(b"6.9.0 (me@host)"))
    (tmp_path / "6.9.0").mkdir()
    with pytest.raises(UsageError, match="no such file"):
        add_kernel(
            cache,
            "mine",
            IMAGES,
            bzimage=tmp_path / "bzImage",
            modules=tmp_path,
            vmlinux=tmp_path / "nowhere",
            listen=silent,
        )


def test_an_unknown_pack_is_answered_with_the_nearest(cache: Cache) -> None:
    with pytest.raises(UsageError, match=r"no kernel pack '6\.13'; did you mean '6\.1"):
        pack(cache, "6.13", IMAGES, silent)
    with pytest.raises(UsageError, match=r"the packs are: 6\.1, 6\.12"):
        pack(cache, "zzz", IMAGES, silent)
    assert pack_names(cache, IMAGES) == ("6.1", "6.12")


def test_a_module_of_one_file_is_that_file() -> None:
    assert render_kbuild("lab", {"lab.c": b"", "lab.h": b""}) == "obj-m := lab.o\n"


def test_a_module_of_several_files_is_all_of_them() -> None:
    assert render_kbuild("lab", {"b.c": b"", "a.c": b""}) == "obj-m := lab.o\nlab-y := a.o b.o\n"


def test_a_module_of_several_files_has_none_of_its_own_name() -> None:
    with pytest.raises(SubmissionError, match="rename that file"):
        render_kbuild("lab", {"lab.c": b"", "a.c": b""})


def test_a_pack_without_headers_builds_no_modules(cache: Cache, tmp_path: Path) -> None:
    bare = KernelPack(
        name="mine",
        release="6.9.0",
        key="",
        vmlinuz=tmp_path,
        modules=tmp_path,
        initramfs=tmp_path,
        headers=None,
        symbols=None,
    )
    with pytest.raises(UsageError, match="add the kernel again with --headers"):
        module(cache, "lab", {"lab.c": b""}, bare, IMAGES, silent)

"""What a kernel's own tables say about its modules."""

from __future__ import annotations

import gzip
import lzma
from pathlib import Path

import pytest

from labkit.build.modtree import ModuleTree, load_tree, module_name, parse_dep
from labkit.model.errors import BadInput

# The lines of Debian's 6.1.0-56-cloud-amd64 for two of the modules that bring a root up.
DEP = """\
kernel/drivers/virtio/virtio.ko: kernel/drivers/virtio/virtio_ring.ko
kernel/drivers/virtio/virtio_ring.ko:
kernel/drivers/net/net_failover.ko: kernel/net/core/failover.ko
kernel/net/core/failover.ko:
kernel/drivers/char/hw_random/virtio-rng.ko: kernel/drivers/virtio/virtio.ko \
kernel/drivers/virtio/virtio_ring.ko
kernel/drivers/net/virtio_net.ko: kernel/drivers/net/net_failover.ko kernel/net/core/failover.ko \
kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko
"""
TREE = ModuleTree(folder=Path("6.1.0"), builtin=frozenset({"ext4"}), needs=parse_dep(DEP))


def names(paths: tuple[str, ...]) -> list[str]:
    return [module_name(path) for path in paths]


def test_each_module_comes_after_what_it_needs() -> None:
    order = names(TREE.load_order(["virtio_net"]))
    assert order == ["virtio_ring", "virtio", "failover", "net_failover", "virtio_net"]


def test_what_is_shared_is_inserted_once() -> None:
    order = names(TREE.load_order(["virtio_rng", "virtio_net"]))
    assert order == ["virtio_ring", "virtio", "virtio_rng", "failover", "net_failover", "virtio_net"]


def test_built_in_modules_are_neither_inserted_nor_missing() -> None:
    assert TREE.load_order(["ext4"]) == ()
    assert TREE.missing(["ext4", "virtio_rng", "erofs"]) == ("erofs",)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("kernel/a/virtio-rng.ko.xz", "virtio_rng"),
        ("erofs.ko", "erofs"),
        ("x/crc32c-intel.ko.gz", "crc32c_intel"),
    ],
)
def test_the_kernel_spells_dashes_as_underscores(path: str, name: str) -> None:
    assert module_name(path) == name


def write_tree(folder: Path, dep: str, builtin: str = "kernel/fs/ext4/ext4.ko\n") -> Path:
    folder.mkdir()
    (folder / "modules.dep").write_text(dep)
    (folder / "modules.builtin").write_text(builtin)
    return folder


def test_compressed_modules_are_read_as_their_own_bytes(tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "6.1", "a.ko.xz:\nb.ko.gz:\nc.ko:\n")
    (folder / "a.ko.xz").write_bytes(lzma.compress(b"a"))
    (folder / "b.ko.gz").write_bytes(gzip.compress(b"b"))
    (folder / "c.ko").write_bytes(b"c")
    tree = load_tree(folder)
    assert [tree.read(path) for path in tree.load_order(["a", "b", "c"])] == [b"a", b"b", b"c"]
    assert tree.builtin == {"ext4"}
    assert tree.release == "6.1"


def test_a_folder_without_tables_is_refused_with_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no modules\.dep; give the result of 'make modules_install'"):
        load_tree(tmp_path)


def test_an_unknown_compression_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="CONFIG_MODULE_COMPRESS_XZ"):
        load_tree(write_tree(tmp_path / "6.1", "a.ko.zst:\n"))

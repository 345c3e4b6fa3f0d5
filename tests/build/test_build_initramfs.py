"""The guest's first process: the script that the template makes, and the archive around it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from labkit.build.initramfs import InitramfsParts, load_scripts, render_init, render_initramfs
from labkit.build.modtree import load_tree
from labkit.build.recipe import load_packs

IMAGES = Path(__file__).resolve().parents[2] / "images"


def parts(init_template: str | None = None) -> InitramfsParts:
    return InitramfsParts(
        recipe=load_packs(IMAGES).initramfs,
        busybox=b"\x7fELF",
        init_template=init_template or (IMAGES / "init.sh.j2").read_text(),
        inittab=(IMAGES / "inittab").read_bytes(),
        scripts=load_scripts(IMAGES),
        attendant=b"\x7fELF",
    )


def kernel(tmp_path: Path) -> Path:
    """A kernel with virtio built in, as 6.12 has it, and the rest as modules."""
    folder = tmp_path / "6.12.1"
    folder.mkdir()
    modules = ("qemu_fw_cfg", "virtio-rng", "virtio_blk", "virtio_net", "failover", "erofs", "overlay")
    needs = {"virtio_net": "failover.ko"}
    (folder / "modules.dep").write_text("".join(f"{name}.ko: {needs.get(name, '')}\n" for name in modules))
    (folder / "modules.builtin").write_text("kernel/drivers/virtio/virtio_pci.ko\n")
    for name in modules:
        (folder / f"{name}.ko").write_bytes(name.encode())
    return folder


def test_init_is_a_shell_script_that_a_shell_can_read(tmp_path: Path) -> None:
    script = render_init(parts(), load_tree(kernel(tmp_path)))
    assert script.startswith("#!/bin/sh\n")
    subprocess.run(["sh", "-n"], input=script, text=True, check=True)
    for file in IMAGES.glob("*.sh"):
        subprocess.run(["bash", "-n", str(file)], check=True)


def test_init_inserts_modules_in_order_and_skips_what_is_built_in(tmp_path: Path) -> None:
    script = render_init(parts(), load_tree(kernel(tmp_path)))
    inserted = [line.split()[1] for line in script.splitlines() if line.startswith("insmod ")]
    names = ("qemu_fw_cfg", "virtio-rng", "virtio_blk", "failover", "virtio_net", "erofs", "overlay")
    assert inserted == [f"/modules/{name}.ko" for name in names]


def test_the_archive_brings_every_module_that_init_inserts(tmp_path: Path) -> None:
    tree = load_tree(kernel(tmp_path))
    archive = render_initramfs(parts(), tree)
    for line in render_init(parts(), tree).splitlines():
        if line.startswith("insmod "):
            assert line.split()[1].strip("/").encode() + b"\0" in archive


def test_each_part_changes_the_key() -> None:
    assert parts().key == parts().key
    assert parts().key != parts(init_template="#!/bin/sh\n").key

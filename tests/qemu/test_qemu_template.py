from __future__ import annotations

import json
import mmap
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from qemu_machines import TWO_NODES, PlanMaker, soon

from labkit.model.errors import LabkitError
from labkit.model.units import Size
from labkit.qemu.argv import argv
from labkit.qemu.launch import Frozen, copy_data
from labkit.qemu.process import start
from labkit.qemu.template import SEAL, Sealed, check_seal, seal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    made.mkdir()
    (made / "ram0").write_bytes(bytes(1 << 16))
    (made / "state").write_bytes(b"state")
    seal(made, tmp_path / SEAL)
    return made


def look(folder: Path) -> Sealed:
    return check_seal(folder, folder.parent / SEAL)


def test_a_sealed_template_is_whole(folder: Path) -> None:
    assert look(folder) is Sealed.WHOLE


def write_through_a_shared_mapping(folder: Path) -> None:
    """What QEMU does that maps the memory shared by mistake."""
    with (folder / "ram0").open("r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        memory[4711] = 1


def flip_a_byte(folder: Path) -> None:
    with (folder / "state").open("r+b") as file:
        file.write(b"S")


def restore_the_time_after_a_flip(folder: Path) -> None:
    before = (folder / "state").stat()
    flip_a_byte(folder)
    os.utime(folder / "state", ns=(before.st_atime_ns, before.st_mtime_ns))


def another_file_under_the_name(folder: Path) -> None:
    (folder / "copy").write_bytes(b"state")
    (folder / "copy").replace(folder / "state")


def another_boot_of_the_host(folder: Path) -> None:
    record = json.loads((folder.parent / SEAL).read_text())
    (folder.parent / SEAL).write_text(json.dumps({**record, "boot": "another"}))


def no_seal(folder: Path) -> None:
    (folder.parent / SEAL).unlink()


@pytest.mark.parametrize(
    "change",
    [
        write_through_a_shared_mapping,
        flip_a_byte,
        restore_the_time_after_a_flip,
        another_file_under_the_name,
        another_boot_of_the_host,
        no_seal,
    ],
)
def test_what_may_have_changed_is_not_taken_for_whole(folder: Path, change: Callable[[Path], None]) -> None:
    change(folder)
    assert look(folder) is Sealed.UNSURE


def test_a_truncated_or_missing_file_breaks_a_template(folder: Path) -> None:
    os.truncate(folder / "ram0", 4096)
    assert look(folder) is Sealed.BROKEN
    (folder / "ram0").unlink()
    assert look(folder) is Sealed.BROKEN


def test_holes_are_copied_as_holes(tmp_path: Path) -> None:
    source = tmp_path / "source"
    with source.open("wb") as file:
        file.truncate(Size.mib(64))
        file.seek(Size.mib(10))
        file.write(b"data")
    with (tmp_path / "copy").open("wb") as copy:
        copy.truncate(Size.mib(64))
        copy_data(source, copy)
    assert (tmp_path / "copy").read_bytes() == source.read_bytes()
    assert (tmp_path / "copy").stat().st_blocks * 512 < Size.mib(1)


def test_a_template_maps_its_memory_shared_and_a_clone_privately(
    make_plan: PlanMaker, tmp_path: Path
) -> None:
    making = argv(TWO_NODES, make_plan(frozen=Frozen(folder=tmp_path, making=True)))
    clone = argv(TWO_NODES, make_plan(frozen=Frozen(folder=tmp_path)))
    backends = [word for word in making if word.startswith("memory-backend-file")]
    assert [word.replace("share=on", "share=off") for word in backends] == [
        word for word in clone if word.startswith("memory-backend-file")
    ]
    assert all("share=on" in word for word in backends)
    assert ("-incoming" in making, "-incoming" in clone) == (False, True)


def test_a_guest_is_frozen_and_thawed(make_plan: PlanMaker, tmp_path: Path) -> None:
    frozen = tmp_path / "template"
    frozen.mkdir()
    with start(TWO_NODES, make_plan(frozen=Frozen(folder=frozen, making=True), paused=False), soon()) as vm:
        vm.freeze(soon())
    assert sorted(path.name for path in frozen.iterdir()) == ["ram0", "ram1", "state"]
    with start(TWO_NODES, make_plan(frozen=Frozen(folder=frozen), paused=False), soon()) as vm:
        assert vm.qmp.status(soon()) == "running"


def test_a_state_that_is_cut_ends_qemu_and_is_told(make_plan: PlanMaker, tmp_path: Path) -> None:
    frozen = tmp_path / "template"
    frozen.mkdir()
    with start(TWO_NODES, make_plan(frozen=Frozen(folder=frozen, making=True), paused=False), soon()) as vm:
        vm.freeze(soon())
    os.truncate(frozen / "state", 1000)
    plan = make_plan(frozen=Frozen(folder=frozen), paused=False)
    with pytest.raises(LabkitError), start(TWO_NODES, plan, soon()):
        pass


def test_a_guest_that_makes_no_template_cannot_be_frozen(make_plan: PlanMaker) -> None:
    with start(TWO_NODES, make_plan(), soon()) as vm, pytest.raises(ValueError, match="template"):
        vm.freeze(soon())

"""Folders of running guests, and what becomes of those whose owner died."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from labkit.model.errors import HostError
from labkit.qemu.live import abandoned, live_folder, reap

HOLD = """
import sys
from pathlib import Path
from labkit.qemu.live import live_folder
with live_folder(Path(sys.argv[1])) as folder:
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_a_live_folder_is_gone_after_its_block(tmp_path: Path) -> None:
    with live_folder(tmp_path / "live") as folder:
        (folder / "qmp.sock").touch()
        assert folder.parent == tmp_path / "live"
    assert not folder.exists()


def test_a_folder_in_use_by_another_process_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        folder = Path(owner.stdout.readline().strip())
        assert reap(tmp_path) == ()
        assert folder.is_dir()
        owner.kill()
        owner.wait()
        assert abandoned(tmp_path) == (folder,)
        assert folder.is_dir()  # asking removes nothing
        assert reap(tmp_path) == (folder,)
    assert not folder.exists()


def test_a_folder_of_this_process_is_left_alone(tmp_path: Path) -> None:
    with live_folder(tmp_path) as folder:
        assert reap(tmp_path) == ()
        assert folder.is_dir()


def test_a_folder_without_a_lock_is_reaped(tmp_path: Path) -> None:
    stray = tmp_path / "stray"
    stray.mkdir()
    (stray / "swap.raw").write_bytes(b"x")
    assert reap(tmp_path) == (stray,)


def test_reaping_where_nothing_ever_ran_is_nothing(tmp_path: Path) -> None:
    assert reap(tmp_path / "live") == ()


def test_a_root_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HostError, match="LABKIT_CACHE"), live_folder(tmp_path / "file" / "live"):
        pass

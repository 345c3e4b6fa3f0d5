"""What of a folder goes into a guest: names, modes, links as links or as what they lead to."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterable
from pathlib import Path

import pytest

from labkit.guest.push import Pushed, pack
from labkit.model.errors import UsageError


def texts(pushed: Pushed, names: Iterable[str]) -> list[bytes]:
    """What lies in each; where it leads for a link."""
    contents = (pushed.cargo[name][0] for name in names)
    return [content.read_bytes() if isinstance(content, Path) else content for content in contents]


def links(pushed: Pushed) -> set[str]:
    return {name for name, (_, mode) in pushed.cargo.items() if stat.S_ISLNK(mode)}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    (tree / "deep").mkdir(parents=True)
    (tree / "deep" / "run.sh").write_text("#!/bin/sh\n")
    (tree / "deep" / "run.sh").chmod(0o750)
    (tmp_path / "outside").write_text("from outside\n")
    return tree


def test_a_file_goes_under_its_own_name_with_its_mode(tree: Path) -> None:
    pushed = pack([tree / "deep" / "run.sh"])
    assert pushed.cargo == {"run.sh": (tree / "deep" / "run.sh", stat.S_IFREG | 0o750)}
    assert pushed.bytes == len("#!/bin/sh\n")


def test_a_folder_goes_whole_whatever_its_names_are(tree: Path) -> None:
    odd = os.fsdecode(b"line\nbreak \xff")
    (tree / odd).write_bytes(b"\0")
    (tree / "empty").mkdir(mode=0o700)
    pushed = pack([tree])
    assert list(pushed.cargo) == ["tree", "tree/deep", "tree/deep/run.sh", "tree/empty", f"tree/{odd}"]
    assert texts(pushed, [f"tree/{odd}"]) == [b"\0"]
    assert pushed.cargo["tree/empty"] == (b"", stat.S_IFDIR | 0o700)
    assert pushed.left_out == ()


def test_the_current_folder_has_its_own_name(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree / "deep")
    assert list(pack([Path()]).cargo) == ["deep", "deep/run.sh"]
    assert "tree" in pack([Path("..")]).cargo


def test_links_that_stay_are_links_and_links_that_lead_out_are_what_they_lead_to(tree: Path) -> None:
    (tree / "inside").symlink_to("deep/run.sh")
    (tree / "absolute").symlink_to(tree / "deep")
    (tree / "nowhere").symlink_to("gone")
    (tree / "out").symlink_to("../outside")
    pushed = pack([tree])
    assert links(pushed) == {"tree/inside", "tree/absolute", "tree/nowhere"}
    names = ("tree/inside", "tree/absolute", "tree/nowhere", "tree/out")
    assert texts(pushed, names) == [b"deep/run.sh", b"deep", b"gone", b"from outside\n"]


def test_a_path_that_is_a_link_is_followed_and_keeps_its_name(tree: Path) -> None:
    (tree.parent / "name").symlink_to(tree)
    assert list(pack([tree.parent / "name"]).cargo) == ["name", "name/deep", "name/deep/run.sh"]


def test_links_in_a_circle_end(tree: Path) -> None:
    other = tree.parent / "other"
    other.mkdir()
    (tree / "to-other").symlink_to(other)
    (other / "back").symlink_to(tree)
    cargo = pack([tree]).cargo
    assert "tree/to-other/back" in cargo
    assert len(cargo) < 10


def test_a_socket_is_left_out_and_told(tree: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tree / "sock"))
        os.mkfifo(tree / "fifo")
        pushed = pack([tree])
    assert set(pushed.left_out) == {tree / "sock", tree / "fifo"}
    assert "tree/sock" not in pushed.cargo


def test_what_is_not_there_or_there_twice_is_refused(tree: Path) -> None:
    (tree / "run.sh").touch()
    (tree / "loop").symlink_to(tree / "loop")
    for gone in ("gone", "loop"):
        with pytest.raises(UsageError, match="no such file"):
            pack([tree / gone])
    with pytest.raises(UsageError, match=r"another path has the name run\.sh"):
        pack([tree / "run.sh", tree / "deep" / "run.sh"])
    with pytest.raises(UsageError, match="all of this machine"):
        pack([Path("/")])

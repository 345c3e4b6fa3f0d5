"""A key is made once, for its owner alone, and never where it would be committed."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from labkit.attest.keyfolder import create_key, key_names, load_key, load_public_key
from labkit.model.errors import BadInput, HostError, UsageError


def test_a_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    folder = create_key(tmp_path / "keys", "course")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
    assert modes == {"course": 0o700, "signing.pem": 0o600, "course.secret": 0o600, "public.pem": 0o600}
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_it_is_read_back_and_no_repr_shows_its_secrets(tmp_path: Path) -> None:
    create_key(tmp_path, "course")
    key = load_key(tmp_path, "course")
    assert key.public == load_public_key(tmp_path, "course")
    assert len(key.secret) == 32
    assert "PRIVATE" not in repr(key)
    assert repr(key.secret) not in repr(key)


def test_no_two_keys_are_alike(tmp_path: Path) -> None:
    keys = [load_key(create_key(tmp_path, name).parent, name) for name in ("a", "b")]
    assert keys[0].secret != keys[1].secret
    assert keys[0].public.id != keys[1].public.id
    assert key_names(tmp_path) == ("a", "b")


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    folder = create_key(tmp_path, "course")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(UsageError, match="there is such a key already"):
        create_key(tmp_path, "course")
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["course"]


@pytest.mark.parametrize("mark", ["folder", "file"])
def test_a_git_work_tree_is_refused_and_nothing_is_made(tmp_path: Path, mark: str) -> None:
    if mark == "folder":
        (tmp_path / ".git").mkdir()
    else:
        (tmp_path / ".git").write_text("gitdir: elsewhere\n")
    (tmp_path / "way-in").symlink_to(tmp_path)
    with pytest.raises(UsageError, match=f"inside the git work tree {tmp_path}"):
        create_key(tmp_path / "way-in" / "deep" / "keys", "course")
    assert not (tmp_path / "deep").exists()


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../x", "-x", "A", "é", "x" * 65])
def test_a_name_that_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a folder"):
        create_key(tmp_path, name)
    with pytest.raises(UsageError, match="no key"):
        load_key(tmp_path, name)


@pytest.mark.parametrize("file", ["signing.pem", "course.secret", "."])
def test_a_key_that_others_may_read_is_not_used(tmp_path: Path, file: str) -> None:
    (create_key(tmp_path, "course") / file).chmod(0o755)
    with pytest.raises(HostError, match="open to others"):
        load_key(tmp_path, "course")


def test_a_secret_that_was_cut_is_told(tmp_path: Path) -> None:
    secret = create_key(tmp_path, "course") / "course.secret"
    secret.write_text(secret.read_text()[:-9])
    with pytest.raises(BadInput, match="no course secret"):
        load_key(tmp_path, "course")

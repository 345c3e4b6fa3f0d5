from __future__ import annotations

import struct
from pathlib import Path

import paramiko
import pytest

from labkit.guest.keys import make_keys


def test_key_files_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    keys = make_keys(tmp_path)
    for path in (keys.files.client_key, keys.files.authorized_key, keys.files.host_key):
        assert path.stat().st_mode & 0o777 == 0o600


def test_every_guest_gets_keys_of_its_own(tmp_path: Path) -> None:
    first, second = (tmp_path / "a", tmp_path / "b")
    first.mkdir()
    second.mkdir()
    one, two = make_keys(first), make_keys(second)
    assert one.host_public != two.host_public
    assert one.client.asbytes() != two.client.asbytes()


def test_a_live_folder_that_has_keys_is_refused(tmp_path: Path) -> None:
    make_keys(tmp_path)
    with pytest.raises(FileExistsError):
        make_keys(tmp_path)


def test_host_key_file_has_dropbears_layout(tmp_path: Path) -> None:
    keys = make_keys(tmp_path)
    raw = keys.files.host_key.read_bytes()
    assert raw[:15] == struct.pack(">I", 11) + b"ssh-ed25519"
    assert struct.unpack(">I", raw[15:19]) == (64,)
    assert len(raw) == 83
    assert raw[-32:] == keys.host_public[-32:]


def test_authorized_key_names_the_client_key_that_openssh_can_read(tmp_path: Path) -> None:
    keys = make_keys(tmp_path)
    name, blob, _ = keys.files.authorized_key.read_text().split()
    assert (name, blob) == ("ssh-ed25519", keys.client.get_base64())
    reread = paramiko.Ed25519Key.from_private_key_file(str(keys.files.client_key))
    assert reread.asbytes() == keys.client.asbytes()


def test_private_keys_are_not_in_the_repr(tmp_path: Path) -> None:
    assert "Ed25519Key" not in repr(make_keys(tmp_path))

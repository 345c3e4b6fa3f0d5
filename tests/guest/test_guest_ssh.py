from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import paramiko
import pytest
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_SUCCEEDED

from labkit.guest.keys import GuestKeys, make_keys
from labkit.guest.login import connect
from labkit.model.errors import Broken, DeadlineExpired
from labkit.model.units import Deadline


class Gate(paramiko.ServerInterface):
    """Lets in who holds the one key."""

    def __init__(self, welcome: str) -> None:
        self._welcome = welcome

    def get_allowed_auths(self, username: str) -> str:
        del username
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        right = username == "root" and key.get_base64() == self._welcome
        return AUTH_SUCCESSFUL if right else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        del kind, chanid
        return OPEN_SUCCEEDED


@contextmanager
def ssh_server(host: GuestKeys, welcome: str) -> Iterator[socket.socket]:
    """A door with a real SSH server at its other end, with the host key of `host`."""
    key = paramiko.Ed25519Key.from_private_key_file(str(host.files.client_key))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        server = paramiko.Transport(theirs)
        server.add_server_key(key)

        def serve() -> None:
            with suppress(paramiko.SSHException, EOFError, OSError):  # a client may hang up on its key
                server.start_server(server=Gate(welcome))

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield ours
        finally:
            thread.join()
            server.close()


@pytest.fixture
def keys(tmp_path: Path) -> GuestKeys:
    return folder_keys(tmp_path / "mine")


def folder_keys(folder: Path) -> GuestKeys:
    """Keys whose client key serves as the test server's host key too: paramiko reads no dropbear file."""
    folder.mkdir()
    made = make_keys(folder)
    return GuestKeys(
        client=made.client,
        host_public=made.client.asbytes(),
        files=made.files,
    )


def test_the_right_guest_lets_us_in(keys: GuestKeys) -> None:
    with (
        ssh_server(keys, keys.client.get_base64()) as door,
        connect(door, keys, Deadline.after(20, "SSH")) as guest,
    ):
        assert guest.answers(Deadline.after(20, "answer"))


def test_another_host_key_is_broken_at_once(keys: GuestKeys, tmp_path: Path) -> None:
    other = folder_keys(tmp_path / "other")
    deadline = Deadline.after(20, "SSH")
    with (
        ssh_server(other, keys.client.get_base64()) as door,
        pytest.raises(Broken, match="host key"),
        connect(door, keys, deadline),
    ):
        pass
    assert not deadline.expired


def test_a_guest_that_does_not_know_our_key_is_broken_at_once(keys: GuestKeys) -> None:
    deadline = Deadline.after(20, "SSH")
    with (
        ssh_server(keys, "another key") as door,
        pytest.raises(Broken, match="one-time key"),
        connect(door, keys, deadline),
    ):
        pass
    assert not deadline.expired


def test_a_guest_that_says_nothing_is_silent_until_the_deadline(keys: GuestKeys) -> None:
    ours, theirs = socket.socketpair()
    with (
        ours,
        theirs,
        pytest.raises(DeadlineExpired, match="'SSH'") as caught,
        connect(ours, keys, Deadline.after(0.3, "SSH")),
    ):
        pass
    assert caught.value.detail.startswith("silent")


def test_a_door_that_is_shut_is_broken_at_once(keys: GuestKeys) -> None:
    deadline = Deadline.after(20, "SSH")
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours, pytest.raises(Broken, match="hung up"), connect(ours, keys, deadline):
        pass
    assert not deadline.expired


def test_the_door_stays_open_when_a_session_on_it_ends(keys: GuestKeys) -> None:
    with ssh_server(keys, keys.client.get_base64()) as door:
        with connect(door, keys, Deadline.after(20, "SSH")):
            pass
        assert door.fileno() >= 0
        assert door.send(b"x") == 1


def test_a_guest_that_goes_while_a_channel_is_open_is_left_in_silence(keys: GuestKeys) -> None:
    deadline = Deadline.after(20, "SSH")
    with (
        ssh_server(keys, keys.client.get_base64()) as door,
        connect(door, keys, deadline) as guest,
        guest.channel(deadline),
    ):
        door.shutdown(socket.SHUT_WR)  # for a moment only who sends can know it, as when QEMU has just ended

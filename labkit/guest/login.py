"""Logging in to a guest: its dropbear proves who it is, labkit proves who it is."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import paramiko

from labkit.guest.keys import GuestKeys
from labkit.guest.ssh import SILENCE, Guest
from labkit.guest.wire import Wire
from labkit.model.errors import Broken, DeadlineExpired
from labkit.model.units import Deadline

USER = "root"
_WHERE = "SSH to the guest"

# What ends in an exception here is told by it; paramiko's thread would print its own traceback as well.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


@contextmanager
def connect(
    door: socket.socket, keys: GuestKeys, deadline: Deadline, *, heard: bytes = b"", silence: float = SILENCE
) -> Iterator[Guest]:
    """Log in to the guest whose dropbear is at the other end of `door`; the door stays open afterwards.

    `heard` is what was read from the door already. Only a guest that proves to hold `keys.host_public` is
    talked to. Raises DeadlineExpired when it stays silent, Broken at once for a wrong host key or a client
    key that the guest does not take. `silence` is the longest a living guest may be mute, in seconds.
    """
    guest = Guest(_log_in(door, keys, deadline, heard), silence)
    try:
        yield guest
    finally:
        guest.close()


def _log_in(door: socket.socket, keys: GuestKeys, deadline: Deadline, heard: bytes) -> paramiko.Transport:
    transport = paramiko.Transport(Wire(door, heard))
    try:
        transport.banner_timeout = transport.auth_timeout = deadline.remaining
        transport.start_client(timeout=deadline.remaining)
        if not transport.initial_kex_done:  # paramiko returns as if all were well when the time is over
            raise TimeoutError
        _verify(transport, keys)
        transport.auth_publickey(USER, keys.client)
    except paramiko.AuthenticationException as error:
        transport.close()
        raise Broken(
            where=_WHERE,
            found="the guest does not take its one-time key",
            fix="look in console.log for opt/labkit/authorized_key, and report this",
            detail=str(error),
        ) from error
    except (paramiko.SSHException, EOFError, OSError) as error:
        transport.close()
        fix = "read the end of console.log: dropbear starts before 'labkit: ready'"
        if deadline.expired:
            raise DeadlineExpired(
                phase=deadline.phase, seconds=deadline.seconds, where=_WHERE, fix=fix, detail=_why(error)
            ) from error
        raise Broken(where=_WHERE, found=_why(error), fix=fix) from error
    except BaseException:
        transport.close()
        raise
    return transport


def _verify(transport: paramiko.Transport, keys: GuestKeys) -> None:
    shown = transport.get_remote_server_key()
    if shown.asbytes() != keys.host_public:
        raise Broken(
            where=_WHERE,
            found=f"a {shown.get_name()} host key that is not this guest's",
            fix="the guest was tampered with before labkit came, or report this",
            detail=f"found {shown.get_base64()}",
        )


def _why(error: BaseException) -> str:
    """What stood in the way, in words; paramiko wraps what the socket met during the greeting."""
    match error:
        case TimeoutError():
            return "silent: no SSH greeting came"
        case EOFError() | OSError():
            return "hung up: QEMU is gone, or dropbear is"
        case paramiko.SSHException(__context__=(EOFError() | OSError()) as cause):
            return _why(cause)
    return f"SSH: {error}"

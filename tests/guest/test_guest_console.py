from __future__ import annotations

import base64
import socket
import textwrap
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.guest.console import last_resort, sysrq_by_break, unwrap
from labkit.guest.door import Ending, GuestLost
from labkit.model.errors import Broken
from labkit.model.units import Deadline


def wrapped(data: bytes, status: int = 0) -> bytes:
    """As `… | base64` in the guest writes it."""
    text = base64.b64encode(data + b"\0%d" % status).decode()
    return "".join(line + "\n" for line in textwrap.wrap(text, 76)).encode()


def soon() -> Deadline:
    return Deadline.after(0.3, "evidence")


@given(st.binary(max_size=1000))
def test_any_bytes_come_through(data: bytes) -> None:
    assert unwrap(wrapped(data), 1000, soon()) == data


def test_a_command_that_failed_is_broken() -> None:
    with pytest.raises(Broken, match="ended with 7"):
        unwrap(wrapped(b"some\0words", status=7), 1000, soon())


def test_an_answer_over_the_limit_is_broken() -> None:
    with pytest.raises(Broken, match="more than 10 bytes"):
        unwrap(wrapped(b"x" * 11), 10, soon())


def test_an_answer_without_status_is_broken() -> None:
    with pytest.raises(Broken, match="no status"):
        unwrap(base64.b64encode(b"cut"), 1000, soon())


def test_a_kernel_message_inside_the_answer_is_broken() -> None:
    raw = wrapped(b"x" * 200)
    with pytest.raises(Broken, match="kernel message"):
        unwrap(raw[:100] + b"[   12.345678] Oops: 0002 [#1]\n" + raw[100:], 1000, soon())


def test_a_console_that_is_not_there_is_lost(tmp_path: Path) -> None:
    with pytest.raises(GuestLost) as caught, last_resort(tmp_path / "console.sock", soon()):
        pass
    assert caught.value.ending is Ending.LOST


def test_a_console_where_nobody_answers_is_hung(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "console.sock"))
        server.listen()
        with pytest.raises(GuestLost) as caught, last_resort(tmp_path / "console.sock", soon()):
            pass
    assert caught.value.ending is Ending.HUNG


def test_a_key_follows_the_break(tmp_path: Path) -> None:
    order: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "console.sock"))
        server.listen()

        def qemu() -> None:
            with server.accept()[0] as wire:
                order.append(wire.recv(10))

        thread = threading.Thread(target=qemu)
        thread.start()
        sysrq_by_break(
            tmp_path / "console.sock", "w", lambda: order.append(b"BREAK"), Deadline.after(5, "sysrq")
        )
        thread.join()
    assert order == [b"BREAK", b"w"]


def test_a_terminal_that_ends_lines_with_cr_lf_changes_nothing() -> None:
    assert unwrap(wrapped(b"x" * 200).replace(b"\n", b"\r\n"), 1000, soon()) == b"x" * 200

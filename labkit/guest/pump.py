"""Moves bytes between an SSH channel and memory until all is said, time is over, or the guest is mute."""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum

import paramiko

from labkit.model.units import Deadline

CHUNK = 1 << 16
QUIET = 5.0  # seconds without a byte before the guest is asked whether it is still there
# What sending to a guest that is gone raises, for the moment until paramiko's reader has seen it (write_all).
GONE = (OSError, EOFError)
TICK = 0.005  # seconds; paramiko has no event for "you may send again"


class Stop(Enum):
    DONE = "done"
    CLOSED = "closed"
    EXPIRED = "expired"
    MUTE = "mute"


def pump(
    channel: paramiko.Channel,
    given: bytes,
    *,
    take: Callable[[bytes], None],
    done: Callable[[], bool],
    answers: Callable[[], bool],
    deadline: Deadline,
) -> Stop:
    """Send `given` and hand what comes to `take` until it is `done`; the channel stays open.

    `answers` is called after QUIET seconds without a byte either way and says whether the guest lives.
    """
    left = memoryview(given)
    waiting = select.poll()
    waiting.register(channel.fileno(), select.POLLIN)
    heard = time.monotonic()
    while True:
        closed = channel.closed  # asked first: what came before the close is then in the buffers
        moved = _drain(channel, take)
        if done():
            return Stop.DONE
        if left and not closed and channel.send_ready():
            left = _feed(channel, left)
            moved = True
        if moved:
            heard = time.monotonic()
        elif closed:
            return Stop.CLOSED
        if deadline.expired:
            return Stop.EXPIRED
        if time.monotonic() - heard > QUIET:
            if not answers():
                return Stop.MUTE
            heard = time.monotonic()
        waiting.poll(1000 * min(deadline.remaining, TICK if left else 1.0))


def hang_up(channel: paramiko.Channel) -> None:
    """Close a channel, whether anyone is left to be told or not."""
    with suppress(*GONE):
        channel.close()


def _drain(channel: paramiko.Channel, take: Callable[[bytes], None]) -> bool:
    moved = False
    if channel.recv_ready():
        take(channel.recv(CHUNK))
        moved = True
    if channel.recv_stderr_ready():
        channel.recv_stderr(CHUNK)
        moved = True
    return moved


def _feed(channel: paramiko.Channel, left: memoryview) -> memoryview:
    """Send what the window takes; what nobody will read any more is dropped."""
    try:
        return left[channel.send(left[:CHUNK].tobytes()) :]
    except GONE:
        return left[:0]

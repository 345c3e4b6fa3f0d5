"""A way into a guest: one command, its input and its output, over SSH or over the serial console."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from labkit.guest.attendant import Answers
from labkit.model.errors import Broken
from labkit.model.units import Deadline, Size

LAB = "/lab"  # the work folder in every guest
STREAM_LIMIT = int(Size.mib(4))


class Ending(Enum):
    """How a command in the guest ended, as far as its caller could see."""

    EXITED = "exited"
    TIMED_OUT = "timed out"
    KILLED = "no status"  # the guest lives on, but could not start it or killed what watched over it
    HUNG = "guest does not answer"
    LOST = "connection to the guest ended"
    FORGED = "labkit's process in the guest was tampered with"


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """What a command left. `status` is 128+n for signal n, None when there was none to be had.

    `cut` tells that a stream was longer than its limit; the rest was read and thrown away.
    """

    ending: Ending
    status: int | None
    stdout: bytes
    stderr: bytes
    cut: bool
    seconds: float

    @property
    def timed_out(self) -> bool:
        return self.ending is Ending.TIMED_OUT

    @property
    def guest_gone(self) -> bool:
        """The guest (or the way to it) ended with the command; look at the console for the reason."""
        return self.ending in (Ending.HUNG, Ending.LOST)


class GuestLost(Broken):
    """labkit asked the guest for something and got no answer: `ending` is HUNG, LOST or KILLED.

    After student code ran this is evidence about the guest, before it our failure: the session tells.
    """

    def __init__(self, *, ending: Ending, where: str, detail: str = "") -> None:
        super().__init__(
            where=where, found=ending.value, fix="read the end of console.log for the reason", detail=detail
        )
        self.ending = ending


class Door(Protocol):
    """What copying files out and reading the log need of a guest."""

    def request(self, given: bytes, *, deadline: Deadline, wanted: int = 1) -> Answers:
        """Give requests to the attendant and return the frames of its `wanted` answers.

        Raises GuestLost when no whole answer comes, Broken when the attendant says why not.
        """
        ...

"""Units live in types: sizes in bytes, deadlines on the monotonic clock, the pace of a host."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

_UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
_LOOSE = re.compile(r"^\s*(\d+)\s*([A-Za-z]*)\s*$")


class Size(int):
    """A number of bytes that prints and parses with a binary unit.

    >>> Size.parse("512MiB")
    Size.parse('512MiB')
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Size:
        """Read '512MiB'. Raises ValueError whose text says what to write instead."""
        match = _LOOSE.match(text)
        if match is None:
            raise ValueError(f"found {text!r}, write a number with a unit such as '256MiB'")
        number, unit = match.groups()
        if unit in _UNITS:
            return cls(int(number) * _UNITS[unit])
        binary = {"": "MiB", "K": "KiB", "M": "MiB", "G": "GiB", "T": "TiB"}.get(unit[:1].upper())
        hint = f"write '{number}{binary}'" if binary else "write one of " + ", ".join(_UNITS)
        raise ValueError(f"found {text!r}, {hint}")

    @classmethod
    def kib(cls, number: int) -> Size:
        return cls(number << 10)

    @classmethod
    def mib(cls, number: int) -> Size:
        return cls(number << 20)

    @classmethod
    def gib(cls, number: int) -> Size:
        return cls(number << 30)

    def __str__(self) -> str:
        for unit in ("TiB", "GiB", "MiB", "KiB"):
            if self and self % _UNITS[unit] == 0:
                return f"{int(self) // _UNITS[unit]}{unit}"
        return f"{int(self)}B"

    def __repr__(self) -> str:
        return f"Size.parse({str(self)!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """The instant on the monotonic clock at which a named wait gives up."""

    phase: str
    seconds: float
    expires_at: float

    @classmethod
    def after(cls, seconds: float, phase: str) -> Deadline:
        return cls(phase=phase, seconds=seconds, expires_at=time.monotonic() + seconds)

    @property
    def remaining(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self.expires_at - time.monotonic())

    @property
    def expired(self) -> bool:
        return self.remaining == 0.0

    def polls(self, interval: float) -> Iterator[None]:
        """Yield now and then every `interval` seconds until the deadline; stops by itself."""
        while True:
            yield
            left = self.remaining
            if left == 0.0:
                return
            time.sleep(min(interval, left))

    def sooner(self, seconds: float, phase: str) -> Deadline:
        """A wait inside this one: `seconds` from now, but not later than this deadline."""
        return Deadline.after(min(seconds, self.remaining), phase)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How much slower this host is than the one the phases' seconds were measured on (1.0 = as fast)."""

    factor: float = 1.0

    def deadline(self, seconds: float, phase: str) -> Deadline:
        return Deadline.after(seconds * max(1.0, self.factor), phase)

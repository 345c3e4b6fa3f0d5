"""A compressed stream read in small pieces, with an end to what it may become."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from typing import IO, Protocol

CHUNK = 64 << 10
HEAD = 8
XZ_MEMORY = 128 << 20  # what `xz -9` needs is 65 MiB; a dictionary of gigabytes is no student's
MAGICS = (
    (b"\x1f\x8b", "gz"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
)


class TooMuch(Exception):
    """The stream became longer than it may."""


class _Decompressor(Protocol):
    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...


class Inflated(io.RawIOBase):
    """What a stream holds, of which at most `limit` bytes are given out: TooMuch for the next one.

    A stream that is not compressed is passed on. Raises zlib.error, OSError or lzma.LZMAError for a damaged
    one, EOFError for one that is cut short.
    """

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        super().__init__()
        self._stream = stream
        self._left = limit
        self._waiting = b""
        head = stream.read(HEAD)
        stream.seek(0)
        self._decompressor = _decompressor(head)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        data = self._next(min(len(view), CHUNK))
        self._left -= len(data)
        if self._left < 0:
            raise TooMuch
        view[: len(data)] = data
        return len(data)

    def _next(self, size: int) -> bytes:
        decompressor = self._decompressor
        if decompressor is None:
            return self._stream.read(size)
        while decompressor is not None:
            if decompressor.eof:
                decompressor = self._following(decompressor)
            elif not self._waiting and not self._hungry():
                if data := decompressor.decompress(b"", size):
                    return data
            elif data := self._taken(decompressor, size):
                return data
        return b""

    def _taken(self, decompressor: _Decompressor, size: int) -> bytes:
        """What the next piece of the stream becomes; nothing yet, perhaps."""
        self._waiting = self._waiting or self._stream.read(CHUNK)
        if not self._waiting:
            raise EOFError("the compressed stream is cut short")
        data = decompressor.decompress(self._waiting, size)
        self._waiting = getattr(decompressor, "unconsumed_tail", b"")
        return data

    def _following(self, over: _Decompressor) -> _Decompressor | None:
        """The next stream of several in a row, which gzip, bzip2 and xz read as one. Else padding follows."""
        rest = self._waiting or over.unused_data
        while len(rest) < HEAD and (more := self._stream.read(CHUNK)):
            rest += more
        self._waiting = rest
        following = _decompressor(rest)
        if following is not None:
            self._decompressor = following
        return following

    def _hungry(self) -> bool:
        """zlib hands back what it did not take; bz2 and lzma keep it, and say whether they need more."""
        return bool(getattr(self._decompressor, "needs_input", True))


def _decompressor(head: bytes) -> _Decompressor | None:
    kind = next((kind for magic, kind in MAGICS if head.startswith(magic)), "")
    if kind == "gz":
        return zlib.decompressobj(wbits=31)
    if kind == "bz2":
        return bz2.BZ2Decompressor()
    if kind == "xz":
        return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=XZ_MEMORY)
    return None

"""Made-up bzImages for tests: a boot header and a version string."""

from __future__ import annotations

import struct


def make_head(text: bytes, offset: int = 0x300) -> bytes:
    """The start of a bzImage whose header points at `text`."""
    data = bytearray(0x2000)
    data[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", data, 0x20E, offset)
    data[0x200 + offset : 0x200 + offset + len(text)] = text
    return bytes(data)

"""What a bzImage says of itself (Linux Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header")."""

from __future__ import annotations

import re
import struct

_MAGIC_AT, _MAGIC = 0x202, b"HdrS"
_VERSION_AT = 0x20E  # kernel_version: offset of a string, counted from 0x200
_SETUP = 0x200
_SETUP_END = 0x268  # of the header in protocol 2.15


class NotABzImage(ValueError):
    """These bytes are no bootable x86 kernel; the text says what is wrong."""


def parse_release(head: bytes) -> str:
    """The release ("6.1.0-56-cloud-amd64") out of the first 64 KiB of a bzImage. Raises NotABzImage."""
    if len(head) < _SETUP_END or head[_MAGIC_AT : _MAGIC_AT + len(_MAGIC)] != _MAGIC:
        raise NotABzImage("no x86 boot header at byte 0x202")
    (offset,) = struct.unpack_from("<H", head, _VERSION_AT)
    text = head[_SETUP + offset :].partition(b"\0")[0]
    release = text.partition(b" ")[0].decode("ascii", errors="replace")
    if offset == 0 or not re.fullmatch(r"\d+\.\d+[\w.+~-]*", release):
        raise NotABzImage("its boot header names no kernel release")
    return release

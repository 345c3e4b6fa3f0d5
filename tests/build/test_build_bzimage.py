"""The release out of a bzImage's own header."""

from __future__ import annotations

import pytest
from bzimages import make_head

from labkit.build.bzimage import NotABzImage, parse_release


@pytest.mark.parametrize(
    "release", ["6.1.0-56-cloud-amd64", "6.12.117+deb12-cloud-amd64", "6.17.0-rc3", "5.15.0-test_1~x"]
)
def test_release_is_the_first_word_of_the_version_string(release: str) -> None:
    assert parse_release(make_head(f"{release} (me@host) #1 SMP".encode())) == release


@pytest.mark.parametrize("junk", [b"", b"\x7fELF" + bytes(0x400), bytes(0x2000)])
def test_a_file_without_the_boot_header_is_refused(junk: bytes) -> None:
    with pytest.raises(NotABzImage, match="no x86 boot header"):
        parse_release(junk)


@pytest.mark.parametrize("text", [b"", b"hello world", b"\xff\xfe"])
def test_a_header_without_a_release_is_refused(text: bytes) -> None:
    with pytest.raises(NotABzImage, match="names no kernel release"):
        parse_release(make_head(text))


def test_a_header_cut_off_is_refused() -> None:
    with pytest.raises(NotABzImage):
        parse_release(make_head(b"6.1.0")[:0x206])

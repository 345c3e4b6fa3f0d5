"""The archive that the kernel unpacks: read back by cpio itself."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.build import cpio

CPIO = shutil.which("cpio")
needs_cpio = pytest.mark.skipif(CPIO is None, reason="cpio is not installed")
NAMES = st.from_regex(r"[a-z0-9_.-]{1,40}", fullmatch=True).filter(lambda name: name.strip("."))


def read_with_cpio(archive: bytes, *words: str) -> bytes:
    assert CPIO is not None
    return subprocess.run([CPIO, *words], input=archive, capture_output=True, check=True).stdout


@needs_cpio
def test_cpio_lists_what_was_written() -> None:
    archive = cpio.render_archive(
        [
            cpio.directory("bin"),
            cpio.file("bin/busybox", b"\x7fELF", 0o755),
            cpio.symlink("bin/sh", "busybox"),
            cpio.file("inittab", b""),
        ]
    )
    lines = read_with_cpio(archive, "-tv", "--quiet").decode().splitlines()
    assert [line.split()[0] for line in lines] == ["drwxr-xr-x", "-rwxr-xr-x", "lrwxrwxrwx", "-rw-r--r--"]
    assert lines[2].endswith("bin/sh -> busybox")


@needs_cpio
@settings(deadline=None, max_examples=30)  # a process each
@given(contents=st.dictionaries(NAMES, st.binary(max_size=300), max_size=8))
def test_every_byte_comes_back(contents: dict[str, bytes]) -> None:
    archive = cpio.render_archive(cpio.file(name, data) for name, data in contents.items())
    assert read_with_cpio(archive, "-i", "--quiet", "--to-stdout") == b"".join(contents.values())


@given(name=NAMES, data=st.binary(max_size=64))
def test_members_start_at_multiples_of_four(name: str, data: bytes) -> None:
    archive = cpio.render_archive([cpio.file(name, data)])
    assert len(archive) % 4 == 0
    assert archive.index(b"070701", 6) % 4 == 0


def test_the_same_entries_give_the_same_bytes() -> None:
    entries = [cpio.directory("a"), cpio.file("a/b", b"c")]
    assert cpio.render_archive(entries) == cpio.render_archive(entries)

"""Archives that mean harm: refused in a sentence, nothing written or waited for, bounded in cost."""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import lzma
import os
import stat
import struct
import tarfile
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labkit.intake import box
from labkit.intake.unpack import MAX_BYTES, unpack
from labkit.model.coursework import Contents, Parcel, Student
from labkit.model.errors import HostError, SubmissionError

NAMES = ("hog.c", "limit.sh")
GOOD = {"hog.c": b"int main(void) { return 0; }\n", "limit.sh": b"#!/bin/sh\n"}
ODD_NAMES = ["a\nb.c", "\x1b[2Jx.c", "\u202egnp.c", "=1+1.c", "x" * 200 + ".c", " ", "-rf"]


def parcel(source: Path, inside: str = "") -> Parcel:
    return Parcel(student=Student(id="ada"), source=source, inside=inside, origin=source.name)


def zipped(path: Path, files: dict[str, bytes], **more: Callable[[zipfile.ZipInfo], None]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if change := more.get(name.replace(".", "_")):
                change(info)
            archive.writestr(info, data)
    return path


def tarred(path: Path, files: dict[str, bytes], mode: str = "w:gz", *odd: tarfile.TarInfo) -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in odd:
            archive.addfile(info)
    return path


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def refusal(source: Path, inside: str = "") -> str:
    with pytest.raises(SubmissionError) as caught:
        unpack(parcel(source, inside), NAMES)
    error = caught.value
    assert error.where
    assert error.fix
    assert all(char.isprintable() for char in error.where + error.found)
    return error.found


@pytest.mark.parametrize("ending", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz", "folder"])
@pytest.mark.parametrize("wrap", ["", "lab2/", "my work/lab2/"])
def test_what_is_asked_is_found_at_the_top_or_in_a_folder_or_two(
    ending: str, wrap: str, tmp_path: Path
) -> None:
    files = {wrap + name: data for name, data in GOOD.items()}
    files |= {wrap + "notes.txt": b"x", "__MACOSX/._hog.c": b"junk", wrap + "._hog.c": b"junk"}
    path = tmp_path / f"ada.{ending}"
    if ending == "zip":
        zipped(path, files)
    elif ending == "folder":
        for name, data in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)
    else:
        tarred(path, files, "w" if ending == "tar" else f"w:{ending.removeprefix('tar.')}")
    assert unpack(parcel(path), NAMES) == Contents(files=GOOD, left=1)


def test_the_file_nearest_to_the_top_is_taken_and_two_of_them_are_refused(tmp_path: Path) -> None:
    near = zipped(tmp_path / "near.zip", {**GOOD, "old/hog.c": b"old"})
    assert unpack(parcel(near), NAMES).files == GOOD
    twice = zipped(tmp_path / "twice.zip", {"a/hog.c": b"1", "b/hog.c": b"2"})
    assert "hog.c is there 2 times: a/hog.c, b/hog.c" in refusal(twice)


@pytest.mark.parametrize("name", ["../hog.c", "/etc/hog.c", "a/../../hog.c", "..\\hog.c", "C:/hog.c"])
@pytest.mark.parametrize("make", [zipped, tarred])
def test_a_path_that_leads_out_is_refused(
    name: str, make: Callable[[Path, dict[str, bytes]], Path], tmp_path: Path
) -> None:
    assert "leads out of it" in refusal(make(tmp_path / "a", {name: b"x"}))


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (tarfile.SYMTYPE, "a link"),
        (tarfile.LNKTYPE, "a link"),
        (tarfile.CHRTYPE, "no regular file"),
        (tarfile.BLKTYPE, "no regular file"),
        (tarfile.FIFOTYPE, "no regular file"),
    ],
)
def test_what_is_no_plain_file_is_refused_in_a_tar(kind: bytes, word: str, tmp_path: Path) -> None:
    path = tarred(tmp_path / "a.tar", {}, "w", special("hog.c", kind, "/etc/passwd"))
    assert refusal(path) == f"hog.c is {word}"
    beside = tarred(tmp_path / "b.tar", GOOD, "w", special("other", kind, "/etc/passwd"))
    assert unpack(parcel(beside), NAMES).files == GOOD


@pytest.mark.parametrize(("mode", "word"), [(stat.S_IFLNK, "a link"), (stat.S_IFCHR, "no regular file")])
def test_what_is_no_plain_file_is_refused_in_a_zip(mode: int, word: str, tmp_path: Path) -> None:
    def odd(info: zipfile.ZipInfo) -> None:
        info.external_attr = (mode | 0o777) << 16

    assert refusal(zipped(tmp_path / "a.zip", {"hog.c": b"/etc/passwd"}, hog_c=odd)) == f"hog.c is {word}"


def test_in_a_folder_no_link_is_followed_and_no_pipe_waited_for(tmp_path: Path) -> None:
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "hog.c").symlink_to("/etc/passwd")
    assert refusal(tmp_path / "link") == "hog.c is a link"
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / "hog.c")
    assert refusal(tmp_path / "pipe") == "hog.c is no regular file"
    (tmp_path / "up").mkdir()
    (tmp_path / "up" / "loop").symlink_to("..")
    assert unpack(parcel(tmp_path / "up"), NAMES).files == {}


def test_a_file_that_is_too_large_is_refused_and_one_that_just_fits_is_not(tmp_path: Path) -> None:
    fits = b"x" * MAX_BYTES
    for make, name in ((zipped, "a.zip"), (tarred, "a.tgz")):
        assert unpack(parcel(make(tmp_path / name, {"hog.c": fits})), NAMES).files == {"hog.c": fits}
        assert "larger than 256 KiB" in refusal(make(tmp_path / f"more-{name}", {"hog.c": fits + b"x"}))


def cost(act: Callable[[], object]) -> int:
    """The most memory that was in use at once, in bytes."""
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("padding", [b"", bytes(3), bytes(4096)])
def test_a_tar_packed_in_parts_is_read_to_its_end(
    pack: Callable[[bytes], bytes], padding: bytes, tmp_path: Path
) -> None:
    whole = tarred(tmp_path / "a.tar", GOOD, "w").read_bytes()
    path = tmp_path / "parts.tar"
    path.write_bytes(b"".join(pack(part) for part in (whole[:700], b"", whole[700:])) + padding)
    assert unpack(parcel(path), NAMES).files == GOOD


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_tar_that_becomes_huge_is_refused_at_little_cost(
    pack: Callable[[bytes], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(box, "MAX_INFLATED", 8 << 20)
    info = tarfile.TarInfo("bomb")
    info.size = 32 << 20
    path = tmp_path / "bomb.tar.xx"
    path.write_bytes(pack(info.tobuf() + bytes(info.size)))
    assert path.stat().st_size < 256 << 10
    assert cost(lambda: refusal(path)) < 16 << 20
    assert "becomes larger than 8 MiB" in refusal(path)


def test_a_zip_member_that_lies_about_its_size_costs_no_more_than_it_may(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bomb.zip", {"hog.c": bytes(64 << 20)})
    assert cost(lambda: refusal(path)) < 4 << 20


def test_a_zip_of_100_000_entries_is_refused_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(100_000):
            archive.writestr(f"{number}", b"")
    assert "more than 20,000 entries" in refusal(path)
    assert cost(lambda: refusal(path)) < 8 << 20


def test_a_zip_that_hides_how_many_it_has_is_refused_as_well(tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(65_000):
            archive.writestr(f"{number:060}", b"")
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\x05\x06")
    struct.pack_into("<2H", data, at + 8, 3, 3)
    path.write_bytes(data)
    assert cost(lambda: refusal(path)) < 16 << 20


def test_a_tar_of_100_000_entries_is_refused_at_little_cost(tmp_path: Path) -> None:
    path = tarred(tmp_path / "many.tgz", {str(number): b"" for number in range(30_000)})
    assert "more than 20,000 entries" in refusal(path)
    assert cost(lambda: refusal(path)) < 8 << 20


def test_a_folder_of_100_000_files_is_refused_at_little_cost(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    first = folder / "0"
    first.write_bytes(b"")
    for number in range(1, 30_000):
        os.link(first, folder / str(number))
    assert "more than 20,000 files" in refusal(folder)
    assert cost(lambda: refusal(folder)) < 8 << 20


def test_a_tar_header_of_megabytes_is_refused_at_little_cost(tmp_path: Path) -> None:
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, 32 << 20
    path = tmp_path / "pax.tgz"
    path.write_bytes(gzip.compress(info.tobuf() + b"1" * info.size))
    assert "a header of 33,554,432 bytes" in refusal(path)
    assert cost(lambda: refusal(path)) < 4 << 20


@pytest.mark.parametrize("cut", [1, 30, 200])
def test_a_cut_archive_is_damaged_and_says_so(cut: int, tmp_path: Path) -> None:
    for make, name in ((zipped, "a.zip"), (tarred, "a.tgz")):
        path = make(tmp_path / f"{cut}-{name}", {**GOOD, "more.bin": os.urandom(2000)})
        path.write_bytes(path.read_bytes()[:-cut])
        if cut == 1 and name == "a.tgz":
            continue  # only the last byte of its checksum: all the files were there
        assert "damaged archive" in refusal(path)


def test_a_flipped_byte_in_a_zip_member_is_damage(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"hog.c": os.urandom(1000)})
    data = bytearray(path.read_bytes())
    data[200] ^= 0xFF
    path.write_bytes(data)
    assert "damaged" in refusal(path)


def test_an_encrypted_or_oddly_packed_zip_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"hog.c": b"x"})
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(mark) + offset] |= 1
    path.write_bytes(data)
    assert "is encrypted" in refusal(path)
    packed = tmp_path / "b.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("hog.c", b"x" * 100)
    assert "packed in an odd way" in refusal(packed)


def test_an_archive_inside_an_archive_is_left_alone(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", {"hog.c": b"inner"}).read_bytes()
    path = zipped(tmp_path / "a.zip", {**GOOD, "inner.zip": inner})
    assert unpack(parcel(path), NAMES) == Contents(files=GOOD, left=1)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_are_left_alone_and_never_printed_as_they_are(name: str, tmp_path: Path) -> None:
    assert unpack(parcel(zipped(tmp_path / "a.zip", {**GOOD, name: b"x"})), NAMES).files == GOOD
    path = tarred(tmp_path / "b.tgz", {f"{name}/hog.c": b"1", f"{name}2/hog.c": b"2"})
    if name.strip():
        assert "2 times" in refusal(path)


def test_names_that_are_no_utf8_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "ada"
    folder.mkdir()
    (folder / os.fsdecode(b"\xff\xfe.c")).write_bytes(b"x")
    (folder / "hog.c").write_bytes(GOOD["hog.c"])
    assert unpack(parcel(folder), NAMES).files == {"hog.c": GOOD["hog.c"]}
    path = tarred(tmp_path / "a.tgz", {"hog.c": GOOD["hog.c"], os.fsdecode(b"\xff\xfe.c"): b"x"})
    assert unpack(parcel(path), NAMES).files == {"hog.c": GOOD["hog.c"]}


def test_what_is_no_archive_at_all_is_refused(tmp_path: Path) -> None:
    for number, data in enumerate((b"", b"hello", b"PK", b"\x1f\x8b", zlib.compress(b"x"))):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(data)
        assert refusal(path)


def test_what_the_disk_does_not_give_is_nobodys_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(HostError, match="No such file"):
        unpack(parcel(tmp_path / "gone.zip"), NAMES)
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "hog.c").write_bytes(b"x")

    def fail(*_: object) -> int:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("labkit.intake.box.os.open", fail)
    with pytest.raises(HostError, match="Input/output error"):
        unpack(parcel(tmp_path / "ada"), NAMES)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(max_size=400),
    head=st.sampled_from([b"", b"PK\x03\x04", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\x00"]),
)
def test_no_bytes_whatever_do_more_than_to_be_refused(data: bytes, head: bytes, tmp_path: Path) -> None:
    path = tmp_path / "any.zip"
    path.write_bytes(head + data)
    with suppress(SubmissionError):
        unpack(parcel(path), NAMES)
    assert sorted(child.name for child in tmp_path.iterdir()) == ["any.zip"]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.dictionaries(st.text(min_size=1, max_size=30), st.binary(max_size=30), max_size=6),
    as_zip=st.booleans(),
)
def test_no_archive_whatever_makes_anything_be_written(
    files: dict[str, bytes], as_zip: bool, tmp_path: Path
) -> None:
    made = {name: data for name, data in files.items() if "\x00" not in name and name.isprintable()}
    path = tmp_path / "any"
    (zipped if as_zip else tarred)(path, made)
    with suppress(SubmissionError):
        unpack(parcel(path), [*NAMES, *made])
    assert [child.name for child in tmp_path.iterdir()] == ["any"]

"""Folders and archives looked through with distrust: nothing is written, followed or waited for.

A scan gives every entry, and the content of those alone that the caller wants.
"""

from __future__ import annotations

import io
import lzma
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import IO

from labkit.intake.inflate import Inflated, TooMuch
from labkit.model.errors import HostError, SubmissionError

MAX_ENTRIES = 20_000  # of one student: a build tree with all its objects has some hundred
MAX_DEPTH = 4  # folders inside folders: asked files lie at the top, or in a wrapping folder or two
MAX_INFLATED = 256 << 20  # of an archive: what a bomb may cost us
MAX_DIRECTORY = 4 << 20  # of a ZIP's central directory: 20,000 entries with names of 150 bytes
MAX_MEMBER = 64 << 20  # of an archive inside a platform's download
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
MAX_HEADER = 16 << 10  # of a tar entry: a path has 4,096 bytes at most, and tarfile's search is quadratic
_WITH_DATA = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
_FEWER = "hand in source files only; a whole class's archive: unpack it into a folder, and give that"
_EOCD = struct.Struct("<4s4H2LH")  # APPNOTE.TXT 4.3.16, end of central directory record
_EOCD_REACH = _EOCD.size + 0xFFFF  # its comment has 65,535 bytes at most


class Kind(Enum):
    FILE = "file"
    FOLDER = "folder"
    LINK = "a link"
    ODD = "no regular file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something in a box: its path inside, with `/` between the parts. `data` only where it was wanted."""

    path: str
    kind: Kind
    data: bytes | None = None
    size: int = 0


Keep = Callable[[str], int]  # of a path inside: how many bytes of it are wanted at most, 0 for none


def is_archive(name: str) -> bool:
    return name.lower().endswith(ARCHIVES)


def stem(name: str) -> str:
    """A name without an archive's ending.

    >>> stem("ada.tar.gz")
    'ada'
    """
    for ending in sorted(ARCHIVES, key=len, reverse=True):
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return name


def scan(path: Path, keep: Keep) -> Iterator[Entry]:
    """Every entry of a folder or an archive. Raises SubmissionError for what is neither, or hostile."""
    if path.is_dir():
        yield from _scan_folder(path, keep)
        return
    try:
        stream = path.open("rb")
    except OSError as error:
        raise _unreadable(path, error) from error
    with stream:
        yield from scan_archive(stream, str(path), keep)


def look(root: Path, path: str, wanted: int) -> Entry:
    """One file of a folder by its path inside, at most `wanted` bytes of it. Raises SubmissionError."""
    where = root / path
    try:
        handle = os.open(where, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if where.is_symlink():
            return Entry(path=path, kind=Kind.LINK)
        raise _unreadable(where, error) from error
    with os.fdopen(handle, "rb") as stream:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            return Entry(path=path, kind=Kind.ODD)
        return Entry(path=path, kind=Kind.FILE, data=stream.read(wanted), size=status.st_size)


def scan_archive(stream: IO[bytes], where: str, keep: Keep) -> Iterator[Entry]:
    """Every entry of a ZIP or a tar, whatever it is called."""
    head = stream.read(4)
    stream.seek(0)
    inside = _scan_zip if head[:2] == b"PK" else _scan_tar
    number = 0
    try:
        for entry in inside(stream, where, keep):
            number += 1
            if number > MAX_ENTRIES:
                raise _refused(where, f"more than {MAX_ENTRIES:,} entries", _FEWER)
            yield entry
    except TooMuch as error:
        found = f"becomes larger than {MAX_INFLATED >> 20} MiB"
        raise _refused(where, found, "hand in source files only") from error
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        OSError,
        ValueError,
        NotImplementedError,
        RuntimeError,
        struct.error,
        OverflowError,
    ) as error:  # what Python's own readers say of damage; what the disk says has a number
        if isinstance(error, OSError) and error.errno is not None:
            raise _unreadable(Path(where), error) from error
        raise _refused(where, f"a damaged archive ({printable(str(error))})", "hand it in again") from error


def printable(text: str) -> str:
    """Foreign names and messages with nothing in them that a terminal or a page would obey."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _scan_folder(root: Path, keep: Keep) -> Iterator[Entry]:
    number, waiting = 0, [("", 0)]
    while waiting:
        inside, depth = waiting.pop()
        try:
            children = os.scandir(root / inside)
        except OSError as error:
            raise _unreadable(root / inside, error) from error
        with children:
            for child in children:
                number += 1
                if number > MAX_ENTRIES:
                    raise _refused(root, f"more than {MAX_ENTRIES:,} files", "hand in source files only")
                path = f"{inside}/{child.name}" if inside else child.name
                if child.is_dir(follow_symlinks=False):
                    yield Entry(path=path, kind=Kind.FOLDER)
                    if depth < MAX_DEPTH:
                        waiting.append((path, depth + 1))
                else:
                    yield _file(root, path, child, keep(path))


def _file(root: Path, path: str, child: os.DirEntry[str], wanted: int) -> Entry:
    if child.is_symlink():
        return Entry(path=path, kind=Kind.LINK)
    if not child.is_file(follow_symlinks=False):
        return Entry(path=path, kind=Kind.ODD)
    if wanted:
        return look(root, path, wanted)
    return Entry(path=path, kind=Kind.FILE, size=child.stat(follow_symlinks=False).st_size)


def _scan_zip(stream: IO[bytes], where: str, keep: Keep) -> Iterator[Entry]:
    _check_directory(stream, where)
    spent = 0
    with zipfile.ZipFile(stream) as archive:
        for info in archive.infolist():
            path, kind = _inside(info.filename, where), _zip_kind(info)
            wanted = keep(path) if kind is Kind.FILE else 0
            if not wanted:
                yield Entry(path=path, kind=kind, size=info.file_size)
                continue
            if info.flag_bits & 1:
                raise _refused(where, f"{printable(path)} is encrypted", "hand it in without a password")
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise _refused(where, f"{printable(path)} is packed in an odd way", "use plain ZIP")
            with archive.open(info) as member:
                data = member.read(min(wanted, MAX_INFLATED - spent + 1))
            spent += len(data)
            if spent > MAX_INFLATED:
                raise TooMuch
            yield Entry(path=path, kind=kind, data=data, size=info.file_size)


def _check_directory(stream: IO[bytes], where: str) -> None:
    """Refuse a ZIP of very many entries before they are all read into memory."""
    stream.seek(0, io.SEEK_END)
    stream.seek(max(0, stream.tell() - _EOCD_REACH))
    tail = stream.read()
    stream.seek(0)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + _EOCD.size > len(tail):
        raise zipfile.BadZipFile("no end of its central directory")
    _, _, _, _, entries, size, _, _ = _EOCD.unpack_from(tail, at)
    if entries > MAX_ENTRIES or size > MAX_DIRECTORY:  # of a ZIP64 both have every bit set
        raise _refused(where, f"more than {MAX_ENTRIES:,} entries", _FEWER)


def _zip_kind(info: zipfile.ZipInfo) -> Kind:
    if info.is_dir():
        return Kind.FOLDER
    mode = stat.S_IFMT(info.external_attr >> 16)
    if mode == stat.S_IFLNK:
        return Kind.LINK
    return Kind.FILE if mode in (0, stat.S_IFREG) else Kind.ODD


class _SmallHeader(tarfile.TarInfo):
    """A header whose own data (long names, pax records) tarfile may read whole and search through."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _SmallHeader:
        found = super().frombuf(buf, encoding, errors)
        if found.type in _WITH_DATA and found.size > MAX_HEADER:
            raise tarfile.ReadError(f"a header of {found.size:,} bytes")
        return found


def _scan_tar(stream: IO[bytes], where: str, keep: Keep) -> Iterator[Entry]:
    unpacked = io.BufferedReader(Inflated(stream, MAX_INFLATED))
    with tarfile.open(fileobj=unpacked, mode="r|", tarinfo=_SmallHeader) as archive:
        for info in archive:
            path = _inside(info.name, where)
            if info.isdir():
                yield Entry(path=path, kind=Kind.FOLDER)
            elif info.issym() or info.islnk():
                yield Entry(path=path, kind=Kind.LINK)
            elif not info.isreg() or info.issparse():
                yield Entry(path=path, kind=Kind.ODD)
            else:
                wanted = keep(path)
                member = archive.extractfile(info) if wanted else None
                data = member.read(wanted) if member is not None else None
                yield Entry(path=path, kind=Kind.FILE, data=data, size=info.size)
            archive.members.clear()  # type: ignore[attr-defined]  # or it would remember every one


def _inside(name: str, where: str) -> str:
    """A member's path, which has to stay inside. Raises SubmissionError."""
    path = name.replace("\\", "/")
    if path.startswith("/") or ".." in path.split("/") or path[1:3] == ":/":
        found = f"an entry that leads out of it: {printable(name)[:80]}"
        raise _refused(where, found, "pack the files by their plain names")
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def _unreadable(where: Path, error: OSError) -> HostError:
    """The disk's failure, or a permission's: nobody's submission is worth 0 for that."""
    found = error.strerror or str(error)
    return HostError(
        where=printable(str(where)), found=found, fix="make it readable, then grade with --again"
    )


def _refused(where: str | Path, found: str, fix: str) -> SubmissionError:
    return SubmissionError(where=printable(str(where)), found=found, fix=fix)

"""What a lab asks for, taken out of a parcel; whatever else lies in it is left alone."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from labkit.intake.box import MAX_MEMBER, Entry, Keep, Kind, is_archive, look, printable, scan, scan_archive
from labkit.model.coursework import Contents, Parcel
from labkit.model.errors import SubmissionError

MAX_BYTES = 256 << 10  # of one file, as labfile.submission has it
# Canvas names the second upload of hog.c hog-1.c.
_AGAIN = re.compile(r"-\d+(?=(?:\.[^.]*)?$)")


def unpack(parcel: Parcel, names: Collection[str]) -> Contents:
    """The files of these names, from the top of what was handed in or from folders that wrap it.

    Raises SubmissionError: where, what was found, what to hand in instead. A file that is missing is left to
    whoever knows the lab.
    """
    found: dict[str, list[Entry]] = {}
    left = 0
    for entry in _entries(parcel, set(names)):
        if entry.kind is Kind.FOLDER or _is_junk(entry.path):
            continue
        name = entry.path.rpartition("/")[2]
        if name in names:
            found.setdefault(name, []).append(entry)
        else:
            left += 1
    files = {name: _taken(parcel, name, entries) for name, entries in found.items()}
    return Contents(files=files, left=left)


def _taken(parcel: Parcel, name: str, entries: list[Entry]) -> bytes:
    """Of several the one nearest to the top."""
    depths = [entry.path.count("/") for entry in entries]
    nearest = [entry for entry, depth in zip(entries, depths, strict=True) if depth == min(depths)]
    if len(nearest) > 1:
        where = ", ".join(sorted(printable(entry.path) for entry in nearest))
        raise _refused(parcel, f"{name} is there {len(nearest)} times: {where}", "hand in one of them")
    (entry,) = nearest
    if entry.kind is not Kind.FILE or entry.data is None:
        raise _refused(parcel, f"{printable(entry.path)} is {entry.kind.value}", "hand in a plain file")
    if len(entry.data) > MAX_BYTES:
        raise _refused(
            parcel,
            f"{printable(entry.path)} is larger than {MAX_BYTES >> 10} KiB",
            "hand in source text only",
        )
    return entry.data


def _entries(parcel: Parcel, names: set[str]) -> Iterator[Entry]:
    """All that the student handed in, by paths as they had them."""

    def asked(path: str) -> int:
        return MAX_BYTES + 1 if path.rpartition("/")[2] in names else 0

    if parcel.files:
        yield from _loose(parcel, names, asked)
    elif not parcel.inside or parcel.source.is_dir():
        yield from scan(parcel.source / parcel.inside, asked)
    elif is_archive(parcel.inside):
        yield from _nested(scan(parcel.source, _only(parcel.inside)), parcel, asked)
    else:
        folder = parcel.inside + "/"
        yield from (
            replace(entry, path=entry.path[len(folder) :])
            for entry in scan(parcel.source, lambda path: asked(path) if path.startswith(folder) else 0)
            if entry.path.startswith(folder)
        )


def _loose(parcel: Parcel, names: set[str], asked: Keep) -> Iterator[Entry]:
    """Files that a platform laid side by side, each under the student's own name for it."""
    own = {path: _own_name(name, names) for name, path in parcel.files.items()}

    def keep(path: str) -> int:
        if path not in own:
            return 0
        return MAX_MEMBER if is_archive(own[path]) else asked(own[path])

    if parcel.source.is_dir():  # it may hold thousands of others
        entries: Iterable[Entry] = (
            look(parcel.source, path, wanted) for path in own if (wanted := keep(path))
        )
    else:
        entries = scan(parcel.source, keep)
    for entry in entries:
        if entry.path not in own:
            continue
        if is_archive(own[entry.path]):
            yield from _nested([entry], parcel, asked)
        else:
            yield replace(entry, path=own[entry.path])


def _nested(entries: Iterable[Entry], parcel: Parcel, asked: Keep) -> Iterator[Entry]:
    """What lies in an archive inside a download. An archive in that one is left alone."""
    for entry in entries:
        if entry.data is not None:
            if len(entry.data) >= MAX_MEMBER:
                raise _refused(parcel, f"larger than {MAX_MEMBER >> 20} MiB", "hand in source files only")
            yield from scan_archive(io.BytesIO(entry.data), parcel.origin, asked)


def _only(wanted: str) -> Keep:
    return lambda path: MAX_MEMBER if path == wanted else 0


def _own_name(name: str, names: set[str]) -> str:
    plain = _AGAIN.sub("", name)
    return plain if name not in names and plain in names else name


def _is_junk(path: str) -> bool:
    """What macOS leaves in archives."""
    parts = path.split("/")
    return "__MACOSX" in parts or parts[-1] == ".DS_Store" or parts[-1].startswith("._")


def _refused(parcel: Parcel, found: str, fix: str) -> SubmissionError:
    return SubmissionError(where=printable(parcel.origin), found=found, fix=fix)

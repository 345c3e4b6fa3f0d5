"""What a class handed in: a parcel for each attempt of each student, none of them opened yet."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from labkit.intake.box import Kind, is_archive, printable, scan, stem
from labkit.intake.platforms import (
    METADATA,
    Top,
    canvas,
    gradescope,
    is_canvas,
    is_gradescope,
    is_moodle,
    moodle,
)
from labkit.model.coursework import Download, Parcel, Platform, Student
from labkit.model.errors import UsageError

JUNK = ("__MACOSX", ".DS_Store")
_ATTEMPT = re.compile(r"attempt[-_ ]?(\d{1,4})", re.IGNORECASE)
_NAMED_ATTEMPT = re.compile(r"(?P<who>.+?)[-_ ]attempt[-_ ]?(?P<number>\d{1,4})", re.IGNORECASE | re.DOTALL)


def find(path: Path, platform: Platform | None = None) -> Download:
    """The parcels in a folder or an archive, by student and attempt. `platform` None: told by the names.

    Raises UsageError where there is nothing, where two claim to be the same attempt, and for a download that
    is none; SubmissionError for a hostile archive.
    """
    if not path.exists():
        raise UsageError(where=f"SUBMISSIONS {path}", found="not there", fix="give a folder or an archive")
    top = _top(path)
    kind = platform or _platform(top)
    match kind:
        case Platform.CANVAS:
            parcels = list(canvas(path, top))
        case Platform.MOODLE:
            parcels = list(moodle(path, top))
        case Platform.GRADESCOPE:
            parcels = list(gradescope(path, top))
        case Platform.FOLDER:
            parcels = list(_folders(path, top))
    if not parcels:
        raise UsageError(
            where=f"SUBMISSIONS {path}",
            found=f"nothing handed in that is named as {kind.value} names it",
            fix="give the folder whose members are one folder or archive a student, or say --from",
        )
    parcels.sort(key=lambda it: (it.student.id, it.attempt))
    _refuse_twins(path, parcels)
    return Download(parcels=tuple(parcels), strays=_strays(top, parcels))


def _strays(top: Top, parcels: list[Parcel]) -> tuple[str, ...]:
    used = {name.partition("/")[0] for parcel in parcels for name in (parcel.inside, *parcel.files.values())}
    return tuple(printable(name) for name in top if name not in {*used, METADATA})


def _platform(top: Top) -> Platform:
    if is_gradescope(top):
        return Platform.GRADESCOPE
    if is_moodle(top):
        return Platform.MOODLE
    return Platform.CANVAS if is_canvas(top) else Platform.FOLDER


def _folders(path: Path, top: Top) -> Iterator[Parcel]:
    """A folder or an archive a student; attempts are folders or archives inside, or in the name."""
    tries = _attempts(path, top)
    for name, kind in top.items():
        if kind is Kind.FOLDER and name in tries:
            for inside, number in tries[name].items():
                yield _parcel(path, name, f"{name}/{inside}", number)
        elif kind is Kind.FOLDER or (kind is Kind.FILE and is_archive(name)):
            who = name if kind is Kind.FOLDER else stem(name)
            found = _NAMED_ATTEMPT.fullmatch(who)
            yield _parcel(path, found["who"] if found else who, name, int(found["number"]) if found else 1)


def _parcel(path: Path, who: str, inside: str, attempt: int) -> Parcel:
    origin = printable(f"{path.name}/{inside}")
    return Parcel(student=Student(id=who), source=path, inside=inside, attempt=attempt, origin=origin)


def _attempts(path: Path, top: Top) -> dict[str, dict[str, int]]:
    """Of the students' folders those that hold attempts, and nothing else: name inside → number."""
    found = {}
    for name, inside in _second(path, top).items():
        numbers = {child: _ATTEMPT.fullmatch(stem(child)) for child in inside if child not in JUNK}
        if numbers and all(numbers.values()):
            found[name] = {child: int(match[1]) for child, match in numbers.items() if match}
    return found


def _top(path: Path) -> dict[str, Kind]:
    """The names at the top. An archive that holds one folder alone is looked at from inside it."""
    found: dict[str, Kind] = {}
    if path.is_dir():
        for child in os.scandir(path):
            found[child.name] = _kind(child)
    else:
        for entry in scan(path, lambda _: 0):
            name, slash, _ = entry.path.partition("/")
            found[name] = Kind.FOLDER if slash else entry.kind
    return {name: kind for name, kind in sorted(found.items()) if name not in JUNK and name}


def _second(path: Path, top: Top) -> dict[str, set[str]]:
    """What lies in each folder at the top."""
    found: dict[str, set[str]] = {name: set() for name, kind in top.items() if kind is Kind.FOLDER}
    if path.is_dir():
        for name, inside in found.items():
            inside.update(_some(path / name))
        return found
    for entry in scan(path, lambda _: 0):
        name, _, rest = entry.path.partition("/")
        if rest and name in found:
            found[name].add(rest.partition("/")[0])
    return found


def _some(folder: Path, most: int = 64) -> Iterator[str]:
    """The first names in a folder: nobody has more attempts."""
    try:
        with os.scandir(folder) as children:
            for _, child in zip(range(most), children, strict=False):
                yield child.name
    except OSError:
        return


def _kind(child: os.DirEntry[str]) -> Kind:
    if child.is_symlink():
        return Kind.LINK
    if child.is_dir(follow_symlinks=False):
        return Kind.FOLDER
    return Kind.FILE if child.is_file(follow_symlinks=False) else Kind.ODD


def _refuse_twins(path: Path, parcels: list[Parcel]) -> None:
    seen: dict[tuple[str, int], Parcel] = {}
    for parcel in parcels:
        whose = (parcel.student.id, parcel.attempt)
        if whose in seen:
            raise UsageError(
                where=f"SUBMISSIONS {path}",
                found=f"two are attempt {parcel.attempt} of {printable(parcel.student.id)}: "
                f"{seen[whose].origin} and {parcel.origin}",
                fix="take one away, or name them …-attempt-2",
            )
        seen[whose] = parcel

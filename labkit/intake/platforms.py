"""How learning platforms name what they let an instructor download.

Canvas, "Download Submissions": lastnamefirstname_LATE_USERID_ATTACHMENTID_NAME, LATE_ only where it was late.
Moodle, "Download all submissions": FULL NAME_PARTICIPANTID_assignsubmission_file[_NAME], folders or not.
Gradescope, "Export Submissions": submission_ID/ and submission_metadata.yml, which says whose each is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from labkit.intake.box import Kind, printable, scan
from labkit.model.coursework import Parcel, Student
from labkit.model.errors import UsageError

METADATA = "submission_metadata.yml"
MAX_METADATA = 32 << 20
_CANVAS = re.compile(r"(?P<who>[^_]+)(?P<late>_LATE)?_(?P<user>\d+)_(?P<upload>\d+)_(?P<name>.+)", re.DOTALL)
_MOODLE = re.compile(
    r"(?P<who>.+?)_(?P<id>\d+)_assignsubmission_(?P<kind>file|onlinetext)(?:_(?P<name>.*))?", re.DOTALL
)
_TIME = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[T ](?P<time>\d\d:\d\d:\d\d)"
    r"(?:\.(?P<part>\d+))? ?(?P<zone>|Z|UTC|[+-]\d\d:\d\d)"
)

Top = Mapping[str, Kind]  # what lies at the top of a download


def is_canvas(top: Top) -> bool:
    return _most(_CANVAS, [name for name, kind in top.items() if kind is Kind.FILE])


def is_moodle(top: Top) -> bool:
    return _most(_MOODLE, list(top))


def is_gradescope(top: Top) -> bool:
    return METADATA in top


def canvas(path: Path, top: Top) -> Iterator[Parcel]:
    """A parcel a student: all the files that bear their number."""
    files: defaultdict[str, dict[str, str]] = defaultdict(dict)
    whose: dict[str, re.Match[str]] = {}
    late: set[str] = set()
    for name in sorted(top):
        if top[name] is Kind.FILE and (found := _CANVAS.fullmatch(name)):
            user = found["user"]
            files[user][found["name"]] = name
            whose.setdefault(user, found)
            late |= {user} if found["late"] else set()
    for user, own in files.items():
        yield Parcel(
            student=Student(id=user, name=whose[user]["who"]),
            source=path,
            origin=_origin(path, whose[user][0]),
            files=own,
            late=user in late,
        )


def moodle(path: Path, top: Top) -> Iterator[Parcel]:
    """A parcel a participant: their folder, or all the files that bear their number."""
    files: defaultdict[str, dict[str, str]] = defaultdict(dict)
    whose: dict[str, Student] = {}
    for name in sorted(top):
        found = _MOODLE.fullmatch(name)
        if found is None or found["kind"] == "onlinetext":
            continue
        student = Student(id=found["id"], name=found["who"])
        if top[name] is Kind.FOLDER:
            yield Parcel(student=student, source=path, inside=name, origin=_origin(path, name))
        elif top[name] is Kind.FILE and found["name"]:
            files[student.id][found["name"]] = name
            whose[student.id] = student
    for id_, own in files.items():
        origin = _origin(path, next(iter(own.values())))
        yield Parcel(student=whose[id_], source=path, files=own, origin=origin)


def gradescope(path: Path, top: Top) -> Iterator[Parcel]:
    """A parcel for each submitter: who handed in together has the same work. Raises UsageError."""
    del top
    for folder, facts in _metadata(path).items():
        submitters = facts.get(":submitters") or []
        for one in submitters if isinstance(submitters, list) else []:
            sid, email = str(one.get(":sid") or ""), str(one.get(":email") or "")
            student = Student(
                id=sid or email or folder, name=str(one.get(":name") or ""), email=email, sis=sid
            )
            yield Parcel(
                student=student,
                source=path,
                inside=folder,
                origin=_origin(path, folder),
                submitted_at=_instant(facts.get(":created_at")),
            )


class _Loader(yaml.BaseLoader):
    """Text as it stands (an id 007 is no number); what Ruby tags is read as what it is tagged on."""


def _untagged(loader: _Loader, suffix: str, node: yaml.Node) -> Any:
    del suffix
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode) else None


_Loader.add_multi_constructor("!", _untagged)


def _metadata(path: Path) -> dict[str, dict[str, Any]]:
    where = _origin(path, METADATA)
    data = next(
        (it.data for it in scan(path, lambda name: MAX_METADATA if name == METADATA else 0) if it.data), b""
    )
    try:
        document = yaml.load(data.decode("utf-8"), _Loader)  # a BaseLoader: it makes texts
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(
            where=where, found=f"no YAML ({error})", fix="export the submissions again"
        ) from error
    if not isinstance(document, dict):
        raise UsageError(where=where, found="no submissions in it", fix="export the submissions again")
    return {str(folder): facts for folder, facts in document.items() if isinstance(facts, dict)}


def _instant(value: object) -> datetime | None:
    """2026-11-27 09:00:00.123456789 Z, as Ruby writes it; None for what is no time."""
    found = _TIME.fullmatch(str(value).strip())
    if found is None:
        return None
    zone = "+00:00" if found["zone"] in ("", "Z", "UTC") else found["zone"]
    try:
        micro = f"{found['part'] or '':0<6}"[:6]  # as much as Python's datetime can hold
        return datetime.fromisoformat(f"{found['day']}T{found['time']}.{micro}{zone}")
    except ValueError:
        return None


def _most(pattern: re.Pattern[str], names: list[str]) -> bool:
    return bool(names) and 2 * sum(pattern.fullmatch(name) is not None for name in names) > len(names)


def _origin(path: Path, name: str) -> str:
    return printable(f"{path.name}/{name}")

"""A run folder, read back as the value a verdict is made of. Fails closed.

A scene without end.json reads as INTERRUPTED with what is whole of it. A scene whose evidence is missing,
cut short or altered reads as BROKEN, its detail naming the file. What concerns the whole run (request,
submission, machine of a scene, a link or a device in the folder) raises Broken.
"""

from __future__ import annotations

import json
import os
import stat
import typing
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from pathlib import Path

from labkit.model.errors import Broken
from labkit.model.evidence import (
    CapturedFile,
    Evidence,
    Request,
    SceneEnd,
    SceneEvidence,
    StepResult,
    Witnessed,
)
from labkit.model.kernel_log import LogRecord
from labkit.model.units import Size
from labkit.model.witness import Reading
from labkit.store import codec, layout
from labkit.store.disk import mirrored, sha256
from labkit.store.writer import decoded

READ_CAP = Size.mib(64)  # a run folder may come from elsewhere; the writer's largest file is a kernel log
_T = typing.TypeVar("_T")


def read(run: Path) -> Evidence:
    """The evidence in a run folder, scenes in the order in which they began. Raises Broken."""
    _refuse_odd_entries(run)
    machines = [
        (_load(layout.MachineRecord, folder / layout.MACHINE), folder) for folder in _scene_folders(run)
    ]
    machines.sort(key=lambda pair: pair[0].number)
    return Evidence(request=_request(run), scenes=tuple(_scene(*pair) for pair in machines))


def digest(run: Path) -> str:
    """SHA-256 over a listing, as sha256sum prints it, of request.json and each scene's end.json by name.

    Those hold the SHA-256 of everything else that a verdict looks at. Raises Broken.
    """
    ends = (folder / layout.END for folder in _scene_folders(run))
    names = [layout.REQUEST, *(f"{end.parent.name}/{layout.END}" for end in ends if end.is_file())]
    listing = "".join(f"{sha256(_bytes(run / name))}  {name}\n" for name in sorted(names))
    return sha256(listing.encode())


def _scene_folders(run: Path) -> list[Path]:
    return sorted(machine.parent for machine in run.glob(f"[!%]*/{layout.MACHINE}"))


def _refuse_odd_entries(run: Path) -> None:
    if not run.is_dir():
        raise _broken(run, "is no run folder", "give a folder that labkit run has written")
    for folder, folders, files in os.walk(run, onerror=_raise):
        for name in (*folders, *files):
            path = Path(folder, name)
            mode = path.lstat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise _broken(
                    path, "is neither file nor folder (a link or a device)", "labkit writes none: remove it"
                )


def _request(run: Path) -> Request:
    record = _load(layout.RequestRecord, run / layout.REQUEST)
    submission = {
        name: decoded(_proven(run / layout.SUBMISSION / mirrored(name), expected))
        for name, expected in record.submission.items()
    }
    asked = {item.name: getattr(record, item.name) for item in fields(record)}
    return Request(**{**asked, "submission": submission})


def _scene(record: layout.MachineRecord, folder: Path) -> SceneEvidence:
    try:
        return _whole_scene(record, folder)
    except Broken as error:
        return _bare(record, folder, SceneEnd.BROKEN, f"{error.where}: {error.found}")


def _bare(record: layout.MachineRecord, folder: Path, end: SceneEnd, detail: str) -> SceneEvidence:
    return SceneEvidence(
        name=folder.name,
        machine=record.machine,
        release=record.release,
        accel=record.accel,
        started=record.started,
        end=end,
        detail=detail,
    )


def _whole_scene(record: layout.MachineRecord, folder: Path) -> SceneEvidence:
    ended = (folder / layout.END).exists()
    end = layout.EndRecord(
        end=SceneEnd.INTERRUPTED, detail="the run was interrupted in this scene", timings={}, files={}
    )
    statuses: Iterable[str] = sorted(
        f"{layout.STEPS}/{path.parent.name}/{layout.STATUS}"
        for path in folder.glob(f"steps/*/{layout.STATUS}")
    )
    glimpses: Iterable[str] = sorted(
        f"{layout.WITNESS}/{path.name}" for path in folder.glob(f"{layout.WITNESS}/*.json")
    )
    if ended:
        end = _load(layout.EndRecord, folder / layout.END)
        for name, expected in end.files.items():
            _proven(_inside(folder, name), expected)
        _demand(folder, end)
        statuses = sorted(name for name in end.files if name.startswith(layout.STEPS + "/"))
        glimpses = sorted(name for name in end.files if name.startswith(layout.WITNESS + "/"))
    return SceneEvidence(
        name=folder.name,
        machine=record.machine,
        release=record.release,
        accel=record.accel,
        started=record.started,
        end=end.end,
        detail=end.detail,
        steps=_gather((_step(folder, name) for name in statuses), whole=ended),
        files=_gather(_captures(folder), whole=ended),
        dmesg=_gather(_dmesg(folder), whole=ended),
        witnessed=_gather((_witnessed(folder, name) for name in glimpses), whole=ended),
        console_tail=decoded(_bytes(folder / layout.CONSOLE_TAIL)) if ended else "",
        timings=end.timings,
    )


def _demand(folder: Path, end: layout.EndRecord) -> None:
    for name in (layout.MACHINE, layout.CAPTURES, layout.DMESG, layout.CONSOLE_TAIL):
        if name not in end.files:
            raise _broken(folder / layout.END, f"has no digest of {name}")


def _gather(items: Iterator[_T], *, whole: bool) -> tuple[_T, ...]:
    """All of them; of an interrupted scene, those before the first damaged one."""
    found: list[_T] = []
    try:
        found.extend(items)
    except Broken:
        if whole:
            raise
    return tuple(found)


def _step(folder: Path, status: str) -> StepResult:
    path = _inside(folder, status)
    record = _load(layout.StatusRecord, path)
    return StepResult(
        name=record.name,
        status=record.status,
        timed_out=record.timed_out,
        seconds=record.seconds,
        stdout=decoded(_proven(path.with_name(layout.STDOUT), record.stdout_sha256)),
        stderr=decoded(_proven(path.with_name(layout.STDERR), record.stderr_sha256)),
        where=f"{folder.name}/{layout.STEPS}/{path.parent.name}",
        cut=record.cut,
        once=record.once,
    )


def _captures(folder: Path) -> Iterator[CapturedFile]:
    for _, record in _lines(layout.CaptureRecord, folder / layout.CAPTURES):
        text = None
        if record.sha256 is not None:
            text = decoded(_proven(_inside(folder, record.where), record.sha256))
        yield CapturedFile(
            path=record.path,
            moment=record.moment,
            where=f"{folder.name}/{record.where}",
            text=text,
            cut=record.cut,
        )


def _witnessed(folder: Path, name: str) -> Witnessed:
    path = _inside(folder, name)
    text = decoded(_bytes(path))
    try:
        reading: Reading = codec.from_text(Reading, text)
    except codec.CodecError as error:
        raise _broken(path, str(error)) from error
    lines = codec.first_lines(text)
    if reading.dmesg:
        first = lines.get("dmesg", 0) + 1  # a folder that labkit did not write may have it all on one line
        log = tuple(replace(record, line=first + at) for at, record in enumerate(reading.dmesg))
        reading = replace(reading, dmesg=log)
    return Witnessed(moment=path.stem, where=f"{folder.name}/{name}", reading=reading, lines=lines)


def _dmesg(folder: Path) -> Iterator[LogRecord]:
    for number, record in _lines(layout.DmesgRecord, folder / layout.DMESG):
        yield LogRecord(
            seq=record.seq,
            time_us=record.time_us,
            level=record.level,
            facility=record.facility,
            text=record.text,
            line=number,
        )


def _lines(kind: type[_T], path: Path) -> Iterator[tuple[int, _T]]:
    if not path.exists():  # only an interrupted scene may lack it: a whole one's end.json demands it
        return
    lines = decoded(_bytes(path)).split("\n")
    rest = lines.pop()
    for number, line in enumerate(lines, start=1):
        try:
            yield number, codec.decode(kind, json.loads(line))
        except ValueError as error:  # CodecError, JSONDecodeError
            raise _broken(path, f"line {number}: {error}") from error
    if rest:
        raise _broken(path, "its last line is cut short")


def _load(kind: type[_T], path: Path) -> _T:
    try:
        value: _T = codec.from_text(kind, decoded(_bytes(path)))
    except codec.CodecError as error:
        raise _broken(path, str(error)) from error
    return value


def _inside(folder: Path, name: str) -> Path:
    if name.startswith("/") or ".." in name.split("/"):
        raise _broken(folder, f"names {name!r}, which is outside of it")
    return folder / name


def _proven(path: Path, expected: str) -> bytes:
    data = _bytes(path)
    if sha256(data) != expected:
        raise _broken(path, "is not what was written during the run (its SHA-256 differs)")
    return data


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > READ_CAP:
            raise _broken(path, f"is larger than {READ_CAP}")
        return path.read_bytes()
    except OSError as error:
        raise _broken(path, error.strerror or "cannot be read") from error


def _raise(error: OSError) -> None:
    raise _broken(Path(error.filename), error.strerror or "cannot be read") from error


def _broken(path: Path, found: str, fix: str = "run the lab again; this run cannot be graded") -> Broken:
    return Broken(where=str(path), found=found, fix=fix)

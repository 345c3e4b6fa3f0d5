"""A run folder, written as things happen. What a crash leaves reads as interrupted, never as complete.

    run = create(runs, request)
    scene = run.scene("oom", number=1, machine=spec, release=pack.release, accel=Accel.TCG)
    scene.argv(render_argv(spec, plan))    # QEMU writes scene.console_log, scene.qemu_log, scene.qmp_log
    scene.capture(BEFORE, [("/proc/vmstat", b"nr_free_pages 4711\n", False)])
    scene.step("hog", status=137, timed_out=False, seconds=1.2, stdout=b"", stderr=b"Killed\n")
    scene.dmesg(records)
    scene.end(SceneEnd.COMPLETED, timings={"boot": 4.1}, console_tail=tail)
    run.verdict(text)

Every method raises HostError when the host refuses (disk full): the run is then left as it is.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from labkit.model.evidence import CapturedFile, Request, SceneEnd, StepResult
from labkit.model.kernel_log import LogRecord
from labkit.model.machine import Accel, MachineSpec, Started
from labkit.model.units import Size
from labkit.model.witness import Reading
from labkit.store import codec, layout
from labkit.store.disk import append, host_errors, mirrored, odd_name, sha256, write_whole

CAP = Size.mib(1)  # of one captured file or one stream of a step
SCENE_CAP = Size.mib(64)  # of all captured files of a scene: a guest cannot fill the host's disk
_FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def create(runs: Path, request: Request) -> RunWriter:
    """A new folder `<UTC time>-<lab>-<seed>` in `runs`, with request.json and the submission in it."""
    folder = _new_folder(runs, request)
    digests = {}
    for name, text in request.submission.items():
        data = _encoded(text)
        _write(folder / layout.SUBMISSION / mirrored(name), data)
        digests[name] = sha256(data)
    asked = {item.name: getattr(request, item.name) for item in fields(Request)}
    record = layout.RequestRecord(**{**asked, "submission": digests})
    write_whole(folder / layout.REQUEST, codec.to_text(record).encode())
    return RunWriter(folder=folder)


def write_verdict(run: Path, text: str) -> None:
    """Put a verdict into a run folder; a later one replaces it."""
    write_whole(run / layout.VERDICT, text.encode())


def write_page(run: Path, text: str) -> None:
    """Put a page for people into a run folder; a later one replaces it."""
    write_whole(run / layout.PAGE, _encoded(text))


def write_attestation(run: Path, envelope: bytes) -> None:
    """Put the signed statement about its verdict into a run folder."""
    write_whole(run / layout.ATTESTATION, envelope)


@dataclass(slots=True, kw_only=True)
class RunWriter:
    folder: Path

    def scene(
        self,
        name: str,
        *,
        number: int,
        machine: MachineSpec,
        release: str,
        accel: Accel,
        started: Started = Started.COLD,
    ) -> SceneWriter:
        """Begin the `number`th scene. Its folder appears with machine.json in it, or not at all.

        Scenes may be written at once, each by a thread of its own.
        """
        if not _FOLDER_NAME.fullmatch(name) or name == layout.SUBMISSION:
            raise ValueError(f"{name!r} cannot name a scene's folder")
        record = layout.MachineRecord(
            number=number, release=release, accel=accel, machine=machine, started=started
        )
        partial = self.folder / f"%partial-{name}"
        with host_errors(partial):
            partial.mkdir()
            write_whole(partial / layout.MACHINE, codec.to_text(record).encode())
            partial.rename(self.folder / name)
        return SceneWriter(folder=self.folder / name, name=name)

    def verdict(self, text: str) -> None:
        write_verdict(self.folder, text)


@dataclass(slots=True, kw_only=True)
class SceneWriter:
    folder: Path
    name: str
    _captured: dict[tuple[str, str], CapturedFile] = field(default_factory=dict)
    _captured_bytes: int = 0
    _steps: int = 0

    @property
    def console_log(self) -> Path:
        return self.folder / layout.CONSOLE_LOG

    @property
    def qemu_log(self) -> Path:
        return self.folder / layout.QEMU_LOG

    @property
    def qmp_log(self) -> Path:
        return self.folder / layout.QMP_LOG

    def argv(self, text: str) -> None:
        """Keep QEMU's command, as a person would paste it."""
        _write(self.folder / layout.ARGV, _encoded(text))

    def capture(
        self, moment: str, files: Iterable[tuple[str, bytes | None, bool]]
    ) -> tuple[CapturedFile, ...]:
        """Keep guest files: (path, content or None if it was not there, whether it was cut already).

        A path that this moment already has keeps its first content (globs overlap).
        """
        if not _FOLDER_NAME.fullmatch(moment) or moment in (layout.STEPS, layout.WITNESS):
            raise ValueError(f"{moment!r} cannot name a moment's folder")
        return tuple(self._capture_one(moment, path, content, cut) for path, content, cut in files)

    def step(
        self,
        name: str,
        *,
        status: int | None,
        timed_out: bool,
        seconds: float,
        stdout: bytes,
        stderr: bytes,
        cut: bool = False,
        once: bool = False,
    ) -> StepResult:
        """Keep how a step ended; its status.json is written last."""
        self._steps += 1
        own = mirrored(name).replace("/", "%2F")  # one folder a step, whatever its name
        where = f"{layout.STEPS}/{self._steps:02d}-{own}"
        cut = cut or max(len(stdout), len(stderr)) > CAP
        out, err = stdout[:CAP], stderr[:CAP]
        _write(self.folder / where / layout.STDOUT, out)
        _write(self.folder / where / layout.STDERR, err)
        record = layout.StatusRecord(
            name=name,
            status=status,
            timed_out=timed_out,
            seconds=seconds,
            cut=cut,
            stdout_sha256=sha256(out),
            stderr_sha256=sha256(err),
            once=once,
        )
        write_whole(self.folder / where / layout.STATUS, codec.to_text(record).encode())
        return StepResult(
            name=name,
            status=status,
            timed_out=timed_out,
            seconds=seconds,
            stdout=decoded(out),
            stderr=decoded(err),
            where=f"{self.name}/{where}",
            cut=cut,
            once=once,
        )

    def witness(self, moment: str, reading: Reading) -> None:
        """Keep what the host read, all but the arrays of `ram`: the `map` is their picture, and small."""
        if not _FOLDER_NAME.fullmatch(moment):
            raise ValueError(f"{moment!r} cannot name a moment's file")
        text = codec.to_lines(replace(reading, ram=None))
        path = self.folder / layout.WITNESS / f"{moment}.json"
        with host_errors(path):
            path.parent.mkdir(exist_ok=True)
        write_whole(path, text.encode())

    def dmesg(self, records: Iterable[LogRecord]) -> tuple[LogRecord, ...]:
        """Keep the kernel log so far; a later, longer one replaces it. Lines are renumbered from 1."""
        numbered = tuple(replace(record, line=line) for line, record in enumerate(records, start=1))
        lines = (
            layout.DmesgRecord(
                seq=record.seq,
                time_us=record.time_us,
                level=record.level,
                facility=record.facility,
                text=record.text,
            )
            for record in numbered
        )
        write_whole(self.folder / layout.DMESG, b"".join(map(_line, lines)))
        return numbered

    def end(
        self,
        end: SceneEnd,
        *,
        detail: str = "",
        timings: Mapping[str, float] | None = None,
        console_tail: str = "",
    ) -> None:
        """Close the scene: after this its evidence is whole and covered by digests."""
        _write(self.folder / layout.CONSOLE_TAIL, _encoded(console_tail))
        for name in (layout.CAPTURES, layout.DMESG):
            append(self.folder / name, b"")  # there, if empty
        index = [layout.MACHINE, layout.CAPTURES, layout.DMESG, layout.CONSOLE_TAIL]
        index += sorted(f"{layout.STEPS}/{path.parent.name}/{layout.STATUS}" for path in self._status_files())
        index += sorted(f"{layout.WITNESS}/{path.name}" for path in self._glimpses())
        with host_errors(self.folder):
            digests = {name: sha256((self.folder / name).read_bytes()) for name in index}
        record = layout.EndRecord(end=end, detail=detail, timings=timings or {}, files=digests)
        write_whole(self.folder / layout.END, codec.to_text(record).encode())

    def _status_files(self) -> Iterable[Path]:
        return (self.folder / layout.STEPS).glob(f"*/{layout.STATUS}")

    def _glimpses(self) -> Iterable[Path]:
        return (self.folder / layout.WITNESS).glob("*.json")

    def _capture_one(self, moment: str, path: str, content: bytes | None, cut: bool) -> CapturedFile:
        known = self._captured.get((moment, path))
        if known is not None:
            return known
        where = f"{moment}/{mirrored(path)}"
        if content is not None:
            room = min(CAP, SCENE_CAP - self._captured_bytes)
            cut = cut or len(content) > room
            content = content[:room]
            self._captured_bytes += len(content)
            where = self._place(where, f"{moment}/{odd_name(path)}", content)
        record = layout.CaptureRecord(
            moment=moment,
            path=path,
            where=where,
            sha256=None if content is None else sha256(content),
            cut=cut,
        )
        append(self.folder / layout.CAPTURES, _line(record))
        captured = CapturedFile(
            path=path,
            moment=moment,
            where=f"{self.name}/{where}",
            text=None if content is None else decoded(content),
            cut=cut,
        )
        self._captured[moment, path] = captured
        return captured

    def _place(self, where: str, otherwise: str, content: bytes) -> str:
        # A guest that turns a file into a folder between two reads makes the names collide here.
        target = self.folder / where
        if target.exists() or any(parent.is_file() for parent in target.parents):
            where = otherwise
        _write(self.folder / where, content)
        return where


def decoded(content: bytes) -> str:
    """A guest's bytes as text; what is no UTF-8 shows as \\xNN."""
    return content.decode("utf-8", "backslashreplace")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def _line(record: object) -> bytes:
    return json.dumps(codec.encode(record), allow_nan=False).encode() + b"\n"


def _write(path: Path, data: bytes) -> None:
    with host_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _new_folder(runs: Path, request: Request) -> Path:
    time = re.sub(r"[-:]|\.\d+", "", request.started_at.replace("+00:00", "Z"))
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", f"{time}-{request.lab}-{request.seed}")[:120]
    with host_errors(runs / name):
        runs.mkdir(parents=True, exist_ok=True)
        for number in itertools.count(1):
            folder = runs / (name if number == 1 else f"{name}-{number}")
            try:
                folder.mkdir()
            except FileExistsError:  # another run of this second
                continue
            return folder
    raise AssertionError("unreachable: the numbers do not end")

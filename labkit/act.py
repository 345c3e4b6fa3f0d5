"""Hallway: what is done in a guest, step by step: a command, its end, the files it left, as values."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from labkit.guest.capture import Captured, capture
from labkit.guest.door import Completed, Ending
from labkit.guest.ssh import Guest
from labkit.labfile.draw import environment, expand
from labkit.model.errors import Broken
from labkit.model.evidence import BEFORE, after_step
from labkit.model.lab import Parameters, RunsAs, Step, Tier
from labkit.model.units import Pace

CAPTURE_SECONDS = 30.0  # on the reference host under TCG; a capture takes 0.2 s

Cargo = Mapping[str, tuple[bytes | Path, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How a scene begins before anything of a student's is there: played once, in the guest to be frozen.

    `cargo` lies in its /lab; `capture` is copied before the first step.
    """

    cargo: Cargo
    capture: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def digest(self) -> str:
        """All that shapes it; a template that it was played in is another one for every other digest."""
        hashed = sha256(repr((self.capture, self.steps)).encode())
        for name, (content, mode) in sorted(self.cargo.items()):
            data = content if isinstance(content, bytes) else content.read_bytes()
            hashed.update(f"{name}\0{mode}\0{sha256(data).hexdigest()}\n".encode())
        return hashed.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A step as it went, and the files that were copied when it had ended."""

    name: str
    done: Completed
    files: tuple[Captured, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What a guest had seen when it was frozen: what proved its topology, and its opening, if it had one."""

    boot_files: tuple[Captured, ...]
    before: tuple[Captured, ...] = ()
    acts: tuple[Act, ...] = ()


def look(
    guest: Guest, paths: tuple[str, ...], moment: str, pace: Pace, parameters: Parameters
) -> tuple[Captured, ...]:
    """Copy the files of a moment out of the guest. Raises GuestLost."""
    if not paths:
        return ()
    wanted = tuple(expand(path, parameters) for path in paths)
    return capture(guest, wanted, deadline=pace.deadline(CAPTURE_SECONDS, f"capture {moment}")).files


def take(guest: Guest, step: Step, pace: Pace, parameters: Parameters, tier: Tier | None) -> Act:
    """Run one step to its end and copy its files; a guest that is gone afterwards has none to give.

    A student's step may do what `tier` allows.

    Raises GuestLost when it goes during the copying.
    """
    done = guest.run(
        step.run,
        deadline=pace.deadline(step.seconds, f"step {step.name}"),
        mark=f"step {step.name} begins",
        env=environment(parameters),
        student=tier if step.runs_as is RunsAs.STUDENT else None,
    )
    files = () if done.guest_gone else look(guest, step.capture, after_step(step.name), pace, parameters)
    return Act(name=step.name, done=done, files=files)


def play_opening(
    guest: Guest, opening: Opening, pace: Pace, tier: Tier | None, boot_files: tuple[Captured, ...]
) -> Past:
    """Play an opening whose cargo is in the guest. Raises Broken when it does not come to its end."""
    before = look(guest, opening.capture, BEFORE, pace, {})
    acts = []
    for step in opening.steps:
        act = take(guest, step, pace, {}, tier)
        if act.done.ending is not Ending.EXITED:
            raise Broken(
                where=f"step {step.name}, before the guest is frozen",
                found=act.done.ending.value,
                fix="the lab's own files are at fault, not a student's; see `labkit run --cold`",
                detail=act.done.stderr.decode("utf-8", "replace"),
            )
        acts.append(act)
    return Past(boot_files=boot_files, before=before, acts=tuple(acts))


def write_past(path: Path, past: Past) -> None:
    """Keep it beside a template."""
    acts = [
        {
            "name": act.name,
            "status": act.done.status,
            "stdout": _text(act.done.stdout),
            "stderr": _text(act.done.stderr),
            "cut": act.done.cut,
            "seconds": act.done.seconds,
            "files": _rows(act.files),
        }
        for act in past.acts
    ]
    kept = {"boot": _rows(past.boot_files), "before": _rows(past.before), "acts": acts}
    path.write_text(json.dumps(kept), encoding="utf-8")


def load_past(path: Path) -> Past:
    """What write_past kept."""
    kept = json.loads(path.read_text(encoding="utf-8"))
    acts = (
        Act(
            name=act["name"],
            done=Completed(
                ending=Ending.EXITED,
                status=act["status"],
                stdout=_bytes(act["stdout"]),
                stderr=_bytes(act["stderr"]),
                cut=act["cut"],
                seconds=act["seconds"],
            ),
            files=_files(act["files"]),
        )
        for act in kept["acts"]
    )
    return Past(boot_files=_files(kept["boot"]), before=_files(kept["before"]), acts=tuple(acts))


def _rows(files: Iterable[Captured]) -> list[dict[str, object]]:
    return [
        {
            "path": file.path,
            "data": None if file.data is None else _text(file.data),
            "cut": file.cut,
            "why": file.why,
        }
        for file in files
    ]


def _files(rows: Iterable[Mapping[str, str | None]]) -> tuple[Captured, ...]:
    return tuple(
        Captured(
            path=str(row["path"]),
            data=None if row["data"] is None else _bytes(row["data"]),
            cut=bool(row["cut"]),
            why=str(row["why"]),
        )
        for row in rows
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)

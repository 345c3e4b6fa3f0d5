"""What stands in a folder of runs, for `labkit list`: cheap, and never an error."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from labkit.model.verdict import Outcome, Status
from labkit.store import layout

LESS = (Outcome.PARTIAL.value, Outcome.FAIL.value)
_RUN_NAME = re.compile(r"\d{8}T\d{6}Z?-.+")


class RunState(Enum):
    """Of a run with a verdict, the verdict's status; without one it was interrupted (or still goes on)."""

    GRADED = "graded"
    UNGRADED = "ungraded"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """One run folder. `lab`, `seed`, `kernel`, `started_at` are empty when its request cannot be read.

    `failed` are the graded checks that did not get all their points, but for those that others blocked.
    `own` runs are practice with somebody's work: no demonstration, and not official. `lab_folder` is as in
    Request.
    """

    folder: Path
    state: RunState
    lab: str
    seed: str
    kernel: str
    started_at: str
    own: bool
    lab_folder: str
    score: float | None
    max_score: int | None
    failed: tuple[str, ...]


def runs(root: Path) -> tuple[RunSummary, ...]:
    """The runs in `root`, newest first; none if it does not exist."""
    if not root.is_dir():
        return ()
    folders = (path for path in root.iterdir() if _RUN_NAME.fullmatch(path.name) and path.is_dir())
    return tuple(map(summary, sorted(folders, key=lambda path: path.name, reverse=True)))


def summary(folder: Path) -> RunSummary:
    """What one run folder says of itself."""
    request = _object(folder / layout.REQUEST)
    verdict = _object(folder / layout.VERDICT)
    score, top = verdict.get("score"), verdict.get("max_score")
    return RunSummary(
        folder=folder,
        state=_state(folder, verdict),
        lab=str(request.get("lab", "")),
        seed=str(request.get("seed", "")),
        kernel=str(request.get("kernel", "")),
        started_at=str(request.get("started_at", "")),
        own=bool(request) and not request.get("demonstration") and request.get("official") is None,
        lab_folder=str(request.get("lab_folder", "")),
        score=float(score) if isinstance(score, int | float) else None,
        max_score=top if isinstance(top, int) else None,
        failed=tuple(_failed(verdict.get("checks"))),
    )


def _failed(checks: object) -> Iterator[str]:
    """The ids of the checks with points that failed or earned a part of them."""
    for check in checks if isinstance(checks, list) else ():
        if isinstance(check, dict) and check.get("outcome") in LESS and check.get("max_points"):
            yield str(check.get("id", ""))


def _state(folder: Path, verdict: dict[str, object]) -> RunState:
    if not (folder / layout.VERDICT).exists():
        return RunState.INTERRUPTED
    return RunState.GRADED if verdict.get("status") == Status.GRADED.value else RunState.UNGRADED


def _object(path: Path) -> dict[str, object]:
    try:
        data = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}

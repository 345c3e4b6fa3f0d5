"""Hallway: where somebody stands who typed `labkit` alone, read from two folders. It loads no lab."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.labfile.workfolder import Marker, find_marker, work_folders
from labkit.model.explained import LastRun, Whereabouts
from labkit.places import places

if TYPE_CHECKING:
    from labkit.store.runs import RunSummary


def whereabouts(folder: Path) -> Whereabouts:
    """The working folder that `folder` is, those inside it, and the last run of somebody's own work."""
    marker = find_marker(folder)
    lab = marker.lab if marker else ""
    last = next((run for run in _own_runs() if lab in ("", run.lab)), None)
    return Whereabouts(
        folder=str(folder),
        lab=lab,
        seed=marker.seed if marker else "",
        works=tuple((path.name, one.lab) for path, one in work_folders(folder) if isinstance(one, Marker)),
        last=_last(last) if last else None,
    )


def _own_runs() -> Iterator[RunSummary]:
    """The newest first."""
    root = places().runs
    if root.is_dir():  # a newcomer waits for nothing
        from labkit.store.runs import runs

        yield from (run for run in runs(root) if run.own)


def _last(run: RunSummary) -> LastRun:
    return LastRun(
        name=run.folder.name,
        lab=run.lab,
        score=run.score,
        max_score=run.max_score or 0,
        failed=run.failed,
        seconds_ago=_seconds_since(run.started_at),
    )


def _seconds_since(moment: str) -> float:
    try:
        return max(0.0, time.time() - datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp())
    except ValueError:
        return 0.0

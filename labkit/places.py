"""Hallway: where things live on this machine. The only file that asks the environment for paths."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from labkit.model.errors import HostError, UsageError

CHECKOUT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Folders of this user. `live` holds sockets and scratch of running guests; its paths stay short
    because a Unix socket's path may have 107 bytes (unix(7))."""

    cache: Path
    runs: Path
    labs: Path
    images: Path
    kmod: Path

    @property
    def live(self) -> Path:
        return self.cache / "live"

    @property
    def probes(self) -> Path:
        return self.cache / "probes"


def places(*, runs: Path | None = None) -> Places:
    """The folders in use: LABKIT_CACHE and LABKIT_RUNS override the user's own cache and state folders."""
    for folder in ("labs", "images", "kmod"):
        if not (CHECKOUT / folder).is_dir():
            raise HostError(
                where=str(CHECKOUT / folder),
                found="no such folder beside the labkit package",
                fix="run labkit from its checkout: `make run`, then .venv/bin/labkit",
            )
    cache = os.environ.get("LABKIT_CACHE") or platformdirs.user_cache_dir("labkit")
    kept = os.environ.get("LABKIT_RUNS") or platformdirs.user_state_dir("labkit") + "/runs"
    return Places(
        cache=Path(cache).expanduser().resolve(),
        runs=(runs or Path(kept)).expanduser().resolve(),
        labs=CHECKOUT / "labs",
        images=CHECKOUT / "images",
        kmod=CHECKOUT / "kmod",
    )


def keys_folder(given: Path | None = None) -> Path:
    """Where a course's keys are kept: as given, or LABKIT_KEYS, or the user's own configuration folder."""
    kept = os.environ.get("LABKIT_KEYS") or platformdirs.user_config_dir("labkit") + "/keys"
    return (given or Path(kept)).expanduser().resolve()


def lab_ids(here: Places) -> tuple[str, ...]:
    """The ids of the labs that ship with this checkout, sorted."""
    return tuple(sorted(folder.parent.name for folder in here.labs.glob("*/lab.toml")))


def is_shipped(here: Places, folder: Path) -> bool:
    """Whether a lab's folder is one of this checkout's labs, which an id names."""
    return folder.parent == here.labs


def lab_word(here: Places, folder: Path) -> str:
    """How a command line names the lab in a folder: by its id, or by the folder that only the user knows."""
    return folder.name if is_shipped(here, folder) else str(folder)


def lab_folder(here: Places, name: str) -> Path:
    """The folder of a lab by id, or by the path of a folder that holds a lab.toml."""
    if "/" in name and (Path(name) / "lab.toml").is_file():
        return Path(name).resolve()
    if name in lab_ids(here):
        return here.labs / name
    raise no_lab(here, name)


def no_lab(here: Places, name: str) -> UsageError:
    """What there is to say of a lab that is none of this checkout's."""
    if "/" in name:
        found = "no lab.toml in it" if Path(name).is_dir() else "no such folder"
        fix = "name a lab's folder, or an id of `labkit list`; `labkit new` makes one"
        return UsageError(where=f"LAB {name}", found=found, fix=fix)
    known = lab_ids(here)
    if (Path(name) / "lab.toml").is_file():
        return UsageError(where="LAB", found=f"no lab '{name}'", fix=f"did you mean the folder ./{name}?")
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean '{near[0]}'?" if near else "the labs are: " + ", ".join(known)
    return UsageError(where="LAB", found=f"no lab '{name}'", fix=hint)

"""What a shell offers after TAB: labs, checks, runs, kernels. Out of names and files alone, to be quick."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

MOST = 40  # runs, the newest ones


def lab_names(incomplete: str) -> list[str]:
    """The labs of this checkout."""
    from labkit.places import lab_ids, places

    return _begun(incomplete, lab_ids(places()))


def check_names(incomplete: str) -> list[str]:
    """The checks of all labs."""
    from labkit.places import places

    checks = {name for path in places().labs.glob("*/lab.toml") for name in _checks(path)}
    return _begun(incomplete, sorted(checks))


def run_names(incomplete: str) -> list[str]:
    """The newest runs."""
    from labkit.places import places

    names = sorted((path.parent.name for path in places().runs.glob("*/request.json")), reverse=True)
    return _begun(incomplete, names)[:MOST]


def kernel_names(incomplete: str) -> list[str]:
    """The kernels of images/packs.toml, and those that were added."""
    from labkit.places import places

    here = places()
    named = _read(here.images / "packs.toml").get("kernels", {})
    added = (path.name.rpartition("-")[0] for path in (here.cache / "pack").glob("*-*"))
    return _begun(incomplete, sorted({*named, *added}))


def _begun(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def _checks(path: Path) -> Iterator[str]:
    for check in _read(path).get("check", ()):
        if isinstance(check, dict) and isinstance(check.get("id"), str):
            yield check["id"]


def _read(path: Path) -> dict[str, Any]:
    """A TOML file as it is; nothing of one that is none: a shell wants no complaint."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}

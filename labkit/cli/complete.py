"""What the shell may complete: labs, checks, runs, kernels. A completion that fails says nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import typer

from labkit.model.errors import LabkitError

PLENTY = 50  # runs, the newest: nobody reads further down a list


def labs(incomplete: str) -> Iterator[str]:
    """Ids of labs."""
    with suppress(LabkitError):
        from labkit.places import lab_ids, places

        yield from _beginning(incomplete, lab_ids(places()))


def checks(context: typer.Context, incomplete: str) -> Iterator[str]:
    """Ids of checks: of --lab, or of the working folder's lab, or of all."""
    with suppress(LabkitError):
        from labkit.counsel import check_ids

        yield from _beginning(incomplete, check_ids(context.params.get("lab"), Path.cwd()))


def runs(incomplete: str) -> Iterator[str]:
    """Names of runs, the newest first."""
    with suppress(LabkitError, OSError):
        from labkit.places import places

        names = sorted((path.name for path in places().runs.iterdir()), reverse=True)
        yield from _beginning(incomplete, names[:PLENTY] if not incomplete else names)


def kernels(incomplete: str) -> Iterator[str]:
    """Names of kernels that labkit ships or that were added."""
    with suppress(LabkitError, OSError):
        from labkit import provision

        packs = {item.name for item in provision.listing() if item.kind.value == "pack"}
        yield from _beginning(incomplete, sorted(packs | set(provision.SHIPPED_KERNELS)))


def _beginning(incomplete: str, words: tuple[str, ...] | list[str]) -> Iterator[str]:
    return (word for word in words if word.startswith(incomplete))

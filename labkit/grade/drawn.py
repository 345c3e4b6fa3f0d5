"""What a seed has drawn for a run, as checks and keys want it."""

from __future__ import annotations

from collections.abc import Mapping

from labkit.model.evidence import Evidence


def number(of: Evidence | Mapping[str, object], name: str) -> int:
    """One of the seed's numbers, of a run or of its parameters. Raises KeyError, or TypeError for a word."""
    value = (of.request.parameters if isinstance(of, Evidence) else of)[name]
    if not isinstance(value, int):
        raise TypeError(f"parameter '{name}' is no number: {value!r}")
    return value

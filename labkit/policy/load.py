"""A course's rules, read from TOML.

due = 2026-12-01T23:59:00+01:00     # or without an offset, and zone = "Europe/Berlin"
grace_minutes = 15
per_day = 10                        # percent of the maximum, for each day that has begun
days_open = 5                       # after so many late days nothing counts
holidays = [2026-12-06]
attempts = 3
counts = "best"                     # or "last"
cap = 80                            # percent of the maximum that a late attempt can have

[extensions]
ada = 3                             # days
bob = 2026-12-20T12:00:00+01:00

[showing]
default = "visible"                 # or "after_due_date", "hidden"
checks = { order = "after_due_date" }
"""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from labkit.model.coursework import Extension, Policy, Showing, Visibility, Which
from labkit.model.errors import UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

W = TypeVar("W", Which, Visibility)

FIX = "labkit/policy/load.py shows what a policy file holds"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Showing(_Strict):
    default: str = Visibility.VISIBLE.value
    checks: dict[str, str] = Field(default_factory=dict)


class _Document(_Strict):
    due: datetime | None = None
    zone: str | None = None
    grace_minutes: float = Field(default=0.0, ge=0)
    per_day: float = Field(default=0.0, ge=0, le=100)
    days_open: int | None = Field(default=None, ge=0)
    holidays: list[date] = Field(default_factory=list)
    attempts: int | None = Field(default=None, ge=1)
    counts: str = Which.BEST.value
    cap: float | None = Field(default=None, ge=0, le=100)
    extensions: dict[str, datetime | float | int] = Field(default_factory=dict)
    showing: _Showing = Field(default_factory=_Showing)


def load_policy(path: Path) -> Policy:
    """The rules in a file. Raises UsageError: file and key, what was found, what to do."""
    document = _document(path)
    zone = _zone(path, document.zone)
    due = _instant(path, "due", document.due, zone)
    extensions = {
        name: _extension(path, f"extensions.{name}", value, zone)
        for name, value in document.extensions.items()
    }
    if extensions and due is None:
        raise _wrong(path, "extensions", "extensions of no deadline", "give due, too")
    return Policy(
        due=due,
        grace_minutes=document.grace_minutes,
        per_day=document.per_day,
        holidays=tuple(sorted(document.holidays)),
        days_open=document.days_open,
        attempts=document.attempts,
        counts=_word(path, "counts", document.counts, Which),
        cap=document.cap,
        extensions=extensions,
        showing=Showing(
            default=_word(path, "showing.default", document.showing.default, Visibility),
            checks={
                name: _word(path, f"showing.checks.{name}", word, Visibility)
                for name, word in document.showing.checks.items()
            },
        ),
    )


def _document(path: Path) -> _Document:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _wrong(
            path, "", error.strerror or str(error), "name the file with the course's rules"
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _wrong(path, "", str(error), "correct the TOML there") from error
    try:
        return _Document.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"][:2])
        raise _wrong(path, key, f"{first['msg']}, found {first['input']!r}", FIX) from error


def _zone(path: Path, name: str | None) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise _wrong(path, "zone", f"no zone {name!r}", 'write one like "Europe/Berlin"') from error


def _instant(path: Path, key: str, value: datetime | None, zone: ZoneInfo | None) -> datetime | None:
    """An instant that is sure of its zone."""
    if value is None:
        return None
    if value.tzinfo is None and zone is None:
        fix = 'write an offset, as in 2026-12-01T23:59:00+01:00, or zone = "Europe/Berlin"'
        raise _wrong(path, key, f"{value.isoformat()}, which may be any hour of a day", fix)
    return value.replace(tzinfo=zone) if value.tzinfo is None else value.astimezone(zone or value.tzinfo)


def _extension(path: Path, key: str, value: datetime | float, zone: ZoneInfo | None) -> Extension:
    if isinstance(value, datetime):
        return Extension(due=_instant(path, key, value, zone))
    if value < 0:
        raise _wrong(path, key, f"{value:g} days", "give days after the deadline, or an instant")
    return Extension(days=float(value))


def _word(path: Path, key: str, word: str, kind: type[W]) -> W:
    try:
        return kind(word)
    except ValueError as error:
        known = ", ".join(str(member.value) for member in kind)
        raise _wrong(path, key, f"found {word!r}", f"write one of {known}") from error


def _wrong(path: Path, key: str, found: str, fix: str) -> UsageError:
    return UsageError(where=f"{path}: {key}" if key else str(path), found=found, fix=fix)

"""JSON files of one type, read strictly: what labkit did not write is said, never guessed at."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from labkit.model.errors import Broken

T = TypeVar("T")


def read_typed(kind: TypeAdapter[T], path: Path, fix: str) -> T:
    """The value in a file. Raises Broken with the key that is wrong; `fix` says what to do about the file."""
    try:
        return kind.validate_json(path.read_bytes(), strict=True)
    except OSError as error:
        raise Broken(where=str(path), found=error.strerror or str(error), fix=fix) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise Broken(where=str(path), found=f"{key}: {first['msg']}", fix=fix) from error

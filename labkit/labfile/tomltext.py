"""TOML files on disk: read, decoded, or an error that says where."""

from __future__ import annotations

import sys
import typing
from pathlib import Path

from pydantic import BaseModel, ValidationError

from labkit.labfile.complaints import from_validation, wrong

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_T = typing.TypeVar("_T", bound=BaseModel)
parse_toml = tomllib.loads
TomlError = tomllib.TOMLDecodeError


def load_table(path: Path, kind: type[_T]) -> _T:
    """The file as one table. Raises LabFileError that names the key, what was found and what to write."""
    tables = load_toml(path)
    try:
        return kind.model_validate(tables)
    except ValidationError as error:
        raise from_validation(path, error, kind) from error


def load_toml(path: Path) -> dict[str, object]:
    """The file's tables. Raises LabFileError if it is missing, not UTF-8 or not TOML."""
    try:
        tables: dict[str, object] = parse_toml(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise wrong(path, "", "no such file", "write it, or name another folder") from error
    except UnicodeDecodeError as error:
        raise wrong(path, "", f"not UTF-8 at byte {error.start}", "save it as UTF-8") from error
    except OSError as error:
        raise wrong(path, "", error.strerror or str(error), "make it readable") from error
    except TomlError as error:
        raise wrong(path, "", str(error), "correct the TOML there") from error
    return tables

"""TOML files on disk: read, decoded, or an error that says where."""

from __future__ import annotations

import sys
from pathlib import Path

from labkit.labfile.complaints import wrong

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

parse_toml = tomllib.loads
TomlError = tomllib.TOMLDecodeError


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

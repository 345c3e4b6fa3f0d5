"""What a lookup found, kept for as long as nothing that it looked at has changed, as make(1) would tell."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CODE = tuple(sorted(Path(__file__).parent.glob("*.py")))  # how the lookup is done


@dataclass(frozen=True, slots=True, kw_only=True)
class Memo:
    """The note in the file `path` about a lookup in the files and folders `depends`, and by labkit's CODE.

    A folder counts as changed when something was put into it or taken out, a file when it was written.
    """

    path: Path
    depends: tuple[Path, ...]

    def find(self) -> Any:
        """What was found, as JSON has it; None unless a new lookup would find the same."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            note = json.loads(self.path.read_text(encoding="utf-8"))
            if note["seen"] == _look((*self.depends, *map(Path, note["files"]))):
                return note["found"]
        return None

    def keep(self, found: Any, files: Iterable[Path], before: str) -> None:
        """Keep what was found in `files`, unless something changed since `before`: the next lookup may."""
        if self.look() != before:
            return
        seen = tuple(files)
        note = {"seen": _look((*self.depends, *seen)), "files": [str(file) for file in seen], "found": found}
        with suppress(OSError):  # nothing hangs on it: a cache that cannot be written to may be read
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                "w", dir=self.path.parent, delete=False, encoding="utf-8"
            ) as file:
                json.dump(note, file, indent=1, default=str)
            Path(file.name).replace(self.path)

    def look(self) -> str:
        """What a lookup that begins now depends on."""
        return _look(self.depends)


def _look(paths: Iterable[Path]) -> str:
    """One word for all that stat(2) tells of these."""
    digest = hashlib.sha256()
    for path in (*CODE, *paths):
        try:
            status = path.stat()
        except FileNotFoundError:
            digest.update(f"{path} none\n".encode())
        else:
            times = (status.st_mtime_ns, status.st_ctime_ns)
            digest.update(f"{path} {status.st_size} {status.st_ino} {times}\n".encode())
    return digest.hexdigest()

"""What a deterministic guest told: the archives on its second serial port, as the parts of a trial.

The first comes when the knobs are set, the next when all is over; a last one says that nothing is missing.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

PREPARED, STATUS, STDOUT, STDERR = "prepared", "status", "stdout", "stderr"
REFUSED, FAILED, LAST = "refused", "failed", "end"
LIMIT = 32 << 20  # bytes of all it may tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """`whole` is whether it came to its end. `prepared` and `status` are exit statuses, None: not begun."""

    whole: bool
    prepared: int | None = None
    status: int | None = None
    stdout: str = ""
    stderr: str = ""
    refused: str = ""
    failed: str = ""
    knobs: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)


def parse_transcript(data: bytes, knobs: Sequence[str], places: Sequence[str]) -> Transcript:
    """Its parts, as far as they came; `knobs` and `places` are the paths that its numbers stand for."""
    files = _members(data)

    def numbered(prefix: str, paths: Sequence[str]) -> dict[str, str]:
        named = ((path, files.get(f"{prefix}{number}")) for number, path in enumerate(paths))
        return {path: text for path, text in named if text is not None}

    return Transcript(
        whole=LAST in files,
        prepared=_status(files.get(PREPARED)),
        status=_status(files.get(STATUS)),
        stdout=files.get(STDOUT, ""),
        stderr=files.get(STDERR, ""),
        refused=files.get(REFUSED, ""),
        failed=files.get(FAILED, ""),
        knobs=numbered("knob-", knobs),
        before=numbered("before/", places),
        after=numbered("after/", places),
    )


def _members(data: bytes) -> dict[str, str]:
    """The regular files by name, of archives one behind the other; of two of a name the later."""
    found: dict[str, str] = {}
    if len(data) > LIMIT:
        return found
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:", ignore_zeros=True) as archive:
            for member in archive:
                stream = archive.extractfile(member) if member.isreg() else None
                text = stream.read() if stream is not None else b""
                if stream is not None and len(text) == member.size:
                    found[member.name.removeprefix("./")] = text.decode("utf-8", "replace")
    except (tarfile.TarError, EOFError, ValueError, OverflowError):
        pass  # what came before stands
    return found


def _status(text: str | None) -> int | None:
    return int(text) if text is not None and text.strip().isdecimal() else None

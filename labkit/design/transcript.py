"""What a deterministic guest told: the archive on its second serial port, as the parts of a trial."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

PREPARED, STATUS, STDOUT, STDERR, REFUSED, FAILED = (
    *("prepared", "status", "stdout", "stderr", "refused", "failed"),
)
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
    """The archive's parts; `knobs` and `places` are the paths that its numbers stand for."""
    files = _members(data)
    if files is None:
        return Transcript(whole=False)

    def numbered(prefix: str, paths: Sequence[str]) -> dict[str, str]:
        named = ((path, files.get(f"{prefix}{number}")) for number, path in enumerate(paths))
        return {path: text for path, text in named if text is not None}

    return Transcript(
        whole=STATUS in files or files.get(PREPARED, "0").strip() != "0",
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


def _members(data: bytes) -> dict[str, str] | None:
    """Its regular files by name; None for no whole archive."""
    if len(data) > LIMIT:
        return None
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            return {
                member.name.removeprefix("./"): stream.read().decode("utf-8", "replace")
                for member in archive
                if member.isreg() and (stream := archive.extractfile(member)) is not None
            }
    except (tarfile.TarError, EOFError):
        return None


def _status(text: str | None) -> int | None:
    return int(text) if text is not None and text.strip().isdecimal() else None

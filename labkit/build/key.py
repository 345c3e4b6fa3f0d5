"""Keys of the cache: what was built is found again by the content that shaped it."""

from __future__ import annotations

import hashlib


def content_key(*parts: str | bytes) -> str:
    """The SHA-256 of the parts, each with its length: moving a byte from part to part changes the key."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return digest.hexdigest()
